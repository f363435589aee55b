"""systemd's end of the notification socket: a real datagram socket that keeps what is said."""

from __future__ import annotations

import itertools
import select
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from service.notify import Notifier


class NotifySocket:
    """Listens at a path, or in the abstract namespace where the address begins with `@`, as systemd does."""

    def __init__(self, address: str | Path) -> None:
        self.address = str(address)
        self.said: list[str] = []
        self._notifiers: list[Notifier] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.bind(f"\0{self.address[1:]}" if self.address.startswith("@") else self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for notifier in self._notifiers:
            notifier.close()
        self._socket.close()

    def notifier(self, **more: str) -> Notifier:
        """The service's end of it."""
        self._notifiers.append(Notifier(self.environ(**more)))
        return self._notifiers[-1]

    def environ(self, **more: str) -> dict[str, str]:
        """What systemd puts into the environment of a service."""
        return {"NOTIFY_SOCKET": self.address, **more}

    def read(self, within_s: float = 0.0) -> list[str]:
        """Everything said so far, waiting for something new at most so long."""
        while select.select([self._socket], [], [], within_s)[0]:
            self.said.append(self._socket.recv(65536).decode())
            within_s = 0.0
        return self.said

    def until(self, word: str, *, count: int = 1, within_s: float = 30.0) -> list[str]:
        """Wait until a message that begins so has come `count` times; returns all that was said."""
        end_s = time.monotonic() + within_s
        while sum(said.startswith(word) for said in self.said) < count:
            assert time.monotonic() < end_s, f"no {word} within {within_s:g} s: {self.said}"
            self.read(0.1)
        return self.said

    def states(self) -> list[str]:
        """What was said, without status lines and pings; a word that a signal cut in two may be there twice running."""
        heard = [said.partition("\n")[0] for said in self.read()]
        kept = [said for said in heard if said.partition("=")[0] in {"READY", "RELOADING", "STOPPING"}]
        return [said for said, _ in itertools.groupby(kept)]
