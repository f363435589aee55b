"""Inboxes that are not there at present: no video of theirs is begun, and nothing is concluded from what is missing."""

from __future__ import annotations

from service.clock import Clock
from service.intake.roots import Root

CHECK_S = 2.0


class LostRoots:
    """What the driver has found out about the roots of its jobs; intake, in its own thread, watches over its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._roots: dict[bytes, Root] = {}
        self._next_check_s = 0.0

    def remember(self, root: bytes, *, device: int | None) -> None:
        """Look at a root, of which a file was on `device`, for the first time; again does nothing."""
        if root not in self._roots:
            self._roots[root] = Root(root, expected_devices=frozenset() if device is None else frozenset({device}))
            self._roots[root].check()

    def is_lost(self, root: bytes) -> str | None:
        """Look at a root now; return why it cannot be used, None when it can."""
        known = self._roots[root]
        known.check()
        return known.lost

    def all(self) -> frozenset[bytes]:
        """Return the roots that were lost when they were looked at last, which those are every `CHECK_S`."""
        lost = [root for root in self._roots.values() if root.lost is not None]
        if lost and self._clock.monotonic() >= self._next_check_s:
            self._next_check_s = self._clock.monotonic() + CHECK_S
            for root in lost:
                root.check()
        return frozenset(root.path for root in lost if root.lost is not None)
