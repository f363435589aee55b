"""What the driver may ask of a pool, and what a pool reports: Ray's, child processes, or the fake within a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from actors.backend import Outcome, Resources, StageItem


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A backend to be loaded in an actor: its entry-point name and its options as plain values."""

    stage: str
    backend: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """The part of one node that a replica set has to itself: logical CPUs, and a card or none.

    All actors of a set live in one place, so that a video's frames never cross the network.
    """

    num_cpus: float
    num_gpus: int = 0


@dataclass(frozen=True, slots=True)
class ActorSpec:
    """One actor process: what it holds and what it takes.

    card_share: the fraction of one card that is reserved for it (logical: see `actors.models.cards` for the bound).
    replica: which replica set it belongs to. place: what the set has to itself; None: anywhere in a pool of one's own.
    """

    name: str
    backends: tuple[BackendSpec, ...]
    resources: Resources
    card_share: float = 0.0
    replica: int = 0
    place: Place | None = None

    @property
    def role(self) -> str:
        """The actor's name in the plan, the same in every replica set: `speech` of `speech@1`."""
        return self.name.partition("@")[0]

    def in_set(self, replica: int, *, place: Place | None) -> ActorSpec:
        """Return the spec of this actor in a replica set."""
        name = f"{self.role}@{replica}" if replica else self.role
        return replace(self, name=name, replica=replica, place=place)


@dataclass(frozen=True, slots=True)
class PayloadRefs:
    """Opaque handles to a decode's large values; None where there is no such value. The driver never opens them."""

    audio: Any = None
    frames: Any = None
    keyframes: Any = None
    size_bytes: int = 0
    keyframes_bytes: int = 0

    def only_keyframes(self) -> PayloadRefs:
        """Let go of what only the models needed; fusion still wants the keyframes."""
        return PayloadRefs(None, None, self.keyframes, self.keyframes_bytes, self.keyframes_bytes)


@dataclass(frozen=True, slots=True)
class CallItem:
    """One video in a call: the small values, and handles that the pool turns into arrays in the actor."""

    item: StageItem
    payloads: PayloadRefs = field(default_factory=PayloadRefs)


@dataclass(frozen=True, slots=True)
class Call:
    """One method call on an actor; `operation` is a stage's name, or `identify`."""

    call_id: int
    actor: str
    operation: str
    items: tuple[CallItem, ...]


@dataclass(frozen=True, slots=True)
class ActorReady:
    """The actor has loaded; `unavailable` maps stages that could not be loaded to the reason."""

    actor: str
    pid: int
    load_s: float
    unavailable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActorDied:
    """The actor's process is gone; the calls that were in flight are lost, oldest first."""

    actor: str
    reason: str
    lost: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SetLost:
    """A replica set is gone with its node, or there is no node with room for it: no video is to blame.

    All its actors, the calls in flight there and what its decoder had delivered are lost; no other event tells of them.
    """

    replica: int
    reason: str


@dataclass(frozen=True, slots=True)
class CallDone:
    """A call has ended: one outcome per item; payload handles per item, present only for decodes."""

    call_id: int
    outcomes: tuple[Outcome, ...]
    payloads: tuple[PayloadRefs, ...] = ()
    resident_mib: float = 0.0
    """The actor's memory after the call; 0.0 where the actor shares the driver's process (the fake pool)."""


class Host(Protocol):
    """What stands behind an actor's name: `actors.host.ActorHost`, or a test's stand-in."""

    def load(self) -> HostReport:
        """See `ActorHost.load`."""

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        """See `ActorHost.call`."""

    def close(self) -> None:
        """See `ActorHost.close`."""


@dataclass(frozen=True, slots=True)
class HostReport:
    """What an actor says once it has loaded: its process, how long loading took, and stages it cannot serve."""

    pid: int
    load_s: float
    unavailable: Mapping[str, str] = field(default_factory=dict)


CLOSE_S = 10.0
"""How long the actors may take, together, to close in order."""

PAYLOADS_LOST = "payloads_lost"
"""The reason of a call that could not be made because its decoded values are no longer anywhere: decode again."""

PoolEvent = ActorReady | ActorDied | SetLost | CallDone


class Pool(Protocol):
    """Six verbs. None blocks for long except `wait` (up to its timeout), `stop`, and `places`, which starts Ray."""

    def places(self, *, num_cpus: float, on_card: bool) -> tuple[Place, ...]:
        """Return where replica sets of this size would fit, one place for each; empty: nowhere."""

    def start(self, spec: ActorSpec) -> None:
        """Begin to start an actor; `ActorReady` or `ActorDied` follows from `wait`.

        Raises `EnvironmentFault` where the host is too short of something (processes, files) to start any.
        """

    def submit(self, call: Call) -> None:
        """Hand a call to its actor; calls of one actor run one after another in the order given."""

    def wait(self, *, timeout_s: float) -> list[PoolEvent]:
        """Return what has happened, waiting at most `timeout_s` for something to happen."""

    def kill(self, actor: str) -> None:
        """End an actor's process at once; `ActorDied` with its lost calls follows from `wait`.

        Where there was no node for it to begin with, `SetLost` follows.
        """

    def stop(self) -> None:
        """Close every actor in order, bounded in time, and leave no process behind."""
