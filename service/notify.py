"""systemd's notification protocol, sd_notify(3), by hand: datagrams to a socket that the environment names."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

MOST_OWED = 8
STATUS_BYTES = 400
"""systemd shows one line."""


class Notifier:
    """Tells the service manager how the service is doing; without one, every word is lost on purpose.

    Never blocks, never raises, and takes no lock, so that a signal handler may use it too. What changes the unit's
    state and finds the manager's queue full is said again with the next word; a `status` or a `watchdog` is not.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._owed: deque[str] = deque(maxlen=MOST_OWED)
        self._socket: socket.socket | None = None
        self.watchdog_s = _watchdog_s(environ) if self._address is not None else None
        """How long the manager waits for a `watchdog` before it ends the service; None: it does not."""
        if self._address is not None:
            with suppress(OSError):
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
                self._socket.settimeout(0.0)

    @property
    def listened(self) -> bool:
        """Whether somebody asked to be told."""
        return self._socket is not None

    def ready(self) -> None:
        """Say that the service, or its new configuration, is up."""
        self._say("READY=1")

    def reloading(self) -> None:
        """Say that the configuration is read again; `ready` follows, whatever comes of it.

        The time is CLOCK_MONOTONIC, by which `Type=notify-reload` tells this reload from an earlier one.
        """
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Say that the service ends."""
        self._say("STOPPING=1")

    def status(self, text: str) -> None:
        """Show a line in `systemctl status`."""
        line = " ".join(text.split()).encode("utf-8", "backslashreplace")[:STATUS_BYTES]
        self._send(f"STATUS={line.decode('utf-8', 'ignore')}")

    def watchdog(self) -> None:
        """Say that the service is alive."""
        self._send("WATCHDOG=1")

    def extend(self, seconds: float) -> None:
        """Ask for more time to start or to stop, from now on."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, text: str) -> None:
        self._owed.append(text)
        self._pay()

    def _send(self, text: str) -> None:
        self._pay()
        if not self._owed:
            self._sent(text)

    def _pay(self) -> None:
        # A handler or another thread may come between and pay the same word: said twice it means the same.
        with suppress(IndexError):
            while self._sent(word := self._owed[0]):
                with suppress(ValueError):
                    self._owed.remove(word)

    def _sent(self, text: str) -> bool:
        if self._socket is None or self._address is None:
            return True
        try:
            self._socket.sendto(text.encode("utf-8"), socket.MSG_NOSIGNAL, self._address)
        except BlockingIOError:  # the manager's queue is full
            return False
        except OSError:  # nobody listens any more: there is nobody to tell
            return True
        return True


def _address(named: str) -> str | None:
    """Return the socket's address, `@` standing for the zero byte of the abstract namespace."""
    return ("\0" + named[1:]) if named.startswith("@") else named if named.startswith("/") else None


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """Return the interval of `WatchdogSec=` where it is meant for this process, sd_watchdog_enabled(3)."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not usec.isdecimal() or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 1e6
