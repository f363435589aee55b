"""How the service is doing, in one line for people: what `systemctl status` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.disk import remedy
from service.intake.figures import RootFigures
from service.ledger.states import SETTLING, State
from service.ledger.values import WorkPause
from service.metrics.heartbeat import TROUBLED


def status_line(
    states: Mapping[State, int] | None, roots: Sequence[RootFigures], *, pause: WorkPause | None, trouble: str | None
) -> str:
    """Say how many of what, and first of all why nothing is begun, where that is so.

    states: jobs by state; None where the ledger does not tell. pause: why the host takes no work. trouble: what the
    ledger says.
    """
    why = [f"paused: {pause.reason}: {remedy(pause)}"] if pause is not None else []
    if trouble is not None:
        why.append(f"the ledger cannot be used: {trouble}")
    return "; ".join([*why, ", ".join([*_roots(roots), *_jobs(states or {}), *_scan(roots)])])


def _roots(roots: Sequence[RootFigures]) -> list[str]:
    lost = sum(root.lost is not None for root in roots)
    return [f"{len(roots)} {'root' if len(roots) == 1 else 'roots'}", *([f"{lost} of them not there"] if lost else [])]


def _jobs(states: Mapping[State, int]) -> list[str]:
    counts = {
        "settling": sum(states.get(state, 0) for state in SETTLING),
        "queued": states.get(State.QUEUED, 0),
        "running": states.get(State.RUNNING, 0),
        "failed": sum(states.get(state, 0) for state in TROUBLED),
    }
    return [f"{count} {name}" for name, count in counts.items()] if states else []


def _scan(roots: Sequence[RootFigures]) -> list[str]:
    sweeps_s = [root.sweep_s for root in roots if root.sweep_s is not None]
    return [f"scan {round(max(sweeps_s) * 1000)} ms"] if sweeps_s else []
