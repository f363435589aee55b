"""The ledger's values about what follows a document: sources that are archived, and words to a webhook."""

from __future__ import annotations

import os
from dataclasses import dataclass

KEYFRAMES, TRANSCRIPT, DOCUMENT = "keyframes", "transcript", "document"
PURGED = (KEYFRAMES, TRANSCRIPT, DOCUMENT)
"""What retention can take away; `Job.purged` holds some of these."""
MOVE, PURGE = "move", "purge"
"""The chores, first item of `Job.chore`."""

MOVING, MOVED, KEPT = "moving", "moved", "kept"
PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"


@dataclass(frozen=True, slots=True)
class Archived:
    """A source on its way out of its inbox. Paths as in `service.intake.ports`; times are wall-clock seconds.

    sidecars: pairs of names, flat: one beside the source, then the one it gets beside the target.
    state: `moving`, `moved`, or `kept` where it could not be moved, for `reason`; tried again at `not_before`.
    """

    job_id: int
    source_root: bytes
    source_path: bytes
    target_root: bytes
    target_path: bytes
    sidecars: tuple[bytes, ...] = ()
    state: str = MOVING
    reason: str | None = None
    detail: str | None = None
    at: float = 0.0
    not_before: float | None = None

    @property
    def source(self) -> bytes:
        """The file's whole path where it lay."""
        return os.path.join(self.source_root, self.source_path)  # noqa: PTH118 - pathlib holds no bytes

    @property
    def target(self) -> bytes:
        """The file's whole path where it goes."""
        return os.path.join(self.target_root, self.target_path)  # noqa: PTH118 - as above


@dataclass(frozen=True, slots=True)
class Announcement:
    """One change of state that somebody wants to hear of. Times are wall-clock seconds.

    message_id: the same at every attempt, so that a receiver knows what it has had. kind: the job's new state.
    subject: what must be told in order: the content's SHA-256, before that is known a digest of the path.
    path, duplicate_of: absolute, in the file system's bytes. status: the document's, where there is one.
    state: `pending`, `delivered` or `failed`. answer: what the last attempt came to.
    """

    announcement_id: int
    message_id: str
    subject: str
    kind: str
    at: float
    job_id: int
    sha256: str | None
    path: bytes
    output_root: bytes | None = None
    document: str | None = None
    status: str | None = None
    reason: str | None = None
    duplicate_of: bytes | None = None
    state: str = PENDING
    attempts: int = 0
    first_try_at: float | None = None
    not_before: float = 0.0
    answer: str | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """How many announcements wait or have failed; since when the oldest waits. gone: the receiver wants no more."""

    pending: int = 0
    failed: int = 0
    oldest_pending_at: float | None = None
    gone: bool = False
