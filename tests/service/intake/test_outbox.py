"""What is said of one path is never contradicted by the order in which it is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.intake.fake_ledger import FakeLedger
from service.intake.outbox import Outbox
from service.intake.ports import Generation, Observation, Rejection, Settled
from service.ledger.states import State

ROOT, PATH = b"/inbox", b"x.mp4"
GENERATION = Generation(1, 2, 3, 4, "ends")
OBSERVATION = Observation(ROOT, PATH, 1, 2, 3, 4, State.WAITING, "quiet", "a sentence")

Say = Callable[[Outbox], None]


def observe(outbox: Outbox) -> None:
    outbox.observe(OBSERVATION)


def settle(outbox: Outbox) -> None:
    outbox.enqueue(Settled(ROOT, PATH, GENERATION))


def reject(outbox: Outbox) -> None:
    outbox.reject(Rejection(ROOT, PATH, GENERATION, "not_video", "the file is text"))


def vanish(outbox: Outbox) -> None:
    outbox.vanish((ROOT, PATH))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([observe], ["observe"]),
        ([observe, settle], ["enqueue"]),
        ([observe, reject], ["reject"]),
        ([settle, vanish], ["vanished"]),
        ([vanish, observe], ["observe"]),
        ([vanish, settle], ["enqueue"]),
        ([observe, observe], ["observe"]),
        ([], []),
    ],
)
def test_the_last_word_counts(said: list[Say], told: list[str]) -> None:
    outbox, ledger = Outbox(), FakeLedger()
    for say in said:
        say(outbox)
    outbox.flush(ledger)
    outbox.flush(ledger)
    assert ledger.calls == [(call, 1) for call in told]


def test_what_was_taken_over_is_returned() -> None:
    outbox = Outbox()
    settle(outbox)
    outbox.sidecar_changed((ROOT, PATH))
    ledger = FakeLedger()
    assert outbox.flush(ledger) == ([Settled(ROOT, PATH, GENERATION)], [])
    assert outbox.flush(ledger) == ([], [])
    assert ledger.sidecars == [(ROOT, PATH)]
