"""One case on a real home: lives of the service one after another, and the invariants at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from invariants import Aftermath, require
from processes import Home, Service
from sources import Sources, snapshot


@dataclass
class Case:
    """Keeps the log of every life, and the sources as the test left them.

    `snapshot` after each change that the test itself makes to the inbox: what differs later, the service has changed.
    """

    home: Home
    before: Sources = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def snapshot(self) -> None:
        """Take the inbox as it is for the user's own."""
        self.before = snapshot([self.home.inbox])

    @contextmanager
    def life(self, **options: Any) -> Iterator[Service]:
        """Run the service; it is killed at the end unless it has ended, and its log is kept."""
        with self.home.service(**options) as service:
            try:
                yield service
            finally:
                service.kill()
                self.events += service.events

    def end(self, service: Service, *, unseen: tuple[Path, ...] = (), stop_within_s: float = 30.0) -> None:
        """Ask the service to stop, and require every invariant."""
        assert self.before, "take the snapshot before the service may touch anything"
        code, took_s = service.terminate()
        require(
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
