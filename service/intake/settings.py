"""Intake's settings, as configuration gives them."""

from __future__ import annotations

from dataclasses import dataclass

from service.intake.names import DEFAULT_EXTENSIONS

INCOMPLETE_RECHECK_S = 60.0
"""When a file that is not whole is looked at again for the first time; a give-up before that would never come."""


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    """Times in seconds.

    extensions: without dots, any case. excluded: absolute directories that are never entered (output, state), compared
    by identity, so that a second mount of one is found out.
    quiet_whole_s: window for a file that was never seen to grow and that nobody here has open for writing.
    quiet_local_s, quiet_network_s: window for any other. foreign_quiet_s: least window wherever "who writes" or "where
    does it end" cannot be told; it grows to twice the writer's longest pause, at most longest_quiet_s.
    sweep_s: period of full scans on local disks.
    incomplete_give_up_s: after this long without a change an incomplete file is offered for one decode.
    wait_for_holes: an unwritten range makes a file incomplete; off for file systems that punch holes themselves.
    """

    extensions: tuple[str, ...] = DEFAULT_EXTENSIONS
    excluded: tuple[bytes, ...] = ()
    quiet_whole_s: float = 0.7
    quiet_local_s: float = 2.0
    quiet_network_s: float = 10.0
    foreign_quiet_s: float = 10.0
    longest_quiet_s: float = 600.0
    sweep_s: float = 20.0
    writer_recheck_s: float = 15.0
    sibling_stale_s: float = 600.0
    touch_patience_s: float = 60.0
    incomplete_recheck_s: float = INCOMPLETE_RECHECK_S
    blocked_recheck_s: float = 3600.0
    incomplete_give_up_s: float = 24 * 3600.0
    absence_s: float = 2.0
    wait_for_holes: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.quiet_whole_s <= self.quiet_local_s <= self.foreign_quiet_s <= self.longest_quiet_s:
            raise ValueError(
                "intake: the quiet windows must rise: 0 < quiet_whole_s <= quiet_local_s <= foreign_quiet_s; "
                f"got {self.quiet_whole_s}, {self.quiet_local_s}, {self.foreign_quiet_s}"
            )
        if self.incomplete_give_up_s < self.incomplete_recheck_s:
            raise ValueError(
                "intake: incomplete_give_up_s must not be shorter than one recheck "
                f"({self.incomplete_recheck_s:g} s); got {self.incomplete_give_up_s}"
            )


def backoff_s(attempt: int, *, first_s: float, longest_s: float) -> float:
    """Return the pause after the attempt numbered from 0: doubling, bounded."""
    return min(first_s * float(1 << min(attempt, 32)), longest_s)
