"""The durable results of the stages: small, JSON-able, kept in the ledger and read by fusion.

All times are presentation times in seconds. All boxes are `[x, y, width, height]`, 0-1, of the displayed frame.
Unknown is None, never a number that looks measured.
"""

from actors.results.base import Box, Result, Unit
from actors.results.media import FrameMeasures, Identity, Media, Shot, Warned
from actors.results.picture import (
    Caption,
    Captions,
    DetectedObject,
    DetectedObjects,
    FrameSelection,
    KeyframeVerdict,
    OnScreenText,
    RepresentativeFrame,
    TextLine,
    TextOverlay,
)
from actors.results.receipt import FusionReceipt
from actors.results.sound import (
    AudioEvent,
    AudioMeasuresResult,
    AudioSpan,
    Diarization,
    Segment,
    Span,
    SpeakerTurn,
    SpeechSpans,
    Transcription,
    Word,
)

__all__ = [
    "RESULT_TYPES",
    "AudioEvent",
    "AudioMeasuresResult",
    "AudioSpan",
    "Box",
    "Caption",
    "Captions",
    "DetectedObject",
    "DetectedObjects",
    "Diarization",
    "FrameMeasures",
    "FrameSelection",
    "FusionReceipt",
    "Identity",
    "KeyframeVerdict",
    "Media",
    "OnScreenText",
    "RepresentativeFrame",
    "Result",
    "Segment",
    "Shot",
    "Span",
    "SpeakerTurn",
    "SpeechSpans",
    "TextLine",
    "TextOverlay",
    "Transcription",
    "Unit",
    "Warned",
    "Word",
]

RESULT_TYPES: dict[str, type[Result]] = {
    "identify": Identity,
    "decode": Media,
    "vad": SpeechSpans,
    "asr": Transcription,
    "ocr": OnScreenText,
    "objects": DetectedObjects,
    "captions": Captions,
    "audio": AudioMeasuresResult,
    "diarization": Diarization,
    "frames": FrameSelection,
    "fusion": FusionReceipt,
}
"""The model of each stage's durable result, by stage name."""
