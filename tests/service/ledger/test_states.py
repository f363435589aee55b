"""Which changes of state there are: the whole table, allowed and refused."""

from __future__ import annotations

from itertools import product

import pytest

from service.ledger.errors import IllegalTransition
from service.ledger.moves import moved
from service.ledger.states import SETTLING, TERMINAL, TRANSITIONS, State
from service.ledger.values import Job

# Rows: from. Columns, in the same order: to. x: allowed.
MATRIX = """
              wai inc blo que run don dup rej fai par sup gon
waiting        .   x   x   x   .   .   .   x   .   .   x   x
incomplete     x   .   x   x   .   .   .   x   .   .   x   x
blocked        x   x   .   x   .   .   .   x   .   .   x   x
queued         .   .   x   .   x   .   .   .   .   .   x   x
running        .   .   x   x   .   x   x   x   x   x   x   x
done           .   .   .   x   .   .   .   .   .   .   x   .
duplicate      .   .   .   x   .   .   .   .   .   .   x   .
rejected       .   .   .   x   .   .   .   .   .   .   x   .
failed         .   .   .   x   .   .   .   .   .   .   x   .
parked         .   .   .   x   .   .   .   .   .   .   x   .
superseded     .   .   .   .   .   .   .   .   .   .   .   .
gone           x   x   x   x   .   .   .   x   .   .   x   .
"""


def _allowed() -> set[tuple[State, State]]:
    lines = [line.split() for line in MATRIX.strip().splitlines()[1:]]
    order = [State(line[0]) for line in lines]
    return {(State(name), to) for name, *marks in lines for to, mark in zip(order, marks, strict=True) if mark == "x"}


ALLOWED = _allowed()


@pytest.mark.parametrize(("before", "after"), list(product(State, State)), ids=str)
def test_a_job_changes_state_only_as_the_table_says(before: State, after: State) -> None:
    job = Job(1, b"/in", b"a.mp4", before)
    if (before, after) in ALLOWED:
        assert moved(job, after, now=5.0).state is after
    else:
        with pytest.raises(IllegalTransition, match=f"job 1: {before} -> {after}"):
            moved(job, after, now=5.0)


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(State)


def test_what_settles_has_not_ended() -> None:
    assert not SETTLING & TERMINAL


@pytest.mark.parametrize("document", [None, "a"], ids=["unpublished", "published"])
@pytest.mark.parametrize(
    ("before", "after", "kept_unpublished", "kept_published"),
    [
        (State.RUNNING, State.DONE, True, True),
        (State.RUNNING, State.QUEUED, True, True),
        (State.RUNNING, State.FAILED, False, True),
        (State.RUNNING, State.REJECTED, False, True),
        (State.RUNNING, State.PARKED, False, True),
        (State.RUNNING, State.BLOCKED, False, True),
        (State.RUNNING, State.GONE, False, True),
        (State.RUNNING, State.SUPERSEDED, False, False),
        (State.QUEUED, State.RUNNING, True, True),
        (State.QUEUED, State.SUPERSEDED, False, False),
    ],
    ids=str,
)
def test_a_content_is_owned_as_long_as_its_document_stands_or_may_come(
    document: str | None, before: State, after: State, *, kept_unpublished: bool, kept_published: bool
) -> None:
    job = Job(1, b"/in", b"a.mp4", before, is_primary=True, document=document)
    assert moved(job, after, now=5.0).is_primary is (kept_published if document else kept_unpublished)
