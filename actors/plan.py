"""The plan of a pool: which backend serves each stage, in which order they run, and what a result's key depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from actors.backend import Resources, StageStatus
from actors.pool.base import ActorSpec, BackendSpec

PAYLOADS = ("audio", "frames", "keyframes")
DECODE, FUSION, IDENTIFY = "decode", "fusion", "identify"
REQUIRED = (DECODE, FUSION)
NO_RESOURCES = Resources(num_cpus=0.0, ram_mib=0)


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


def _actor_spec(name: str, stages: Sequence[PlannedStage]) -> ActorSpec:
    resources = Resources(
        num_cpus=max(stage.resources.num_cpus for stage in stages),
        ram_mib=sum(stage.resources.ram_mib for stage in stages),
        vram_mib=sum(stage.resources.vram_mib for stage in stages),
        # One backend without a limit means a process without.
        most_mib=sum(limits) if all(limits := [stage.resources.most_mib for stage in stages]) else 0,
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
