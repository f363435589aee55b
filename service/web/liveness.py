"""Whether the service behind the ledger is there and works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from service.disk import remedy
from service.ledger.errors import LedgerError
from service.ledger.lock import lock_holder
from service.state_identity import elsewhere

if TYPE_CHECKING:
    from service.ledger.values import ServiceStart, WorkPause
    from service.web.site import Site


@dataclass(frozen=True, slots=True)
class Liveness:
    """What is known of the service. reasons: why it is not ready, a sentence each; none when it is.

    pid: the process that holds the state directory. pause: why no work is begun.
    """

    pid: int | None
    start: ServiceStart | None
    pause: WorkPause | None
    reasons: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether a video that is dropped now is described."""
        return not self.reasons


def liveness(site: Site) -> Liveness:
    """Look whether the service is ready; never raises for a ledger that cannot be used."""
    pid = holder(site)
    try:
        start, pause = site.ledger.service_start(), site.ledger.work_pause()
    except LedgerError as exc:
        return Liveness(pid, None, None, (str(exc),))
    away = elsewhere(start, site.configuration.state.dir)
    if away is not None:
        return Liveness(None, start, None, (f"{away}. Use the web face there.",))
    running = pid is not None and start is not None and start.pid == pid
    reasons = [] if running else ["the service is not running. Start it: `reelwatch run`, or its systemd unit."]
    if running and pause is not None:
        reasons.append(f"work is paused: {pause.reason}: {remedy(pause)}")
    return Liveness(pid, start, pause if running else None, tuple(reasons))


def holder(site: Site) -> int | None:
    """Return the process that holds the state directory; None when none does."""
    pid = lock_holder(site.configuration.state.dir)
    return pid if pid is not None and Path(f"/proc/{pid}").exists() else None
