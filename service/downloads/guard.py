"""Keeps this process from what a stranger's web page might lead it to: private addresses, FTP, and other programs.

By Python's audit events (PEP 578), which the interpreter raises before it connects or starts anything, whatever library
asks for it; a hook cannot be removed. The address is the one that is connected to, after names were resolved and
redirects followed: a name that means another host a moment later (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

import sys
from typing import Any

from service.downloads.addresses import Reach
from service.downloads.urls import NOT_HTTP, private
from service.received.refusal import Refusal

_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_STARTING = frozenset(
    {
        *("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn"),
        *("pty.spawn", "os.startfile"),
    }
)
_FTP = "ftplib.connect"
"""Python's own opener speaks it where a page names it or a redirect leads to it. It speaks nothing else but HTTP."""
_ABSENT = ("curl_cffi", "requests")
"""They count as not installed: one connects unseen by audit events, the other would be used wherever it is there."""


class Guard:
    """refused: why what was asked for in vain was not reached."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self.refused: list[Refusal] = []

    def install(self) -> None:
        """Begin, for the rest of this process's life."""
        for name in _ABSENT:
            sys.modules[name] = None  # type: ignore[assignment] # import then raises ImportError, as documented
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _SENDING:
            self._require_reach(arguments[1])
        elif event == _FTP:
            self.refused.append(NOT_HTTP)
            raise PermissionError(NOT_HTTP.detail)
        elif event in _STARTING:
            raise PermissionError(f"a download starts no programs ({event})")

    def _require_reach(self, address: object) -> None:
        if address is None:
            return  # of a socket that is connected already
        host = address[0] if isinstance(address, tuple) and address else address
        if not (isinstance(host, str) and self._reach.allows(host)):
            self.refused.append(private(str(host)))
            raise PermissionError(f"{host} is no public address")
