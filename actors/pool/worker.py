"""An actor's side of `actors.pool.process_pool`: a process that loads one host and answers its calls, one by one."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from actors.pool.base import ActorSpec, Host
from actors.pool.messages import Answer, receive_slots, send_slots
from actors.pool.remote import RemoteHost, sentence

_PR_SET_PDEATHSIG = 1


def serve(connection: Connection) -> int:
    """Load what the first message names and answer calls until told to close; return the exit code."""
    spec, host_factory, niceness = _receive(connection)
    os.nice(niceness)
    host = _loaded(connection, spec, host_factory)
    if host is None:
        return 1
    while (message := _receive(connection)) is not None:
        operation, items = message
        slots = [_opened(slot) for slot in receive_slots(connection, count=3 * len(items))]
        result = host.call(operation, items, *slots)
        summary, *payloads = result if isinstance(result, list) else [result]
        outcomes, presences, resident_mib = summary
        connection.send_bytes(pickle.dumps(Answer(outcomes, presences, resident_mib, len(payloads))))
        send_slots(connection, (None if value is None else pickle.dumps(value) for value in payloads))
    host.close()
    return 0


def _loaded(connection: Connection, spec: ActorSpec, host_factory: Callable[[ActorSpec], Host]) -> RemoteHost | None:
    try:
        host = RemoteHost(spec, host_factory)
        report = host.load()
    except Exception as exc:  # noqa: BLE001 - told to the driver, which starts another one or gives up
        connection.send_bytes(pickle.dumps(f"{type(exc).__name__}: {sentence(exc)}"))
        return None
    connection.send_bytes(pickle.dumps(report))
    return host


def _receive(connection: Connection) -> Any:
    return pickle.loads(connection.recv_bytes())  # noqa: S301 - from the process that started this one


def _opened(slot: bytes | None) -> Any:
    return None if slot is None else pickle.loads(slot)  # noqa: S301 - made by `serve` in another actor


def end_with(parent: int) -> None:
    """Have the kernel end this process with its parent, however that ends: two fusions must never write at once."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main() -> int:
    """Serve on the descriptor that is named first, for the process that is named second."""
    end_with(int(sys.argv[2]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the driver drains
    try:
        return serve(Connection(int(sys.argv[1])))
    except (EOFError, ConnectionError):
        return 0  # the driver has gone


if __name__ == "__main__":
    sys.exit(main())
