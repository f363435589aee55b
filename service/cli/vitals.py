"""The figures of the heartbeat that a command can take by itself, beside a running service or without one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from service.cli import ledgers

if TYPE_CHECKING:
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger
    from service.ledger.values import Counts, ServiceStart

_MIB = 2**20


def vitals(
    ledger: Ledger, configuration: Configuration, *, counts: Counts, start: ServiceStart | None
) -> dict[str, Any]:
    """Return the figures, named as in the heartbeat; None where they are not known.

    Memory is known of a service that runs here; free space is that of the folders the last service wrote to.
    """
    from service.disk import free_mib  # noqa: PLC0415 - keeps --help fast
    from service.metrics import processes  # noqa: PLC0415 - as above
    from service.state import output_root  # noqa: PLC0415 - as above

    now_s, pid = time.time(), ledgers.service_pid(configuration)
    own = None if pid is None else processes.resident_bytes(pid)
    below = {} if pid is None else processes.memory_below(pid, {})
    return {
        "oldest_settling_s": _age(counts.oldest_settling_at, now_s),
        "oldest_queued_s": _age(counts.oldest_queued_at, now_s),
        "last_done_s": _age(counts.last_done_at, now_s),
        "output_free_mib": free_mib(output_root(configuration) if start is None else start.output_root),
        "state_free_mib": free_mib(os.fsencode(configuration.state.dir)),
        "low_water_mib": configuration.disk.low_water_mib,
        "ledger_mib": _mib(ledger.size_bytes()),
        "resident_mib": _mib(own),
        "children_resident_mib": _mib(sum(below.values())) if below else None,
    }


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Say the figures to people."""
    memory = [
        f"{found[name]:.0f} MiB {what}"
        for name, what in (("resident_mib", "of memory"), ("children_resident_mib", "for its models"))
        if found[name] is not None
    ]
    if memory:
        yield f"           {', '.join(memory)}"
    free = [
        f"{found[name]} MiB for {what}"
        for name, what in (("output_free_mib", "documents"), ("state_free_mib", "the state"))
        if found[name] is not None
    ]
    if free:
        yield f"free       {', '.join(free)} (work pauses below {found['low_water_mib']})"
    for name, what in (("oldest_settling_s", "is not taken yet"), ("oldest_queued_s", "is queued")):
        if found[name] is not None:
            yield f"           the oldest that {what} has waited {_spoken(found[name])}"


def _spoken(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _age(since_s: float | None, now_s: float) -> float | None:
    return None if since_s is None else round(max(0.0, now_s - since_s), 1)


def _mib(size: int | None) -> float | None:
    return None if size is None else round(size / _MIB, 1)
