"""How Ray is started, without Ray: configuration needs the values, and importing Ray itself takes long."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_KEPT = frozenset({signal.SIGTERM, signal.SIGINT})

KNOCK_S = 10.0


@dataclass(frozen=True, slots=True)
class RayOptions:
    """How Ray is started: logical CPUs, object store, niceness of the workers, and where it keeps what it needs.

    num_gpus: how many cards there are (logical: fractions of them are handed out); never found out by Ray itself.
    address: `auto` or host:port of a cluster to join, whose nodes were started with all the rest of this; empty: an
    instance of our own.
    auth_token: the file of the token that keeps other users of the host out; None: Ray's own, in the home directory,
    which a service need not have.
    temp_dir: at most about 60 bytes, because Ray puts AF_UNIX sockets (107 bytes) below it; None: Ray's default.
    """

    num_cpus: float
    object_store_mib: int
    niceness: int = 15
    temp_dir: str | None = None
    auth_token: Path | None = None
    num_gpus: int = 0
    address: str = ""


def make_token(path: Path) -> None:
    """Write a new token where there is none; Ray refuses a path without one instead of making it."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))


def prepare(options: RayOptions) -> None:
    """Set what Ray reads from the environment when it starts or joins; what the user has set there stays."""
    environment = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": str(options.niceness),
        # Nobody looks at Ray's record of tasks, which gains 30 MiB in 1,000 videos, up to 100,000 tasks.
        "RAY_task_events_report_interval_ms": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",  # an actor with no part of a card must not see one
    }
    if options.auth_token is not None and not options.address:
        make_token(options.auth_token)
        environment["RAY_AUTH_TOKEN_PATH"] = str(options.auth_token)
    for name, value in environment.items():
        os.environ.setdefault(name, value)


def keep_to_loopback(options: RayOptions) -> None:
    """Have an instance of our own listen on the loopback interface only; to be called before Ray is imported.

    By itself Ray 2.60 takes the address of the host's network interface, even where it is told 127.0.0.1, and listens
    on all of them. The variable is its own word for hosts on which it does not do so, and is read at import.
    """
    if not options.address:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")


def knock(address: str) -> None:
    """Raise `OSError` where nobody answers at host:port: Ray would try for two minutes; `auto` it knows at once."""
    host, separator, port = address.rpartition(":")
    if separator and port.isdigit():
        socket.create_connection((host, int(port)), timeout=KNOCK_S).close()


def discard(session: Path) -> None:
    """Remove the folder that an instance of our own has left, 0.3 MiB of logs: each spell of work starts a new one."""
    shutil.rmtree(session, ignore_errors=True)
    latest = session.with_name("session_latest")
    with contextlib.suppress(OSError):
        if latest.readlink() == session:  # Ray does not replace a link that leads nowhere
            latest.unlink()


@contextlib.contextmanager
def signals_kept() -> Iterator[None]:
    """Keep the handlers of SIGTERM and SIGINT in force meanwhile.

    `ray.init` installs a SIGTERM handler that exits at once, and goes on for seconds: a service that was asked to stop
    in between would end with status 15 instead of draining. Its native part installs one too, unseen from here, that
    ends the process by the signal; so ours are put back where Ray's own would have come, and once more at the end.
    Blocking the signals is no way, for the processes Ray starts would inherit that.
    """
    install = signal.signal
    ours: dict[int, Any] = {number: signal.getsignal(number) for number in _KEPT}

    def reinstall(number: int, handler: Any) -> Any:
        return install(number, ours.get(number, handler))

    if threading.current_thread() is not threading.main_thread():  # where Ray cannot install any either
        yield
        return
    signal.signal = reinstall  # type: ignore[assignment] # undone below
    try:
        yield
    finally:
        signal.signal = install
        for number, handler in ours.items():
            install(number, handler)
