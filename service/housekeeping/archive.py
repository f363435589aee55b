"""Moves described videos out of their inboxes: noted in the ledger, renamed, noted again; a crash between is mended."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from contextlib import suppress

from service.bookkeeping import Emit
from service.clock import Clock
from service.errors import ConfigError
from service.housekeeping.errand import Errand, about
from service.housekeeping.relocation import MISSING, Kept, carry_out, has_moved, plan
from service.intake.mounts import mount_of_root
from service.intake.names import NamePolicy
from service.ledger.afterwork_values import Archived
from service.ledger.ledger import Ledger
from service.ledger.values import Job

AT_ONCE = 50
LOOKED_AT_EVERY_S = 60.0
"""How often it is looked whether an inbox can be written by now."""
REMEDY = (
    "give the service's user the right to write in the inbox and in done.move_to; under systemd name a folder that "
    "holds both in ReadWritePaths= (`systemctl edit reelwatch`), for two of them are two mounts"
)


class Archive:
    """The task. linger_s: how long a video stays once it is described, for sidecars that come a moment later."""

    name = "archive"

    def __init__(
        self,
        inboxes: Sequence[bytes],
        target: bytes,
        names: NamePolicy,
        *,
        linger_s: float,
        ledger: Ledger,
        clock: Clock,
        emit: Emit,
        forget: Callable[[bytes, bytes], None],
    ) -> None:
        self._inboxes = inboxes
        self._target = target
        self._names = names
        self._linger_s = linger_s
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._forget = forget
        self._refusing: frozenset[bytes] = frozenset()
        self._looked_s = -math.inf

    def errands(self) -> list[Errand]:
        """Return the moves that are due, out of inboxes that can be written."""
        now = self._clock.wall()
        due = self._ledger.archivable(self._writable(), now=now, before=now - self._linger_s, limit=AT_ONCE)
        return [Errand(f"move {job.run_id}", lambda job=job: self._move(job), about(job)) for job in due]  # type: ignore[misc] # mypy cannot infer a lambda with a default

    def wait_s(self) -> float:
        """Return in how many seconds the next move is due, or the inboxes are looked at again."""
        now = self._clock.wall()
        due_at = self._ledger.next_archivable_at(self._writable(), now=now, linger_s=self._linger_s)
        wait_s = math.inf if due_at is None else max(0.0, due_at - now)
        return min(wait_s, LOOKED_AT_EVERY_S) if self._refusing else wait_s

    def _move(self, job: Job) -> None:
        route = plan(job, self._target, self._names)
        if isinstance(route, Kept):
            self._keep(Archived(job.job_id, *job.location, self._target, job.path), job, route)
            return
        move = self._ledger.begin_move(job, route.target, sidecars=route.sidecars)
        if move is None:
            return  # it is in work again
        kept = carry_out(move, job)
        if kept is not None:
            self._keep(move, job, kept)
            return
        self._ledger.end_move(move)
        self._forget(*job.location)
        self._emit("file.archived", **about(job), moved_to=move.target)

    def _keep(self, move: Archived, job: Job, kept: Kept) -> None:
        not_before = self._clock.wall() + kept.retry_s
        before = self._ledger.archived(job.job_id)
        self._ledger.give_up_move(move, reason=kept.reason, detail=kept.detail, not_before=not_before)
        told = kept.reason == MISSING or (before is not None and before.reason == kept.reason)
        if not told:  # said once for each file and reason, not at every try
            said = {"reason": kept.reason, "detail": kept.detail, "retry_in_s": kept.retry_s}
            self._emit("file.not_archived", **about(job), **said)

    def _writable(self) -> list[bytes]:
        """Return the inboxes that can be written, looked at now and then; say once of each that it cannot be."""
        if self._clock.monotonic() >= self._looked_s + LOOKED_AT_EVERY_S:
            self._looked_s = self._clock.monotonic()
            refusing = frozenset(inbox for inbox in self._inboxes if not os.access(inbox, os.W_OK | os.X_OK))
            for inbox in sorted(refusing - self._refusing):
                if os.path.isdir(inbox):  # noqa: PTH112 - bytes paths
                    told = {"reason": "not_writable", "detail": "nothing can be moved out of this inbox"}
                    self._emit("file.not_archived", root=inbox, path=b"", **told, remedy=REMEDY)
            self._refusing = refusing
        return [inbox for inbox in self._inboxes if inbox not in self._refusing]


def resume(ledger: Ledger, *, now: float, emit: Emit) -> None:
    """Bring every move that a crash interrupted to its end: done where the file has left, else taken back.

    For every start, whatever the settings say by now: nothing at such a path is claimed before.
    """
    for move in ledger.moves():
        job = ledger.job(move.job_id)
        kept = carry_out(move, job) if has_moved(move, job) else Kept("interrupted", "the service was ended", 0.0)
        if kept is None:
            ledger.end_move(move)
            emit("file.archived", **about(job), moved_to=move.target)
        else:
            ledger.give_up_move(move, reason=kept.reason, detail=kept.detail, not_before=now + kept.retry_s)


def open_as_inboxes(inboxes: Sequence[bytes], target: bytes) -> None:
    """Open a new archive to whoever may look into every inbox: by the unit's umask it would be the service's alone."""
    mode = 0o777
    for inbox in inboxes:
        with suppress(OSError):  # one that is not there yet says nothing
            mode &= os.stat(inbox).st_mode  # noqa: PTH116 - bytes paths
    with suppress(OSError):  # a share has one mode for all
        os.chmod(target, mode | 0o700)  # noqa: PTH101 - bytes paths


def require_one_mount(inboxes: Sequence[bytes], target: bytes) -> None:
    """Raise `ConfigError` where a file could not be renamed from an inbox into the target: nothing is ever copied.

    An inbox that is not there yet may be on another file system; then its videos stay, with a reason.
    """
    for inbox in inboxes:
        try:
            same = os.stat(inbox).st_dev == os.stat(target).st_dev  # noqa: PTH116 - bytes paths
        except OSError:
            continue
        if not same or mount_of_root(inbox).point != mount_of_root(target).point:
            where, there = os.fsdecode(inbox), os.fsdecode(target)
            raise ConfigError(
                f"done.move_to = {there} is not on the mount of the inbox {where}: a file cannot be renamed from one "
                "to the other, and is never copied. Choose a folder beside the inbox; under systemd name a folder that "
                "holds both in ReadWritePaths=, for two of them are two mounts."
            )
