"""The pool for tests of what uses one: the same verbs, in this process, one call a `wait`, in an order that is known.

Tests put scripted hosts behind it, or the real backends. Not for a service: what decodes could not be killed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from actors.backend import Payloads, StageItem
from actors.host import ActorHost
from actors.pool.base import (
    ActorDied,
    ActorReady,
    ActorSpec,
    Call,
    CallDone,
    CallItem,
    Host,
    PayloadRefs,
    Place,
    PoolEvent,
)


class ActorCrash(BaseException):
    """Raised by a scripted host to die as a segfault would: not an `Exception`, so nothing in the actor catches it."""


class ActorHang(BaseException):
    """Raised by a scripted host to never answer: the call stays in flight until its actor is killed."""


class FakePool:
    """Runs actors in this process, deterministically: each `wait` carries out the oldest call that can run."""

    def __init__(self, host_factory: Callable[[ActorSpec], Host] = ActorHost) -> None:
        self._host_factory = host_factory
        self._hosts: dict[str, Host] = {}
        self._queues: dict[str, deque[Call]] = {}
        self._hung: set[str] = set()
        self._events: deque[PoolEvent] = deque()

    def places(self, *, num_cpus: float, on_card: bool) -> tuple[Place, ...]:
        """See `Pool`; one process is one place."""
        return (Place(num_cpus, int(on_card)),)

    def start(self, spec: ActorSpec) -> None:
        """See `Pool`."""
        host = self._host_factory(spec)
        self._queues[spec.name] = deque()
        try:
            report = host.load()
        except ActorCrash as exc:
            self._events.append(ActorDied(spec.name, str(exc) or "crashed while loading"))
            return
        self._hosts[spec.name] = host
        self._events.append(ActorReady(spec.name, report.pid, report.load_s, report.unavailable))

    def submit(self, call: Call) -> None:
        """See `Pool`."""
        self._queues[call.actor].append(call)

    def wait(self, *, timeout_s: float) -> list[PoolEvent]:  # noqa: ARG002 - nothing happens here by itself
        """See `Pool`; never sleeps, for nothing happens here by itself."""
        if not self._events:
            self._run_one()
        events = list(self._events)
        self._events.clear()
        return events

    def kill(self, actor: str) -> None:
        """See `Pool`."""
        self._die(actor, "killed")

    def stop(self) -> None:
        """See `Pool`."""
        for host in self._hosts.values():
            host.close()
        self._hosts.clear()
        self._queues.clear()
        self._events.clear()

    def _run_one(self) -> None:
        """Carry out the call with the lowest number among the heads of the queues that are not hung."""
        heads = [queue[0] for name, queue in self._queues.items() if queue and name not in self._hung]
        if not heads:
            return
        call = min(heads, key=lambda head: head.call_id)
        try:
            outcomes = self._hosts[call.actor].call(call.operation, [opened(item) for item in call.items])
        except ActorHang:
            self._hung.add(call.actor)
            return
        except ActorCrash as exc:
            self._die(call.actor, str(exc) or "crashed")
            return
        self._queues[call.actor].popleft()
        refs = tuple(references(outcome.payloads) for outcome in outcomes)
        self._events.append(CallDone(call.call_id, tuple(replace(o, payloads=None) for o in outcomes), refs))

    def _die(self, actor: str, reason: str) -> None:
        lost = tuple(call.call_id for call in self._queues.pop(actor, ()))
        self._hosts.pop(actor, None)
        self._hung.discard(actor)
        self._events.append(ActorDied(actor, reason, lost))


def opened(call_item: CallItem) -> StageItem:
    """Return the item with its payload handles put in place; here the handles are the values themselves."""
    refs = call_item.payloads
    return replace(call_item.item, audio=refs.audio, frames=refs.frames, keyframes=refs.keyframes)


def references(payloads: Payloads | None) -> PayloadRefs:
    """Return handles to payloads that stay in this process."""
    if payloads is None:
        return PayloadRefs()
    return PayloadRefs(
        payloads.audio, payloads.frames, payloads.keyframes, payloads.size_bytes, payloads.keyframes_bytes
    )
