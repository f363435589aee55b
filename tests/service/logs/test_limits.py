"""Rate limits: per event and key, over all that may storm, with bounded memory and nothing untold."""

from __future__ import annotations

import pytest

from service.logs.limits import BURST, MAX_KEYS, MOST_LINES_A_MINUTE, WINDOW_S, RateLimit
from service.logs.vocabulary import STORMS


def test_memory_is_bounded_and_nothing_forgotten_goes_untold() -> None:
    limit = RateLimit()
    for _ in range(BURST + 3):
        limit.passes("e", "first", now_s=0.0)
    for key in range(MAX_KEYS):
        limit.passes("e", str(key), now_s=1.0)
    assert len(limit._windows) == MAX_KEYS
    told = limit.due(now_s=2.0, everything=True)
    assert [(suppressed.key, suppressed.count) for suppressed in told] == [("first", 3)]


def test_what_was_held_back_is_told_once_a_window() -> None:
    limit = RateLimit()
    assert limit.due(now_s=0.0) == []
    for _ in range(BURST + 1):
        limit.passes("e", "k", now_s=0.0)
    assert limit.due(now_s=WINDOW_S - 1) == []
    assert [suppressed.count for suppressed in limit.due(now_s=WINDOW_S)] == [1]
    assert limit.due(now_s=WINDOW_S) == []
    assert limit.suppressed == 1


def test_a_key_may_speak_again_in_the_next_window() -> None:
    limit = RateLimit()
    passed = [limit.passes("e", "k", now_s=second) for second in (*[0.0] * (BURST + 1), WINDOW_S)]
    assert passed == [True] * BURST + [False, True]


def test_several_keys_are_told_as_one() -> None:
    limit = RateLimit()
    for key in ("a", "b"):
        for _ in range(BURST + 2):
            limit.passes("e", key, now_s=0.0)
    ((event, key, count),) = [(s.event, s.key, s.count) for s in limit.due(now_s=1.0, everything=True)]
    assert (event, key, count) == ("e", None, 4)


def test_a_storm_of_one_kind_does_not_hide_another() -> None:
    limit = RateLimit(STORMS)
    passed = sum(limit.passes("scan.failed", str(number), now_s=0.0) for number in range(1000))
    assert passed < MOST_LINES_A_MINUTE
    others = {event: limit.passes(event, "k", now_s=1.0) for event in STORMS - {"scan.failed"}}
    assert set(others.values()) == {True}


@pytest.mark.parametrize("names", [(MOST_LINES_A_MINUTE - BURST) // 2 + 1, MOST_LINES_A_MINUTE])
def test_more_names_than_lines_are_refused(names: int) -> None:
    with pytest.raises(ValueError, match="lines a minute"):
        RateLimit(frozenset(map(str, range(names))))
