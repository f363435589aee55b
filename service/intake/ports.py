"""What intake says and whom it says it to: the values of a settled file, and the ledger as intake sees it.

Paths are bytes, exactly as the file system holds them: a name need not be valid UTF-8. `root` is an absolute
directory, `path` is relative to it and has no leading slash. Together they are a `Location`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # the ledger's package imports this module
    from service.ledger.states import State

Location = tuple[bytes, bytes]
"""(root, path)."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One content at one inode: what `fstat` showed when the file settled, and a fingerprint of its ends.

    head_tail: hex digest of size, first 64 KiB and last 64 KiB (`service.intake.probe.head_tail`). It tells a new
    content from a touch and from a reused inode; it is not the identity of the content, which is the SHA-256 at claim.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    head_tail: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A file that is not taken yet: `state` is WAITING, INCOMPLETE or BLOCKED.

    reason: stable code, the gate or fault (`service.intake.verdicts.Reason`). detail: a sentence for people.
    moved_from: the file had this location before; intake has confirmed that nothing is there any more.
    """

    root: bytes
    path: bytes
    device: int
    inode: int
    size: int
    mtime_ns: int
    state: State
    reason: str
    detail: str
    moved_from: Location | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A file that passed every gate, or (`truncated`) stayed incomplete for so long that one decode is to be tried.

    moved_from: as in `Observation`; the row found there with this generation follows to the new path.
    """

    root: bytes
    path: bytes
    generation: Generation
    truncated: bool = False
    moved_from: Location | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A settled file that cannot be a video, whatever is tried; `reason` is a code, `detail` a sentence."""

    root: bytes
    path: bytes
    generation: Generation
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class KnownFile:
    """The latest row of one path.

    changed_at_s: wall-clock seconds at which the row entered `state`; None where that was not recorded. Intake goes
    by it after a restart: how long a file has been incomplete, and whether a sidecar is younger than its document.
    """

    job_id: int
    root: bytes
    path: bytes
    device: int
    inode: int
    size: int
    mtime_ns: int
    state: State
    changed_at_s: float | None = None


class IntakeLedger(Protocol):
    """The ledger's side towards intake. Each call is one transaction, whatever the number of items; none blocks long.

    A pending row is one in WAITING, INCOMPLETE or BLOCKED: it describes the path, not yet a generation.
    """

    def known(self, root: bytes) -> Iterable[KnownFile]:
        """Return the latest row of every path under `root`, superseded ones left out."""

    def observe(self, observations: Sequence[Observation]) -> None:
        """Record why files wait.

        The path's pending (or gone) row is updated; where the latest row is of another state (the path was done or
        queued and its content is changing), a new pending row is added and the older row keeps its state.
        With `moved_from`, the pending row of that location moves to the new path and keeps its id.
        """

    def enqueue(self, settled: Sequence[Settled]) -> None:
        """Queue generations, at most one job for each.

        In this order: (1) `moved_from` has a row with this generation: its path becomes the new one, the job is kept
        (a pending or gone one becomes queued). (2) The path's row has the same device, inode, size and head_tail
        (a touch: only mtime differs) and is queued, running or ended: its mtime is updated, nothing is queued and
        the path's pending row is dropped; a gone one is queued again. (3) Otherwise the path's pending row becomes
        the queued job, or a new one is added; older queued rows of the path become superseded. A running one is left
        to its run, which finds that its source has changed.
        """

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Record files that are no videos: as `enqueue`, but the row ends REJECTED with reason and detail."""

    def vanished(self, locations: Sequence[Location]) -> None:
        """Mark rows gone: WAITING, INCOMPLETE, BLOCKED and QUEUED ones; others, and unknown locations, stay as is."""

    def sidecar_changed(self, root: bytes, path: bytes) -> None:
        """Note that a sidecar of the video at `path` appeared or changed (also reported while the job is running).

        A done job gets its fusion again, and only that; a running one does so if its fusion has begun. Reporting a
        sidecar whose bytes fusion has already seen must be harmless: its key has not changed.
        """


class EventSink(Protocol):
    """Where intake's log events go; the vocabulary of names is the service's."""

    def __call__(self, event: str, /, **fields: Any) -> None:
        """Log `event` with its fields."""
