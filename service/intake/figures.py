"""Intake's figures for whoever watches over the service: per root, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RootFigures:
    """One root. lost: why it cannot be used, None where it can. watched: events are to be expected.

    sweep_s: how long the last full reading took, None before the first. events, overflows: since the start, what the
    watcher was told, and how often the kernel dropped some.
    """

    path: bytes
    lost: str | None
    watched: bool
    sweep_s: float | None
    events: int
    overflows: int
