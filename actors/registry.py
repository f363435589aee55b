"""Which backend serves which stage: entry points, preference lists, and the stage graph derived from `needs`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from actors.backend import Backend, BackendOptions, Resources, StageStatus
from actors.pool.base import ActorSpec, BackendSpec

GROUP = "reelwatch.backends"
PAYLOADS = ("audio", "frames", "keyframes")
DECODE, FUSION, IDENTIFY = "decode", "fusion", "identify"
REQUIRED = (DECODE, FUSION)
NO_RESOURCES = Resources(num_cpus=0.0, ram_mib=0)


class PlanError(Exception):
    """The stages cannot be planned: the message names stage, backend, value and remedy."""


Loader = Callable[[], type[Backend[Any]]]


def installed() -> dict[str, Loader]:
    """Return what loads each registered backend class, by name; a third party adds one by an entry point.

    Nothing is imported until a loader is called: a plug-in that is broken harms only those who ask for it.
    """
    return {point.name: point.load for point in entry_points(group=GROUP)}


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """One stage as it will run here: its backend, or why there is none (`disabled`, `unavailable`)."""

    name: str
    backend: str | None
    status: StageStatus
    reason: str | None = None
    actor: str = ""
    needs: tuple[str, ...] = ()
    identity: str = ""
    """Backend, revision, model revision and the options that alter the output, as canonical JSON."""
    revision: int = 0
    model: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    resources: Resources = NO_RESOURCES
    batch_size: int = 1

    @property
    def runs(self) -> bool:
        """Whether the stage has a backend to run."""
        return self.backend is not None

    @property
    def payload_needs(self) -> frozenset[str]:
        """Which of the decode's large values the stage reads."""
        return frozenset(self.needs) & frozenset(PAYLOADS)

    @property
    def upstream(self) -> tuple[str, ...]:
        """The stages whose outcomes must be known before this one runs."""
        if self.name == DECODE:
            return ()
        return (DECODE, *(need for need in self.needs if need not in PAYLOADS and need != DECODE))


@dataclass(frozen=True)
class Plan:
    """All stages in an order in which each comes after its upstream; fusion comes last."""

    stages: tuple[PlannedStage, ...]

    @cached_property
    def by_name(self) -> Mapping[str, PlannedStage]:
        """The stages by name."""
        return {stage.name: stage for stage in self.stages}

    @cached_property
    def analysis(self) -> tuple[PlannedStage, ...]:
        """The stages that run between decoding and fusion."""
        return tuple(stage for stage in self.stages if stage.runs and stage.name not in REQUIRED)

    @cached_property
    def expected(self) -> tuple[str, ...]:
        """The stages the profile asks for: all but the disabled ones and fusion."""
        return tuple(s.name for s in self.stages if s.status is not StageStatus.DISABLED and s.name != FUSION)

    @cached_property
    def settings_key(self) -> str:
        """Fingerprint of every setting that alters documents; `status` counts documents made under another one."""
        return _digest(*(stage.identity or f"{stage.name}:{stage.status}" for stage in self.stages))

    def actors(self) -> tuple[ActorSpec, ...]:
        """One spec per actor that has something to hold; its resources are the largest of what it holds."""
        held: dict[str, list[PlannedStage]] = {}
        for stage in self.stages:
            if stage.runs:
                held.setdefault(stage.actor, []).append(stage)
        return tuple(_actor_spec(name, stages) for name, stages in held.items())

    def key(self, stage: str, *, sha256: str, upstream: Mapping[str, str]) -> str:
        """Return the key of a stage's result: 64 hex digits over content, backend identity and upstream keys."""
        planned = self.by_name[stage]
        return _digest(sha256, planned.identity, *(f"{name}={upstream[name]}" for name in planned.upstream))

    def dependants(self, stage: str) -> tuple[str, ...]:
        """Return `stage` and every stage that reads its result, directly or not."""
        found = [stage]
        for candidate in self.stages:
            if any(name in found for name in candidate.upstream) and candidate.name not in found:
                found.append(candidate.name)
        return tuple(found)


def resolve(
    preferences: Mapping[str, Sequence[str]],
    options: Mapping[str, Mapping[str, Any]],
    *,
    backends: Mapping[str, Loader] | None = None,
) -> Plan:
    """Choose for each stage the first available backend of its preference list.

    An empty list means the profile does not ask for the stage (`disabled`). A named backend that is not registered
    or not available is passed over; when none is left the stage is `unavailable` with every reason. Options that a
    backend does not know are refused, for they belong to the backend that would run.

    Raises `PlanError` for wrong options, a needed stage that does not exist, a cycle, or an unavailable required stage.
    """
    known = installed() if backends is None else backends
    planned = [_choose(stage, names, options.get(stage, {}), known) for stage, names in preferences.items()]
    for stage in planned:
        if stage.name in REQUIRED and not stage.runs:
            raise PlanError(f"stage {stage.name} is required but cannot run: {stage.reason or 'it is disabled'}")
    return Plan(stages=_ordered(planned))


def _choose(stage: str, names: Sequence[str], options: Mapping[str, Any], known: Mapping[str, Loader]) -> PlannedStage:
    if not names:
        return PlannedStage(stage, None, StageStatus.DISABLED, "the profile does not ask for it")
    reasons = []
    for name in names:
        backend, reason = _loaded(name, known)
        if backend is not None and reason is None:
            return _plan(stage, name, backend, options)
        reasons.append(f"{name}: {reason}")
    return PlannedStage(stage, None, StageStatus.UNAVAILABLE, "; ".join(reasons))


def _loaded(name: str, known: Mapping[str, Loader]) -> tuple[type[Backend[Any]] | None, str | None]:
    """Return the backend's class and why it cannot run here, if so."""
    if name not in known:
        return None, "no backend of this name is installed"
    try:
        backend = known[name]()
    except ImportError as exc:
        return None, f"cannot be imported: {exc}"
    return backend, backend.available()


def _plan(stage: str, name: str, backend: type[Backend[Any]], options: Mapping[str, Any]) -> PlannedStage:
    parsed = _parse_options(stage, name, backend, options)
    model = backend.model_revision(parsed)
    altering = parsed.model_dump(mode="json", exclude=set(backend.options_type.neutral))
    identity = json.dumps([stage, name, backend.revision, model, altering], sort_keys=True, separators=(",", ":"))
    return PlannedStage(
        stage,
        name,
        StageStatus.DONE,
        actor=backend.actor,
        needs=backend.needs,
        identity=identity,
        revision=backend.revision,
        model=model,
        options=parsed.model_dump(mode="json"),
        resources=backend.resources,
        batch_size=backend.batch_size,
    )


def _parse_options(stage: str, name: str, backend: type[Backend[Any]], options: Mapping[str, Any]) -> BackendOptions:
    try:
        return backend.options_type(**options)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        known = ", ".join(sorted(backend.options_type.model_fields))
        raise PlanError(
            f"[stages.{stage}.options] {where} = {first.get('input')!r}: {first['msg']} (options of {name}: {known})"
        ) from exc


def _ordered(planned: Sequence[PlannedStage]) -> tuple[PlannedStage, ...]:
    by_name = {stage.name: stage for stage in planned}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for stage in planned:
        for need in stage.upstream:
            if need not in by_name:
                raise PlanError(f"stage {stage.name} ({stage.backend}) needs {need!r}, which no stage provides")
        sorter.add(stage.name, *stage.upstream)
    try:
        return tuple(by_name[name] for name in sorter.static_order())
    except CycleError as exc:
        raise PlanError(f"the stages need each other in a circle: {' -> '.join(exc.args[1])}") from exc


def _actor_spec(name: str, stages: Sequence[PlannedStage]) -> ActorSpec:
    resources = Resources(
        num_cpus=max(stage.resources.num_cpus for stage in stages),
        ram_mib=sum(stage.resources.ram_mib for stage in stages),
        vram_mib=sum(stage.resources.vram_mib for stage in stages),
    )
    return ActorSpec(
        name, tuple(BackendSpec(s.name, s.backend, s.options) for s in stages if s.backend is not None), resources
    )


def _digest(*parts: str) -> str:
    """SHA-256 over length-prefixed parts, so that no two lists of parts can read the same."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return digest.hexdigest()
