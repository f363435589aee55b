"""Why something is not known: the stage that would have found it, or the warning that says so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actors.document import Document, StageRecord
from service.web.views.stages import NAMES, stage_name

STAGES_OF = {
    "transcript": "asr",
    "language": "asr",
    "speakers": "diarization",
    "ocr": "ocr",
    "text_overlays": "ocr",
    "captions": "captions",
    "objects": "objects",
    "representative_frames": "frames",
    "audio": "audio",
}
"""Fields, or their beginnings, and the stage that fills them."""
ENDED = {
    "done": "done",
    "no_audio": "no sound",
    "no_speech": "no speech",
    "no_video": "no picture",
    "disabled": "not asked for",
    "unavailable": "not available",
    "failed": "failed",
    "timed_out": "took too long",
}
"""How a stage ended, for people."""
_NAMED = re.compile(r"^[a-z_.]+ is unknown: ")
"""What some reasons begin with; the page has named the field already."""
_SILENT = "the document does not say why"
_WITHOUT_REASON = {
    "language": "no words were believed",
    "audio.loudness_lufs": "no sound, or too quiet to be measured",
    "audio.tempo_bpm": "no steady beat",
}
"""Fields that are null by their own meaning, though their stage is done."""


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage as the page lists it. ended: for people; missing: something was asked for and is not there."""

    name: str
    key: str
    record: StageRecord
    ended: str
    missing: bool


def why(document: Document, field: str) -> str:
    """Say why a field of the document is null, in a few words."""
    return _NAMED.sub("", _why(document, field))


def _why(document: Document, field: str) -> str:
    told = [warning.message for warning in document.processing.warnings if warning.field == field]
    if told:
        return told[0]
    whole = field.partition(".")[0]
    record = document.processing.stages.get(STAGES_OF.get(whole, ""))
    if record is not None and record.status != "done":
        return record.reason or ENDED[record.status]
    around = [warning.message for warning in document.processing.warnings if warning.field == whole]
    limits = record.reason if record is not None else None
    return around[0] if around else _WITHOUT_REASON.get(field) or limits or _SILENT


def stage_lines(document: Document) -> tuple[StageLine, ...]:
    """List the stages in the order in which they are named; what nobody named comes last."""
    places = {key: place for place, key in enumerate(NAMES)}
    found = sorted(document.processing.stages.items(), key=lambda item: places.get(item[0], len(places)))
    return tuple(
        StageLine(stage_name(key), key, record, ENDED[record.status], record.status.makes_partial)
        for key, record in found
    )
