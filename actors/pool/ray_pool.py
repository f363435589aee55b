"""The one module that imports Ray: actors are processes, payloads live in the object store, calls are futures.

What Ray 2.60 makes necessary here: `address="local"` always, or `init` joins any cluster it finds; `local_mode` is
gone; `init` replaces the SIGTERM handler, so the caller's is put back; values are returned, never `ray.put` inside an
actor, for a dead actor's objects raise `OwnerDiedError`; handles are top-level arguments, or they arrive unopened;
`max_restarts=0`, because Ray's own restart runs a crashing call again and fails the healthy one queued behind it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ray
from ray.exceptions import NodeDiedError, OutOfMemoryError, RayActorError, RayError, WorkerCrashedError

from actors.backend import Failure, Outcome, StageItem, StageStatus
from actors.host import ActorHost, resident_mib
from actors.pool.base import ActorDied, ActorReady, ActorSpec, Call, CallDone, Host, HostReport, PayloadRefs, PoolEvent
from actors.pool.fake_pool import references
from actors.pool.ray_options import RayOptions, make_token

DEATHS = (RayActorError, NodeDiedError, WorkerCrashedError, OutOfMemoryError)
"""Ray's ways to say that a process is gone; they are siblings, not one tree."""
CLOSE_S = 10.0
"""How long the actors may take, together, to close in order."""
_SLOTS = 3  # audio, frames, keyframes


class _Actor:
    """An `ActorHost` as Ray sees it."""

    def __init__(self, spec: ActorSpec, host_factory: Callable[[ActorSpec], Host]) -> None:
        self._host = host_factory(spec)

    def load(self) -> HostReport:
        return self._host.load()

    def call(self, operation: str, items: list[StageItem], *slots: Any) -> Any:
        opened = [
            replace(item, audio=audio, frames=frames, keyframes=keyframes)
            for item, (audio, frames, keyframes) in zip(items, _threes(slots), strict=True)
        ]
        outcomes = self._host.call(operation, opened)
        refs = [references(outcome.payloads) for outcome in outcomes]
        bare = [replace(outcome, payloads=None) for outcome in outcomes]
        summary = (bare, [_presence(ref) for ref in refs], resident_mib())
        if operation != "decode":
            return summary
        return [summary, *(part for ref in refs for part in (ref.audio, ref.frames, ref.keyframes))]

    def close(self) -> None:
        self._host.close()


@dataclass(slots=True)
class _InFlight:
    call: Call
    refs: list[Any]


class RayPool:
    """Actors on a local Ray instance that this object starts and stops."""

    def __init__(self, options: RayOptions, host_factory: Callable[[ActorSpec], Host] = ActorHost) -> None:
        self._options = options
        self._host_factory = host_factory
        self._actors: dict[str, Any] = {}
        self._loading: dict[Any, str] = {}
        self._calls: dict[Any, _InFlight] = {}
        self._events: list[PoolEvent] = []

    def start(self, spec: ActorSpec) -> None:
        """See `Pool`. The first actor also starts Ray, which takes seconds."""
        if not ray.is_initialized():
            self._init()
        remote = ray.remote(num_cpus=spec.resources.num_cpus, max_restarts=0, max_task_retries=0)(_Actor)
        actor = remote.remote(spec, self._host_factory)
        self._actors[spec.name] = actor
        self._loading[actor.load.remote()] = spec.name

    def submit(self, call: Call) -> None:
        """See `Pool`."""
        slots = [part for i in call.items for part in (i.payloads.audio, i.payloads.frames, i.payloads.keyframes)]
        returns = 1 + _SLOTS * len(call.items) if call.operation == "decode" else 1
        method = self._actors[call.actor].call.options(num_returns=returns)
        result = method.remote(call.operation, [item.item for item in call.items], *slots)
        refs = list(result) if returns > 1 else [result]
        self._calls[refs[0]] = _InFlight(call, refs)

    def wait(self, *, timeout_s: float) -> list[PoolEvent]:
        """See `Pool`."""
        pending = [*self._loading, *self._calls]
        if pending and not self._events:
            ready, rest = ray.wait(pending, num_returns=1, timeout=timeout_s)
            if ready and rest:
                ready += ray.wait(rest, num_returns=len(rest), timeout=0)[0]
            for ref in ready:
                self._collect(ref)
        events, self._events = self._events, []
        return events

    def kill(self, actor: str) -> None:
        """See `Pool`."""
        handle = self._actors.get(actor)
        if handle is not None:
            ray.kill(handle)
            self._bury(actor, "killed")

    def stop(self) -> None:
        """See `Pool`."""
        if not ray.is_initialized():
            return
        closing = [actor.close.remote() for actor in self._actors.values()]
        with contextlib.suppress(RayError):  # an actor that will not close is killed below
            ray.wait(closing, num_returns=len(closing), timeout=CLOSE_S)
        for actor in self._actors.values():
            ray.kill(actor)
        self._actors.clear()
        self._loading.clear()
        self._calls.clear()
        self._events.clear()
        ray.shutdown(wait_for_processes=True)

    def _init(self) -> None:
        options = self._options
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_worker_niceness", str(options.niceness))
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")
        if options.auth_token is not None:
            make_token(options.auth_token)
            os.environ.setdefault("RAY_AUTH_TOKEN_PATH", str(options.auth_token))
        with _signals_kept():
            ray.init(
                address="local",
                num_cpus=options.num_cpus,
                object_store_memory=options.object_store_mib * 2**20,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",  # it warns that authentication is on, which is as it should be
                _temp_dir=options.temp_dir,
            )

    def _collect(self, ref: Any) -> None:
        """Turn a finished future into an event; a call already buried with its actor is passed over."""
        if ref in self._loading:
            self._collect_load(ref, self._loading.pop(ref))
        elif ref in self._calls:
            self._collect_call(ref, self._calls[ref])

    def _collect_load(self, ref: Any, actor: str) -> None:
        try:
            report: HostReport = ray.get(ref)
        except RayError as exc:
            self._bury(actor, _sentence(exc))
            return
        self._events.append(ActorReady(actor, report.pid, report.load_s, report.unavailable))

    def _collect_call(self, ref: Any, flight: _InFlight) -> None:
        try:
            outcomes, presences, resident = ray.get(ref)
        except DEATHS as exc:
            self._bury(flight.call.actor, _sentence(exc))
            return
        except RayError as exc:
            # The host never raises, so this is Ray's own trouble with a value (lost, too large, not picklable).
            del self._calls[ref]
            failed = Outcome(StageStatus.FAILED, reason=_sentence(exc), failure=Failure.TRANSIENT)
            self._events.append(CallDone(flight.call.call_id, tuple(failed for _ in flight.call.items)))
            return
        del self._calls[ref]
        payloads = tuple(
            _handles(parts, presence) for parts, presence in zip(_threes(flight.refs[1:]), presences, strict=False)
        )
        self._events.append(CallDone(flight.call.call_id, tuple(outcomes), payloads, resident))

    def _bury(self, actor: str, reason: str) -> None:
        """Report an actor's death once, with the calls it takes along, oldest first."""
        if self._actors.pop(actor, None) is None:
            return
        self._loading = {ref: name for ref, name in self._loading.items() if name != actor}
        lost = [ref for ref, flight in self._calls.items() if flight.call.actor == actor]
        ids = tuple(self._calls.pop(ref).call.call_id for ref in lost)
        self._events.append(ActorDied(actor, reason, ids))


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Put SIGTERM and SIGINT back as they were: `ray.init` installs a SIGTERM handler that exits at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            with contextlib.suppress(ValueError):  # not the main thread: Ray could not touch them either
                signal.signal(number, handler)


def _threes(parts: Sequence[Any]) -> list[tuple[Any, Any, Any]]:
    return [(parts[i], parts[i + 1], parts[i + 2]) for i in range(0, len(parts), _SLOTS)]


def _presence(refs: PayloadRefs) -> PayloadRefs:
    """Say which values there are and how large, without the values."""
    return replace(refs, audio=_there(refs.audio), frames=_there(refs.frames), keyframes=_there(refs.keyframes))


def _there(value: Any) -> bool | None:
    return True if value is not None else None


def _handles(parts: tuple[Any, Any, Any], presence: PayloadRefs) -> PayloadRefs:
    """Keep a handle only where there is a value behind it, so that the driver knows what it holds."""
    audio, frames, keyframes = parts
    return replace(
        presence,
        audio=audio if presence.audio else None,
        frames=frames if presence.frames else None,
        keyframes=keyframes if presence.keyframes else None,
    )


def _sentence(exc: BaseException) -> str:
    """Return what Ray's explanation begins and ends with: the kind of death, and the error that led to it."""
    lines = [_ANSI.sub("", line).strip() for line in str(exc).splitlines() if line.strip()]
    if not lines:
        return type(exc).__name__
    return lines[0][:200] if len(lines) == 1 else f"{lines[0][:200]} … {lines[-1][:200]}"


_ANSI = re.compile(r"\x1b\[[0-9;]*m")
