"""Why a video is where it is: a table of jobs and sentences."""

from __future__ import annotations

from typing import Any

import pytest

from service.explanation import Situation, explained
from service.ledger.states import State
from service.ledger.values import Job, WorkPause

NOW = 1000.0
CALM = Situation(running=True, pause=None, now=NOW)
PAUSED = Situation(running=True, pause=WorkPause("disk_full", b"/out", 512), now=NOW)
DOWN = Situation(running=False, pause=None, now=NOW)
TRACEBACK = "Traceback (most recent call last):\n  File x\nValueError: broken\n"

CASES: dict[str, tuple[State, dict[str, Any], Situation, str, str | None]] = {
    "a gate says itself what it waits for": (
        State.WAITING,
        {"reason": "writer", "detail": "a process has the file open for writing; it is taken once that is closed"},
        CALM,
        "A process has the file open for writing; it is taken once that is closed",
        None,
    ),
    "queued": (State.QUEUED, {"reason": "settled"}, CALM, "Complete; waits for its turn", None),
    "queued and alone": (State.QUEUED, {"solo": True}, CALM, "runs alone", None),
    "queued while nobody works": (State.QUEUED, {}, DOWN, "the service is not running", "reelwatch run"),
    "queued while all is paused": (State.QUEUED, {}, PAUSED, "all work is paused: disk_full", "512 MiB"),
    "an attempt failed": (
        State.QUEUED,
        {"reason": "out_of_memory", "not_before": NOW + 60},
        CALM,
        "An attempt failed: out of memory",
        None,
    ),
    "rejected": (State.REJECTED, {"reason": "no_moov", "detail": "there is no moov box"}, CALM, "no moov box", "again"),
    "failed with a traceback": (
        State.FAILED,
        {"reason": "bug", "detail": TRACEBACK},
        CALM,
        "All attempts failed: ValueError: broken",
        "log",
    ),
    "parked": (State.PARKED, {"reason": "died_twice", "detail": "it hung"}, CALM, "it hung", "doctor"),
    "done": (State.DONE, {"reason": "reprocess"}, CALM, "Described", None),
    "a copy": (State.DUPLICATE, {"reason": "same_content"}, CALM, "The same content is described already", None),
    "what a terminal would act on": (State.FAILED, {"reason": "x\x1b[2J"}, CALM, "x\\u001b[2J", "log"),
}


@pytest.mark.parametrize(("state", "values", "situation", "sentence", "remedy"), CASES.values(), ids=CASES.keys())
def test_sentence_and_remedy(
    state: State, values: dict[str, Any], situation: Situation, sentence: str, remedy: str | None
) -> None:
    told = explained(Job(1, b"/in", b"a.mp4", state, **values), situation)
    assert sentence in told.sentence
    assert (told.remedy is None) is (remedy is None)
    assert remedy is None or remedy in told.remedy


def test_every_state_has_a_sentence() -> None:
    for state in State:
        assert explained(Job(1, b"/in", b"a.mp4", state), CALM).sentence[0].isupper()


def test_when_it_is_tried_again() -> None:
    job = Job(1, b"/in", b"a.mp4", State.QUEUED, not_before=NOW + 60)
    assert explained(job, CALM).retry_at == NOW + 60
    assert explained(job, Situation(running=True, pause=None, now=NOW + 61)).retry_at is None
