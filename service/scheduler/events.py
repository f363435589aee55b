"""What the scheduler is told, and what it asks for; both are values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.backend import Outcome
from actors.fusion.request import FusionRequest
from actors.pool.base import ActorSpec, Call, PoolEvent
from actors.results import FusionReceipt
from service.scheduler.board import Ticket


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job was claimed and joins the board."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Identified:
    """The ledger knows the content: it is new or again ours; `stored` are its results by key."""

    job_id: int
    sha256: str
    stored: Mapping[str, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dropped:
    """The ledger has taken the job off our hands (a duplicate, or superseded meanwhile)."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Requested:
    """The ledger has allocated the document's name and the sidecars are read: fusion may run."""

    job_id: int
    request: FusionRequest


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Drained:
    """Whatever is still on the board must be given back now."""


Event = Claimed | Identified | Dropped | Requested | Ticked | Drained | PoolEvent


@dataclass(frozen=True, slots=True)
class StartActor:
    """Begin to start an actor."""

    spec: ActorSpec


@dataclass(frozen=True, slots=True)
class KillActor:
    """End an actor's process: it is past its deadline, or it is to be replaced by a fresh one."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class StopPool:
    """Stop all actors: nothing has happened for a while."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand a call to its actor."""

    call: Call


@dataclass(frozen=True, slots=True)
class RecordIdentity:
    """Tell the ledger what the content is; `Identified` or `Dropped` answers."""

    job_id: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoreResult:
    """Keep a durable result under its key."""

    job_id: int
    sha256: str
    stage: str
    key: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ReportStage:
    """Say in the log (and to whoever watches) how a stage ended; `cached` when it was found in the ledger."""

    job_id: int
    stage: str
    outcome: Outcome
    cached: bool = False


@dataclass(frozen=True, slots=True)
class RequestFusion:
    """Ask for the document's name and sidecars; `Requested` answers."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The document is on disk: the job is done, or parked where a stage had to be given up."""

    job_id: int
    receipt: FusionReceipt
    parked_because: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """The bytes are at fault."""

    job_id: int
    reason: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """Nothing more can be done about this video by itself."""

    job_id: int
    reason: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Supersede:
    """The file is no longer the generation that was claimed."""

    job_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Block:
    """The file cannot be opened; intake will see when it can."""

    job_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Vanish:
    """The file is no longer there."""

    job_id: int


@dataclass(frozen=True, slots=True)
class RetryLater:
    """A transient failure: back to the queue, not before `after_s` from now."""

    job_id: int
    after_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """An actor died or hung on this video: back to the queue, to run alone."""

    job_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Park:
    """Actors died or hung on this video too often, on a stage the document cannot do without."""

    job_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """Back to the queue with the attempt refunded; `pause` names the fault of the host that must pass first."""

    job_id: int
    pause: str | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """An actor without which no document can be made cannot be kept alive: the service must end with this reason."""

    reason: str


Action = (
    StartActor
    | KillActor
    | StopPool
    | Submit
    | RecordIdentity
    | StoreResult
    | ReportStage
    | RequestFusion
    | Finish
    | Reject
    | Fail
    | Supersede
    | Block
    | Vanish
    | RetryLater
    | Suspect
    | Park
    | Release
    | GiveUp
)
