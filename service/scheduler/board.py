"""The scheduler's state, as values: the videos on the board, the actors' slots, and the limits it works within."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from actors.backend import Outcome, SourceRef
from actors.fusion.request import FusionRequest
from actors.plan import Plan
from actors.pool.base import ActorSpec, PayloadRefs
from actors.results import Media

IN_FLIGHT_PER_ACTOR = 2
"""One running and one waiting at the actor, so that it never idles between two calls (DESIGN 2.7)."""
DEATHS_WITHOUT_SUCCESS = 5
"""An actor that dies so often without answering one call in between cannot work here; its stages are unavailable."""
DEATHS_TO_PARK = 2
"""A video on which actors died or hung so often is parked (DESIGN 6)."""
LOSSES_TO_RETRY = 3
"""Decoded values that got lost so often for one video are a trouble of the host: wait before the next attempt."""
SOUND_BYTES_PER_S = 64_000
"""Mono float32 at 16 kHz."""
KEYFRAMES_ALLOWANCE_BYTES = 16 * 2**20
"""Room for the JPEGs of one video; some dozens at full HD."""
LEANEST_BITS_PER_S = 500_000
"""The lowest bit rate short videos come at; a file's size over it bounds its duration before it is decoded."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a call may run: base plus a share of the media's duration."""

    base_s: float
    per_media_s: float

    def after(self, media_s: float) -> float:
        """Return the seconds allowed for media of this duration."""
        return self.base_s + self.per_media_s * media_s


@dataclass(frozen=True, slots=True)
class Limits:
    """What the configuration allows."""

    deadlines: Mapping[str, Deadline]
    start_deadline_s: float
    payload_budget_bytes: int
    """How much decoded-but-unfused data may lie in the object store: half of it (research 2.8)."""
    frames_worst_bytes: int
    """The most analysis frames one video may have, by configuration; assumed until the real size is known."""
    max_media_s: float = 3600.0
    max_active: int = 8
    backoff_s: tuple[float, ...] = (10.0, 60.0, 300.0)
    """Waits before each further attempt after a transient failure."""
    idle_stop_s: float = 600.0
    recycle_factor: float = 3.0
    """An actor whose memory has grown beyond this multiple of what it declares is replaced, between two calls."""
    recycle_s: float = 3600.0
    """An actor that has worked is replaced at this age, between two calls; 0: never. Model libraries leak slowly."""
    recycle_card_s: float = 7200.0
    """The same for an actor on a card, which takes longer to load."""

    def payload_worst_bytes(self, media_s: float) -> int:
        """Return the largest payload that media of this duration can have."""
        sound = int(min(media_s, self.max_media_s) * SOUND_BYTES_PER_S)
        return self.frames_worst_bytes + sound + KEYFRAMES_ALLOWANCE_BYTES

    def retry_after_s(self, attempts: int) -> float | None:
        """Return how long to wait after that many attempts, or None when no further one is due."""
        return self.backoff_s[attempts - 1] if attempts <= len(self.backoff_s) else None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A claimed job, as far as scheduling is concerned."""

    job_id: int
    source: SourceRef
    attempts: int
    deaths: int = 0
    solo: bool = False
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One video on the board. `busy` holds the operations in flight, among them the ledger's: identity and request."""

    ticket: Ticket
    sha256: str | None = None
    stored: Mapping[str, Outcome] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    busy: frozenset[str] = frozenset()
    payloads: PayloadRefs | None = None
    request: FusionRequest | None = None
    decode_again: bool = False
    payloads_lost: int = 0
    replica: int = 0
    """The replica set that works on it: all its stages, for its frames lie there."""
    parked_because: str | None = None

    @property
    def job_id(self) -> int:
        """The ledger's number of the job."""
        return self.ticket.job_id

    @property
    def video_id(self) -> str:
        """The first 16 hex digits of the content's SHA-256; empty before it is identified."""
        return (self.sha256 or "")[:16]

    @property
    def media(self) -> Media | None:
        """What decoding found, once it is known."""
        outcome = self.outcomes.get("decode")
        return outcome.data if outcome is not None and isinstance(outcome.data, Media) else None

    @property
    def media_s(self) -> float:
        """The duration, or the longest it can be while it is unknown."""
        return self.media.duration_s if self.media else self.ticket.source.size * 8 / LEANEST_BITS_PER_S


class Condition(StrEnum):
    """Where an actor is."""

    ABSENT = "absent"
    STARTING = "starting"
    READY = "ready"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Work:
    """A call in flight: which videos it serves, and when it came to the head of its actor's line."""

    call_id: int
    operation: str
    jobs: tuple[int, ...]
    allowed_s: float


@dataclass(frozen=True, slots=True)
class Slot:
    """One actor as the scheduler sees it.

    head_since_s: when its oldest call began to run. ready_since_s: when it had loaded. answered: whether it has ended
    a call since. retiring: why it gets no more calls and is replaced once its line is empty. reason: why it was told
    to end.
    """

    spec: ActorSpec
    condition: Condition = Condition.ABSENT
    line: tuple[Work, ...] = ()
    head_since_s: float = 0.0
    ready_since_s: float = 0.0
    answered: bool = False
    failed_starts: int = 0
    resident_mib: float = 0.0
    retiring: str = ""
    reason: str = ""

    @property
    def room(self) -> int:
        """How many more calls it may be given."""
        if self.condition is not Condition.READY or self.retiring or self.reason:
            return 0
        return IN_FLIGHT_PER_ACTOR - len(self.line)


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the scheduler knows."""

    plan: Plan
    limits: Limits
    slots: Mapping[str, Slot]
    runs: Mapping[int, Run] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    """Stages that turned out not to work once their actor had loaded (or could not), with the reason."""
    next_call_id: int = 1
    idle_since_s: float | None = None
    draining: bool = False

    @classmethod
    def empty(cls, plan: Plan, limits: Limits, *, specs: Iterable[ActorSpec] | None = None) -> Board:
        """Return a board without videos, all actors absent; specs: those of every replica set, by default one set."""
        return cls(plan, limits, {spec.name: Slot(spec) for spec in (plan.actors() if specs is None else specs)})

    @property
    def up(self) -> bool:
        """Whether any actor is up or coming up."""
        return any(slot.condition in {Condition.STARTING, Condition.READY} for slot in self.slots.values())
