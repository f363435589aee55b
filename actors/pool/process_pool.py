"""The pool without Ray: every actor is a child process of this one, spoken to through a pair of sockets.

What decodes a stranger's bytes must be something that can be killed, on a small host too. Decoded values pass through
this process as bytes that nobody here opens. Both ends of a socket have a time limit, so that a child which was stopped
in the middle of a message cannot hold the driver.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait

from actors.faults import shortages_told
from actors.host import ActorHost
from actors.pool.base import (
    CLOSE_S,
    ActorDied,
    ActorReady,
    ActorSpec,
    Call,
    CallDone,
    Host,
    HostReport,
    Place,
    PoolEvent,
)
from actors.pool.messages import Answer, receive_slots, send_slots
from actors.pool.remote import handles, slots_of, threes

REAP_S = 5.0
"""How long a killed process may take to be gone; one that hangs in the kernel (a dead network mount) is left behind."""
STUCK_S = 30
"""How long one write or read between the processes may stand still; memory is copied in tenths of a second."""


@dataclass
class _Child:
    spec: ActorSpec
    process: subprocess.Popen[bytes]
    connection: Connection
    ready: bool = False
    line: deque[Call] = field(default_factory=deque)
    """Calls not answered yet; only the first has been sent, so the child is always waiting for what is sent to it."""


class ProcessPool:
    """Actors as child processes; they end with this process, however it ends (see `actors.pool.worker`)."""

    def __init__(self, host_factory: Callable[[ActorSpec], Host] = ActorHost, *, niceness: int = 0) -> None:
        self._host_factory = host_factory
        self._niceness = niceness
        self._children: dict[str, _Child] = {}
        self._events: list[PoolEvent] = []

    def places(self, *, num_cpus: float, on_card: bool) -> tuple[Place, ...]:
        """See `Pool`; one machine is one place."""
        return (Place(num_cpus, int(on_card)),)

    def start(self, spec: ActorSpec) -> None:
        """See `Pool`."""
        try:
            with shortages_told():
                child = self._spawn(spec)
        except OSError as exc:
            self._events.append(ActorDied(spec.name, f"it could not be started: {exc.strerror}"))
            return
        self._children[spec.name] = child
        self._send(spec.name, (spec, self._host_factory, self._niceness))

    def submit(self, call: Call) -> None:
        """See `Pool`. A call to an actor whose death is about to be reported is lost with it."""
        child = self._children.get(call.actor)
        if child is None:
            return
        child.line.append(call)
        if len(child.line) == 1:
            self._send_head(call.actor, child)

    def wait(self, *, timeout_s: float) -> list[PoolEvent]:
        """See `Pool`."""
        if self._children and not self._events:
            names = {child.connection: name for name, child in self._children.items()}
            for connection in wait(list(names), timeout=timeout_s):
                self._receive(names[connection])  # type: ignore[index] # they are the very ones that were given
        events, self._events = self._events, []
        return events

    def kill(self, actor: str) -> None:
        """See `Pool`."""
        if actor in self._children:
            self._children[actor].process.kill()
            self._bury(actor, "killed")

    def stop(self) -> None:
        """See `Pool`."""
        for name, child in list(self._children.items()):
            if child.ready and not child.line:
                self._send(name, None)
        end_s = time.monotonic() + CLOSE_S
        for child in self._children.values():
            if child.ready and not child.line:
                with suppress(subprocess.TimeoutExpired):
                    child.process.wait(timeout=max(0.0, end_s - time.monotonic()))
            _end(child)
        self._children.clear()
        self._events.clear()

    def _spawn(self, spec: ActorSpec) -> _Child:
        ours, theirs = socket.socketpair()
        limit = struct.pack("@ll", STUCK_S, 0)
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            ours.setsockopt(socket.SOL_SOCKET, option, limit)
        with ours, theirs:
            # -P: the working directory may be an inbox, and a stranger's `numpy.py` in it is not to be run.
            command = [sys.executable, "-P", "-m", "actors.pool.worker", str(theirs.fileno()), str(os.getpid())]
            process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # `reelwatch process` prints documents there; libraries print anything
                pass_fds=(theirs.fileno(),),
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            return _Child(spec, process, Connection(ours.detach()))

    def _send_head(self, name: str, child: _Child) -> None:
        call = child.line[0]
        self._send(name, (call.operation, [item.item for item in call.items]), *slots_of(call.items))

    def _send(self, name: str, message: object, *slots: bytes | None) -> None:
        child = self._children[name]
        try:
            child.connection.send_bytes(pickle.dumps(message))
            send_slots(child.connection, slots)
        except OSError:
            self._bury(name, "it took no more messages")

    def _receive(self, name: str) -> None:
        child = self._children[name]
        try:
            answer = _read(child.connection)
            if isinstance(answer, str):
                self._bury(name, answer)
            elif isinstance(answer, HostReport):
                child.ready = True
                self._events.append(ActorReady(name, answer.pid, answer.load_s, answer.unavailable))
            else:
                self._answered(name, child, answer)
        except (OSError, EOFError):  # cut off in the middle of a message
            self._bury(name, "it stopped answering")

    def _answered(self, name: str, child: _Child, answer: Answer) -> None:
        parts = threes(receive_slots(child.connection, count=answer.slots))
        payloads = tuple(handles(part, there) for part, there in zip(parts, answer.presences, strict=False))
        call = child.line.popleft()
        self._events.append(CallDone(call.call_id, tuple(answer.outcomes), payloads, answer.resident_mib))
        if child.line:
            self._send_head(name, child)

    def _bury(self, name: str, reason: str) -> None:
        """Report an actor's death once, with the calls it takes along, oldest first."""
        child = self._children.pop(name)
        reason = reason if reason == "killed" else _own_end(child.process) or reason
        _end(child)
        self._events.append(ActorDied(name, reason, tuple(call.call_id for call in child.line)))


def _read(connection: Connection) -> HostReport | Answer | str:
    """Return what a child says; a sentence where it has failed. Raises OSError and EOFError where it was cut off."""
    try:
        answer: HostReport | Answer | str = pickle.loads(connection.recv_bytes())  # noqa: S301 - from our own child
    except (OSError, EOFError):
        raise
    except Exception:  # noqa: BLE001 - a child whose memory a decoder has damaged may say anything; it alone is ended
        return "it answered with nonsense"
    return answer


def _own_end(process: subprocess.Popen[bytes]) -> str:
    """Say how a process has ended by itself; empty while it runs. Its socket closes a moment before it is gone."""
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(timeout=0.5)
        return (
            f"its process was ended by {signal.Signals(-code).name}" if code < 0 else f"its process ended with {code}"
        )
    return ""


def _end(child: _Child) -> None:
    child.process.kill()
    with suppress(subprocess.TimeoutExpired):
        child.process.wait(timeout=REAP_S)
    child.connection.close()
