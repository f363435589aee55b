"""How the service is doing, in numbers for the log and in one line for people and for systemd's STATUS=."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Gauges:
    """What a heartbeat tells; None where it is not known.

    waiting, queued, running, failed: numbers of files and jobs. Ages and durations in the unit of their name.
    count: watched inboxes. limit: how many inotify watches the host allows.
    """

    waiting: int
    queued: int
    running: int
    failed: int
    count: int | None = None
    oldest_waiting_s: float | None = None
    oldest_queued_s: float | None = None
    scan_ms: float | None = None
    backlog: int | None = None
    watches: int | None = None
    limit: int | None = None
    free_mib: int | None = None
    last_done_s: float | None = None
    resident_mib: float | None = None
    uptime_s: float | None = None

    def sentence(self) -> str:
        """Return one line: `2 inboxes, 3 waiting, 1 queued, 1 running, 0 failed, scan 21 ms`."""
        parts = [f"{self.count} inbox{'' if self.count == 1 else 'es'}"] if self.count is not None else []
        parts += [f"{getattr(self, name)} {name}" for name in ("waiting", "queued", "running", "failed")]
        if self.scan_ms is not None:
            parts.append(f"scan {self.scan_ms:.0f} ms")
        return ", ".join(parts)

    def fields(self) -> dict[str, Any]:
        """Return the fields of the event `heartbeat`, unknown ones left out."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return {"gauges": self.sentence(), **known}


def resident_mib() -> float | None:
    """Return this process's resident memory in MiB, None where /proc does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123 - /proc
            line = next(line for line in status if line.startswith("VmRSS:"))
    except (OSError, StopIteration):
        return None
    return int(line.split()[1]) / 1024
