"""One case on a real home: lives of the service one after another, and the invariants at its end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gates import Gates
from invariants import Aftermath, breaches
from processes import Home, Service
from sources import Sources, snapshot
from stagehand import Stagehand


@dataclass
class Case:
    """Keeps the log of every life, and the sources as the test left them.

    `snapshot` after each change that the test itself makes to the inbox: what differs later, the service has changed.
    """

    home: Home
    stagehand: Stagehand
    before: Sources = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def snapshot(self) -> None:
        """Take the inbox as it is for the user's own."""
        self.before = snapshot([self.home.inbox])

    @contextmanager
    def life(self, *, kill_at: str = "", gates: Gates | None = None, **environ: str) -> Iterator[Service]:
        """Run the service; it is killed at the end unless it has ended, and its log is kept.

        kill_at: a point of `kill_switch`, at which it kills itself. gates: where it is held.
        """
        fault = {"FAULT_KILL_AT": kill_at} | ({"FAULT_GATES": str(gates.folder)} if gates is not None else {})
        service = Service(self.stagehand.start(self.home.environ | fault | environ, cwd=self.home.path))
        try:
            yield service
        finally:
            service.kill()
            self.events += service.events

    def killed(self, kill_at: str, *, within_s: float = 60.0) -> None:
        """Live one life that ends by its own SIGKILL at a point."""
        with self.life(kill_at=kill_at) as service:
            assert service.process.wait(timeout=within_s) == -signal.SIGKILL, service.log()

    def end(self, service: Service, *, unseen: tuple[Path, ...] = (), stop_within_s: float = 30.0) -> None:
        """Ask the service to stop, and require every invariant."""
        found = self.breaches(service, unseen=unseen, stop_within_s=stop_within_s)
        assert not found, "\n".join(found)

    def breaches(self, service: Service, *, unseen: tuple[Path, ...] = (), stop_within_s: float = 30.0) -> list[str]:
        """Ask the service to stop, and return what it has broken."""
        assert self.before, "take the snapshot before the service may touch anything"
        code, took_s = service.terminate()
        return breaches(
            Aftermath(
                inboxes=[self.home.inbox],
                output=self.home.output,
                ledger=self.home.path / "state" / "ledger.sqlite3",
                before=self.before,
                events=[*self.events, *service.events],
                exit_code=code,
                stop_s=took_s,
                stop_within_s=stop_within_s,
                unseen=unseen,
            )
        )
