"""The ledger's side towards intake: `service.intake.ports.IntakeLedger`, one transaction per call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.intake.ports import KnownFile
from service.ledger import rows
from service.ledger.announcements import announce
from service.ledger.moves import moved, queued
from service.ledger.page import Page
from service.ledger.side import Side, reopen_for_fusion
from service.ledger.states import SETTLING, State
from service.ledger.tables import jobs
from service.ledger.values import Job

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.intake.ports import Generation, Location, Observation, Rejection, Settled

_KNOWN = select(
    jobs.c.job_id,
    jobs.c.root,
    jobs.c.path,
    jobs.c.device,
    jobs.c.inode,
    jobs.c.size,
    jobs.c.mtime_ns,
    jobs.c.state,
    jobs.c.changed_at,
).where(jobs.c.state != State.SUPERSEDED, jobs.c.device.is_not(None))


@dataclass(frozen=True)
class _Arrival:
    """A settled file, and the state it is to have."""

    location: Location
    generation: Generation
    to: State
    reason: str | None = None
    detail: str | None = None
    truncated: bool = False
    moved_from: Location | None = None


@dataclass(frozen=True)
class IntakeSide(Side):
    """See `IntakeLedger`. Raises `LedgerBusy` or `LedgerUnavailable` with nothing changed: call again later."""

    def known(self, root: bytes) -> list[KnownFile]:
        """Return the latest row of every path under `root`, superseded ones left out.

        A path that has rows for a file that left and for one that is there shows the latter. Adopted documents whose
        generation is not known are left out: intake is to find their files.
        """
        ordered = _KNOWN.where(jobs.c.root == root).order_by(jobs.c.source_missing.desc(), jobs.c.job_id)
        with self.database.read() as connection:
            found = connection.execute(ordered).all()
        return list({row.path: KnownFile(*row) for row in found}.values())

    def observe(self, observations: Sequence[Observation]) -> None:
        """Record why files wait; rows that would not change are not written."""
        with self.database.write() as connection:
            page = Page(connection, _locations(observations), now=self.clock.wall())
            for seen in observations:
                _observe(page, seen)
            page.write()

    def enqueue(self, settled: Sequence[Settled]) -> None:
        """Queue generations, at most one job for each."""
        self._take(
            _Arrival(
                location=(item.root, item.path),
                generation=item.generation,
                to=State.QUEUED,
                truncated=item.truncated,
                moved_from=item.moved_from,
            )
            for item in settled
        )

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Record files that are no videos."""
        self._take(
            _Arrival(
                location=(item.root, item.path),
                generation=item.generation,
                to=State.REJECTED,
                reason=item.reason,
                detail=item.detail,
            )
            for item in rejections
        )

    def vanished(self, locations: Sequence[Location]) -> None:
        """Mark what waits as gone; what has ended, or is running, keeps its state and a note that its file left."""
        with self.database.write() as connection:
            page = Page(connection, locations, now=self.clock.wall())
            for location in locations:
                for job in page.at(location):
                    if job.state in {State.QUEUED, *SETTLING}:
                        page.put(moved(job, State.GONE, now=page.now, reason="vanished", source_missing=True))
                    elif not job.source_missing:
                        page.put(replace(job, source_missing=True, updated_at=page.now))
            page.write()

    def sidecar_changed(self, root: bytes, path: bytes) -> None:
        """See that the document of the video at `path` is fused again; a queued one will be anyway."""
        with self.database.write() as connection:
            for job in rows.at(connection, [(root, path)]):
                # A document may take its caption from a sidecar beside any copy of its video.
                owner = job if job.duplicate_of is None else rows.get(connection, job.duplicate_of)
                if owner.state is State.RUNNING or owner.published:
                    reopen_for_fusion(connection, owner, reason="sidecar", now=self.clock.wall())

    def _take(self, arrivals: Iterable[_Arrival]) -> None:
        batch = list(arrivals)
        with self.database.write() as connection:
            locations = {a.location for a in batch} | {a.moved_from for a in batch if a.moved_from is not None}
            page = Page(connection, locations, now=self.clock.wall())
            for arrival in batch:
                _take(page, arrival)
            page.write()
            self._announce_rejected(connection, batch, now=page.now)
            for job in rows.at(connection, [a.location for a in batch if a.moved_from is not None]):
                # Its document names the file, and took the sidecars that lay beside it before.
                if not job.source_missing and (job.state is State.RUNNING or job.published):
                    reopen_for_fusion(connection, job, reason="moved", now=self.clock.wall())

    def _announce_rejected(self, connection: Connection, batch: Sequence[_Arrival], *, now: float) -> None:
        refused = [arrival.location for arrival in batch if arrival.to is State.REJECTED]
        for job in rows.at(connection, refused):
            if job.state is State.REJECTED and job.changed_at == now:
                announce(connection, job, kinds=self.announces, now=now)


def _locations(observations: Iterable[Observation]) -> set[Location]:
    found: set[Location] = set()
    for seen in observations:
        found.add((seen.root, seen.path))
        if seen.moved_from is not None:
            found.add(seen.moved_from)
    return found


def _observe(page: Page, seen: Observation) -> None:
    location = (seen.root, seen.path)
    row = page.pending(location)
    if row is None and seen.moved_from is not None and (follower := page.pending(seen.moved_from)) is not None:
        row = page.put(replace(follower, root=seen.root, path=seen.path))
    if row is None:
        latest = page.latest(location)
        row = latest if latest is not None and latest.state is State.GONE and not latest.published else None
    told: dict[str, Any] = {"reason": seen.reason, "detail": seen.detail}
    stat: dict[str, Any] = {"device": seen.device, "inode": seen.inode, "size": seen.size, "mtime_ns": seen.mtime_ns}
    stat |= {"source_missing": False, "truncated": False}
    if row is None:
        page.put(_new(location, seen.state, now=page.now, **told, **stat))
    elif row.state is not seen.state:
        page.put(moved(row, seen.state, now=page.now, **told, **stat, head_tail=None))
    elif (fresh := replace(row, **told, **stat, updated_at=row.updated_at)) != row:
        page.put(replace(fresh, updated_at=page.now))


def _take(page: Page, arrival: _Arrival) -> None:
    row: Job | None = None
    if arrival.moved_from is not None:
        row = page.movable(arrival.moved_from, arrival.location, arrival.generation)
        row = page.relocate(row, arrival.location) if row is not None else None
    row = row or page.same(arrival.location, arrival.generation)
    if row is not None:
        _meet_again(page, row, arrival)
        return
    pending = page.pending(arrival.location)
    page.clear(arrival.location, keep=pending)
    _end_settling(page, pending or _new(arrival.location, State.WAITING, now=page.now), arrival)


def _meet_again(page: Page, row: Job, arrival: _Arrival) -> None:
    """Note that a generation the ledger has is still, or again, there; queue it only where it never was taken."""
    pending = page.pending(arrival.location)
    if pending is not None and pending.job_id != row.job_id:
        page.drop(pending)
    if row.state is State.GONE or row.state in SETTLING:
        _end_settling(page, row, arrival)
    elif (fresh := replace(row, mtime_ns=arrival.generation.mtime_ns, source_missing=False)) != row:
        page.put(replace(fresh, updated_at=page.now))


def _end_settling(page: Page, row: Job, arrival: _Arrival) -> None:
    generation = arrival.generation
    values: dict[str, Any] = {
        "device": generation.device,
        "inode": generation.inode,
        "size": generation.size,
        "mtime_ns": generation.mtime_ns,
        "head_tail": generation.head_tail,
        "truncated": arrival.truncated,
        "source_missing": False,
        "detail": arrival.detail,
    }
    if arrival.to is State.QUEUED:
        page.put(queued(row, now=page.now, reason=arrival.reason, stage_request=None, **values))
    else:
        page.put(moved(row, arrival.to, now=page.now, reason=arrival.reason, **values))


def _new(location: Location, state: State, *, now: float, **values: Any) -> Job:
    root, path = location
    return Job(0, root, path, state, created_at=now, changed_at=now, updated_at=now, **values)
