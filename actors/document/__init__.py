"""The document a video becomes (schema 1.2): its models, how it is written and read, and its JSON Schema.

`python -m actors.document` prints the schema; `config/schema/document-1.2.schema.json` is that output.
"""

from actors.document.base import SCHEMA_VERSION, Box, Part, WordRange
from actors.document.document import Document
from actors.document.picture import Caption, DetectedObject, RepresentativeFrame, Shot, TextLine, TextOverlay
from actors.document.processing import DocumentWarning, Models, Processing, StageRecord
from actors.document.reading import SCHEMA_ID, parse, render, schema
from actors.document.sound import Audio, AudioEvent, AudioSpan
from actors.document.source import Counts, MediaInfo, Source
from actors.document.transcript import Segment, Speaker, Transcript, Word

__all__ = [
    "SCHEMA_ID",
    "SCHEMA_VERSION",
    "Audio",
    "AudioEvent",
    "AudioSpan",
    "Box",
    "Caption",
    "Counts",
    "DetectedObject",
    "Document",
    "DocumentWarning",
    "MediaInfo",
    "Models",
    "Part",
    "Processing",
    "RepresentativeFrame",
    "Segment",
    "Shot",
    "Source",
    "Speaker",
    "StageRecord",
    "TextLine",
    "TextOverlay",
    "Transcript",
    "Word",
    "WordRange",
    "parse",
    "render",
    "schema",
]
