"""A way to a server that can be cut at the worst moment: while it is asked to commit."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from enum import Enum
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


class Cut(Enum):
    """Where a connection is cut: before the server hears of a commit, or before its answer is heard."""

    QUESTION = "question"
    ANSWER = "answer"


class CuttingProxy:
    """Leads from a socket in `folder` to the one in `server`; `cut` is what to do with the next COMMIT, once."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.cut: Cut | None = None
        self.shut = False
        """Whether a cut ends every other connection, too, and those that are begun after it."""
        self.mute = False
        """Whether connections begun after a cut are taken, and nobody ever answers."""
        self._clients: list[socket.socket] = []
        self.cuts = 0
        self.folder = folder
        self._server = str(server / SOCKET)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._clients:
            client.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.shut and self.cuts:
                    client.close()
                    continue
                self._clients.append(client)
                if self.mute and self.cuts:
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                cut = self.cut if b"COMMIT\0" in data else None  # not READ COMMITTED
                if cut is not None:
                    self.cut, self.cuts = None, self.cuts + 1
                    # The answer is not read any more: whatever the server says is lost.
                    for end in self._clients if self.shut else [client]:
                        with suppress(OSError):
                            end.shutdown(socket.SHUT_RDWR)
                if cut is not Cut.QUESTION:
                    server.sendall(data)
        with suppress(OSError):
            # The server goes on with what it was asked, and finds nobody to tell.
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                client.sendall(data)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
