"""Stage results into the ledger and back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actors.backend import Outcome, StageStatus
from actors.plan import PlannedStage
from actors.results import SpeechSpans, Transcription, Word
from service import results
from service.ledger.values import StoredResult

STAGE = PlannedStage("asr", "asr.pocketsphinx", StageStatus.DONE, revision=3)
WORDS = Transcription(language="en", quality="draft", words=(Word(word="hei", start_s=0.1, end_s=0.4, confidence=0.9),))
DONE = Outcome(StageStatus.DONE, data=WORDS, backend="asr.pocketsphinx", model="en-us 1.0", device="cpu", seconds=1.25)
NO_SPEECH = Outcome(StageStatus.NO_SPEECH, reason="no voice was heard", backend="asr.pocketsphinx")


def stored(outcome: Outcome) -> StoredResult:
    return results.stored(outcome, STAGE, sha256="a" * 64, key="k")


@pytest.mark.parametrize("outcome", [DONE, NO_SPEECH], ids=["done", "nothing to hear"])
def test_an_outcome_comes_back_as_it_went(outcome: Outcome) -> None:
    kept = stored(outcome)
    assert (kept.key, kept.sha256, kept.stage, kept.backend, kept.revision) == (
        "k",
        "a" * 64,
        "asr",
        "asr.pocketsphinx",
        3,
    )
    assert results.outcomes([kept]) == {"k": outcome}


UNREADABLE = {
    "not JSON": {"data": "{"},
    "of another shape": {"data": '{"words": 7}'},
    "of another stage": {"stage": "ocr"},
    "a status of a later version": {"status": "astonished"},
    "done without data": {"data": None},
    "a stage nobody knows": {"stage": "smell"},
}


@pytest.mark.parametrize("changed", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_this_version_cannot_read_is_made_anew(changed: dict[str, str | None]) -> None:
    vad = Outcome(StageStatus.DONE, data=SpeechSpans(spans=(), speech_s=0.0))
    good = results.stored(vad, replace(STAGE, name="vad"), sha256="a" * 64, key="good")
    assert list(results.outcomes([replace(stored(DONE), **changed), good])) == ["good"]
