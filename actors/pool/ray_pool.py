"""The one module that imports Ray: actors are processes, payloads live in the object store, calls are futures.

What Ray 2.60 makes necessary here: an address always, or `init` joins any cluster it finds; `local_mode` is gone;
`init` replaces the SIGTERM handler, so the caller's is put back; values are returned, never `ray.put` inside an
actor, for a dead actor's objects raise `OwnerDiedError`; handles are top-level arguments, or they arrive unopened;
`max_restarts=0`, because Ray's own restart runs a crashing call again and fails the healthy one queued behind it;
`num_cpus` and `num_gpus` are always said, or Ray reserves a CPU of its own choosing and looks for cards itself; the job
is a "client's", or workers import what lies in the working directory: it may be an inbox with a stranger's `numpy.py`.

A lost node shows itself first as `ActorUnavailableError` (1 to 2 s; `ray.nodes()` believes in it for 12 s more), a
lost process on a living node as `ActorDiedError` at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray import exceptions as errors
from ray.job_config import JobConfig
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from actors.backend import Failure, Outcome, StageStatus
from actors.errors import EnvironmentFault
from actors.faults import shortages_told
from actors.host import ActorHost
from actors.pool.base import (
    CLOSE_S,
    PAYLOADS_LOST,
    ActorDied,
    ActorReady,
    ActorSpec,
    Call,
    CallDone,
    Host,
    HostReport,
    Place,
    PoolEvent,
    SetLost,
)
from actors.pool.ray_options import RayOptions, discard, knock, prepare, signals_kept
from actors.pool.remote import SLOTS, RemoteHost, bundle, fitting, handles, sentence, slots_of, threes

DEATHS = (errors.RayActorError, errors.NodeDiedError, errors.WorkerCrashedError, errors.OutOfMemoryError)
"""Ray's ways to say that a process is gone; they are siblings, not one tree."""


@dataclass(frozen=True, slots=True)
class _Started:
    spec: ActorSpec
    handle: Any


class RayPool:
    """Actors on a Ray instance that this object starts and stops, or on a cluster that it joins and leaves."""

    def __init__(self, options: RayOptions, host_factory: Callable[[ActorSpec], Host] = ActorHost) -> None:
        self._options = options
        self._host_factory = host_factory
        self._actors: dict[str, _Started] = {}
        self._groups: dict[int, Any] = {}
        self._loading: dict[Any, str] = {}
        self._calls: dict[Any, tuple[Call, list[Any]]] = {}
        self._events: list[PoolEvent] = []
        self._session: Path | None = None

    def places(self, *, num_cpus: float, on_card: bool) -> tuple[Place, ...]:
        """See `Pool`. Raises `EnvironmentFault` where no cluster answers."""
        self._init()
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return fitting(nodes, num_cpus=num_cpus, on_card=on_card)

    def start(self, spec: ActorSpec) -> None:
        """See `Pool`. The first actor also starts Ray, which takes seconds."""
        self._init()
        strategy = None if spec.place is None else PlacementGroupSchedulingStrategy(self._group(spec, spec.place))
        remote = ray.remote(
            num_cpus=spec.resources.num_cpus,
            num_gpus=spec.card_share,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy=strategy,
        )(RemoteHost)
        handle = remote.remote(spec, self._host_factory)
        self._actors[spec.name] = _Started(spec, handle)
        self._loading[handle.load.remote()] = spec.name

    def submit(self, call: Call) -> None:
        """See `Pool`. A call to an actor whose death is about to be reported is lost with it."""
        started = self._actors.get(call.actor)
        if started is None:
            return
        returns = 1 + SLOTS * len(call.items) if call.operation == "decode" else 1
        method = started.handle.call.options(num_returns=returns)
        result = method.remote(call.operation, [item.item for item in call.items], *slots_of(call.items))
        refs = list(result) if returns > 1 else [result]
        self._calls[refs[0]] = (call, refs)

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
        started = self._actors.get(actor)
        if started is None:
            return
        group = self._groups.get(started.spec.replica)
        if group is not None and not group.wait(0):
            self._lose(started.spec.replica, f"no node has room for {bundle(started.spec.place)}")
            return
        ray.kill(started.handle)
        self._bury(actor, "killed")

    def stop(self) -> None:
        """See `Pool`."""
        if not ray.is_initialized():
            return
        at_work = {*self._loading.values(), *(call.actor for call, _ in self._calls.values())}
        closing = [held.handle.close.remote() for name, held in self._actors.items() if name not in at_work]
        if closing:
            with contextlib.suppress(errors.RayError):  # an actor that will not close is killed below
                ray.wait(closing, num_returns=len(closing), timeout=CLOSE_S)
        for started in self._actors.values():
            ray.kill(started.handle)
        for group in self._groups.values():
            remove_placement_group(group)
        for held in (self._groups, self._actors, self._loading, self._calls):
            held.clear()
        self._events.clear()
        ray.shutdown(wait_for_processes=True)  # of a cluster that was joined, this only takes leave
        if self._session is not None:
            discard(self._session)

    def _init(self) -> None:
        if ray.is_initialized():
            return
        options = self._options
        prepare(options)
        if options.address:
            self._join(options.address)
            return
        with signals_kept(), shortages_told():
            started = ray.init(
                address="local",
                job_config=JobConfig(_client_job=True),
                num_cpus=options.num_cpus,
                num_gpus=options.num_gpus,
                object_store_memory=options.object_store_mib * 2**20,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",  # it warns that authentication is on, which is as it should be
                _temp_dir=options.temp_dir,
            )
        self._session = Path(started.address_info["session_dir"])

    @staticmethod
    def _join(address: str) -> None:
        # The token, too, is the cluster's: Ray finds it by RAY_AUTH_TOKEN_PATH or in the home directory.
        try:
            with signals_kept():
                knock(address)
                ray.init(
                    address=address, job_config=JobConfig(_client_job=True), log_to_driver=False, logging_level="ERROR"
                )
        except (OSError, RuntimeError, ValueError) as exc:
            raise EnvironmentFault("no_cluster", f"no Ray cluster can be joined at {address}: {exc}") from exc

    def _group(self, spec: ActorSpec, place: Place) -> Any:
        """Return the placement group of the actor's replica set; the first of its actors has it made."""
        if spec.replica not in self._groups:
            self._groups[spec.replica] = placement_group([bundle(place)], strategy="STRICT_PACK")
        return self._groups[spec.replica]

    def _collect(self, ref: Any) -> None:
        """Turn a finished future into an event; a call already buried with its actor is passed over."""
        if ref in self._loading:
            self._collect_load(ref, self._loading.pop(ref))
        elif ref in self._calls:
            self._collect_call(ref, *self._calls[ref])

    def _collect_load(self, ref: Any, actor: str) -> None:
        try:
            report: HostReport = ray.get(ref)
        except errors.RayError as exc:
            self._gone(actor, exc)
            return
        self._events.append(ActorReady(actor, report.pid, report.load_s, report.unavailable))

    def _collect_call(self, ref: Any, call: Call, refs: list[Any]) -> None:
        try:
            outcomes, presences, resident = ray.get(ref)
        except DEATHS as exc:
            self._gone(call.actor, exc)
            return
        except errors.RayError as exc:
            # The host never raises, so this is Ray's own trouble with a value (lost, too large, not picklable).
            del self._calls[ref]
            reason = PAYLOADS_LOST if isinstance(exc, errors.ObjectLostError) else sentence(exc)
            failed = Outcome(StageStatus.FAILED, reason=reason, failure=Failure.TRANSIENT, detail=sentence(exc))
            self._events.append(CallDone(call.call_id, tuple(failed for _ in call.items)))
            return
        del self._calls[ref]
        payloads = tuple(handles(parts, there) for parts, there in zip(threes(refs[1:]), presences, strict=False))
        self._events.append(CallDone(call.call_id, tuple(outcomes), payloads, resident))

    def _gone(self, actor: str, exc: errors.RayError) -> None:
        """Report a death that Ray tells of: of the actor alone, or of the node it was placed on."""
        spec = self._actors[actor].spec
        if spec.place is not None and _takes_the_node(exc):
            self._lose(spec.replica, sentence(exc))
        else:
            self._bury(actor, sentence(exc))

    def _lose(self, replica: int, reason: str) -> None:
        """Report a replica set's loss once; what may still run of it is ended, so that nothing works twice."""
        for name in [name for name, started in self._actors.items() if started.spec.replica == replica]:
            ray.kill(self._actors.pop(name).handle)
            self._forget(name)
        remove_placement_group(self._groups.pop(replica))
        self._events.append(SetLost(replica, reason))

    def _bury(self, actor: str, reason: str) -> None:
        """Report an actor's death once, with the calls it takes along, oldest first."""
        if self._actors.pop(actor, None) is None:
            return
        self._events.append(ActorDied(actor, reason, self._forget(actor)))

    def _forget(self, actor: str) -> tuple[int, ...]:
        """Let go of an actor's futures; return the calls that were among them, oldest first."""
        self._loading = {ref: name for ref, name in self._loading.items() if name != actor}
        lost = [ref for ref, (call, _) in self._calls.items() if call.actor == actor]
        return tuple(self._calls.pop(ref)[0].call_id for ref in lost)


def _takes_the_node(exc: errors.RayError) -> bool:
    return isinstance(exc, errors.NodeDiedError | errors.ActorUnavailableError) or "its node has died" in str(exc)
