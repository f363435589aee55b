"""Null means unknown, and the page says why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent)]

from documents import document, raw  # noqa: E402 - it lies beside this file

from service.web.views.stages import stage_name  # noqa: E402 - as above
from service.web.views.unknown import ENDED, stage_lines, why  # noqa: E402 - as above


def with_stage(name: str, **changes: Any) -> dict[str, Any]:
    processing = raw()["processing"]
    processing["stages"][name] |= changes
    return processing | {"warnings": []}


@pytest.mark.parametrize(
    ("field", "stage", "changes", "expected"),
    [
        ("speakers", "asr", {}, "the profile does not ask for it"),
        ("transcript", "asr", {"status": "timed_out", "reason": None}, ENDED["timed_out"]),
        ("transcript", "asr", {"status": "failed", "reason": "out of memory"}, "out of memory"),
        ("audio.spans", "audio", {"status": "no_audio", "reason": "there is no sound"}, "there is no sound"),
        ("audio.music_ratio", "audio", {"reason": "hardly any music"}, "hardly any music"),
        ("audio.music_ratio", "audio", {"reason": "music_ratio is unknown: too quiet"}, "too quiet"),
        ("audio.tempo_bpm", "audio", {"reason": "hardly any music"}, "no steady beat"),
        ("language", "asr", {}, "no words were believed"),
        ("media.frame_rate", "asr", {}, "the document does not say why"),
    ],
)
def test_a_stage_says_why(field: str, stage: str, changes: dict[str, Any], expected: str) -> None:
    assert why(document(processing=with_stage(stage, **changes)), field) == expected


def test_a_warning_about_the_field_says_it_best() -> None:
    assert why(document(), "audio.tempo_bpm") == "librosa is not installed: pip install reelwatch[audio]"
    removed = {"code": "retention", "field": "transcript", "message": "deleted on 2026-01-01"}
    assert (
        why(document(processing=raw()["processing"] | {"warnings": [removed]}), "transcript.words")
        == removed["message"]
    )


def test_every_stage_is_listed_and_what_is_missing_is_marked() -> None:
    processing = with_stage("ocr", status="failed", reason="x")
    processing["stages"]["future"] = processing["stages"]["asr"]
    found = stage_lines(document(processing=processing))
    assert [line.key for line in found] == [
        *("decode", "vad", "asr", "diarization", "captions", "objects"),
        *("ocr", "audio", "frames", "future"),
    ]
    assert [line.key for line in found if line.missing] == ["ocr"]
    assert [line.name for line in found] == [stage_name(line.key) for line in found]
