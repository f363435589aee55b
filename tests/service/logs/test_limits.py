"""Rate limits with bounded memory."""

from __future__ import annotations

from service.logs.limits import BURST, MAX_KEYS, WINDOW_S, RateLimit


def test_memory_is_bounded_and_nothing_forgotten_goes_untold() -> None:
    limit = RateLimit()
    for _ in range(BURST + 3):
        limit.passes("e", "first", now_s=0.0)
    told = [told for key in range(MAX_KEYS) for told in limit.passes("e", str(key), now_s=1.0)[1]]
    assert [(suppressed.key, suppressed.count) for suppressed in told] == [("first", 3)]
    assert len(limit._windows) == MAX_KEYS


def test_windows_that_are_not_over_are_not_flushed() -> None:
    limit = RateLimit()
    for _ in range(BURST + 1):
        limit.passes("e", "k", now_s=0.0)
    assert limit.flush(now_s=WINDOW_S - 1) == []
    assert [suppressed.count for suppressed in limit.flush(now_s=WINDOW_S)] == [1]
    assert limit.flush(now_s=WINDOW_S) == []
