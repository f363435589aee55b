"""The ledger's values: rows as frozen dataclasses, and what its questions are answered with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from service.intake.ports import Generation

if TYPE_CHECKING:
    from service.ledger.states import State


@dataclass(frozen=True, slots=True)
class Job:
    """One generation of content at one path, and what has become of it. Times are wall-clock seconds.

    root, path: as in `service.intake.ports`; both empty for an adopted document whose source is not known.
    reason, detail: why it is in its state: a stable code and a sentence.
    head_tail, sha256: None while unknown. device, inode, size, mtime_ns: None for an adopted document.
    is_primary: this job owns its content in `output_root`: it makes, or has made, the one document.
    document: the published document, relative to `output_root`, without `.json`; None before the first.
    settings_key: fingerprint of the settings the document was made under.
    attempts: claims of this run. deaths: actors that died or hung on it, and services that repeatedly did.
    crashes: times the service died with it in work since its last new result. run: how often it was reopened.
    stage_request: what a reopened run was asked for, e.g. `("fusion",)`; None for everything.
    fusion_due: something fusion reads changed while it ran; it is reopened for fusion when done.
    described_at: when what its document says was found out; fusing it again changes nothing about that.
    purged: what retention has taken out of the output, `PURGED`; such a document is not fused again by itself.
    chore: work on its files that has begun and not ended, e.g. `("move",)`; nothing at its path is claimed meanwhile.
    """

    job_id: int
    root: bytes
    path: bytes
    state: State
    reason: str | None = None
    detail: str | None = None
    device: int | None = None
    inode: int | None = None
    size: int | None = None
    mtime_ns: int | None = None
    head_tail: str | None = None
    truncated: bool = False
    source_missing: bool = False
    sha256: str | None = None
    is_primary: bool = False
    output_root: bytes | None = None
    document: str | None = None
    settings_key: str | None = None
    duplicate_of: int | None = None
    attempts: int = 0
    deaths: int = 0
    crashes: int = 0
    run: int = 0
    solo: bool = False
    stage_request: tuple[str, ...] | None = None
    fusion_due: bool = False
    not_before: float | None = None
    created_at: float = 0.0
    queued_at: float | None = None
    claimed_at: float | None = None
    identified_at: float | None = None
    changed_at: float = 0.0
    updated_at: float = 0.0
    worker: str | None = None
    described_at: float | None = None
    purged: tuple[str, ...] = ()
    chore: tuple[str, ...] | None = None

    @property
    def location(self) -> tuple[bytes, bytes]:
        """(root, path)."""
        return self.root, self.path

    @property
    def absolute_path(self) -> bytes:
        """The file's whole path, in the file system's own bytes."""
        return os.path.join(self.root, self.path)  # noqa: PTH118 - pathlib holds no bytes

    @property
    def run_id(self) -> str:
        """`<job>.<run>`: tells whether a published document is this run's."""
        return f"{self.job_id}.{self.run}"

    @property
    def published(self) -> bool:
        """Whether a document of this job lies in the output."""
        return self.document is not None

    @property
    def generation(self) -> Generation | None:
        """The generation this job stands for; None while it is not complete."""
        if self.device is None or self.inode is None or self.size is None:
            return None
        if self.mtime_ns is None or self.head_tail is None:
            return None
        return Generation(self.device, self.inode, self.size, self.mtime_ns, self.head_tail)

    def holds(self, generation: Generation) -> bool:
        """Say whether this job stands for `generation`; a touch, where only mtime differs, is the same one."""
        mine = (self.device, self.inode, self.size, self.head_tail)
        return mine == (generation.device, generation.inode, generation.size, generation.head_tail)


@dataclass(frozen=True, slots=True)
class Identified:
    """What a content's identity means for its job, whose row is `job`.

    owner: the job that owns this content in the output; `job` itself when it may go on.
    fusion_again: the owner has been reopened, because its document has one more path to name.
    """

    job: Job
    owner: Job
    fusion_again: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether the job is to be worked on; otherwise the ledger has ended it."""
        return self.owner.job_id == self.job.job_id


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A stage's durable result. `data` is its JSON text; None where the status is `no_*`, which has a `reason`.

    key: 64 hex digits (`actors.registry`). created_at: wall-clock seconds; filled in by the ledger.
    redaction: what its text was cleared of (`actors.redaction`), empty for none.
    """

    key: str
    sha256: str
    stage: str
    backend: str
    revision: int
    status: str
    data: str | None
    reason: str | None = None
    model: str = ""
    device: str = ""
    seconds: float = 0.0
    created_at: float = 0.0
    redaction: str = ""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A published document whose job the ledger no longer knows. Location and generation only where known.

    described_at, purged: as in `Job`, as far as the document tells.
    """

    output_root: bytes
    name: str
    sha256: str
    root: bytes = b""
    path: bytes = b""
    generation: Generation | None = None
    settings_key: str | None = None
    described_at: float | None = None
    purged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """Which jobs a command means: those at absolute `paths`, or all."""

    paths: tuple[bytes, ...] | None = None

    @classmethod
    def all(cls) -> Selector:
        """Return the selector of every job."""
        return cls()

    @classmethod
    def of(cls, *paths: bytes) -> Selector:
        """Return the selector of the jobs at these absolute paths."""
        return cls(paths)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is of everything; times are wall-clock seconds, None where there is nothing to time.

    reasons: per state and reason code. source_missing: jobs whose file is no longer there.
    """

    states: Mapping[State, int] = field(default_factory=dict)
    reasons: Mapping[tuple[State, str], int] = field(default_factory=dict)
    documents: int = 0
    source_missing: int = 0
    oldest_settling_at: float | None = None
    oldest_queued_at: float | None = None
    last_done_at: float | None = None


@dataclass(frozen=True, slots=True)
class ServiceStart:
    """What a service was started with, whoever's flags said so. Paths are absolute; extensions have their dots.

    settings_key: fingerprint of the settings its documents are made under. started_at: wall-clock seconds.
    pid: its process, as the lock of the state directory names it. host: the name of its host, for people.
    state_id: what tells its state directory from others; "" where nobody knows.
    """

    inboxes: tuple[bytes, ...]
    extensions: tuple[str, ...]
    output_root: bytes
    profile: str
    settings_key: str
    pid: int
    started_at: float = 0.0
    host: str = ""
    state_id: str = ""


@dataclass(frozen=True, slots=True)
class WorkPause:
    """Why no work is begun: the fault of the output's disk, and the free space at which work goes on.

    reason: a code, as in the log. since: wall-clock seconds.
    """

    reason: str
    output_root: bytes
    low_water_mib: int
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Opening:
    """What had to be done to open the ledger.

    rebuilt_from: where a damaged ledger was put, or None; `damage` says what was found.
    migrated_from: the schema's revision before it was brought to this version's, or None.
    created: there was no ledger before.
    """

    created: bool = False
    migrated_from: str | None = None
    rebuilt_from: Path | None = None
    damage: str | None = None
