"""What a start does before work goes on: the output's leftovers, runs a crash cut short, a ledger that was lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from actors.fusion.published import Published, documents, published, settle, sweep
from actors.fusion.removal import removed_from
from service.bookkeeping import Emit
from service.housekeeping import archive, retention
from service.ledger.ledger import Ledger
from service.ledger.states import State
from service.ledger.values import Adopted, Job


def recover(
    ledger: Ledger,
    *,
    output_root: bytes,
    inboxes: Sequence[bytes],
    now: float,
    emit: Emit,
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Bring ledger and output back into step after whatever ended the last process; safe to repeat.

    In this order: half-replaced places in the output are settled, so that what lies there can be believed: those of
    runs that came to no end, for a walk over everything takes ten seconds once 100,000 documents lie there. Where the
    ledger was lost, everything is walked over, and the documents it knew are taken up again. Runs whose document was
    published before the ledger heard of it are done; every other run that was cut short goes back to the queue, its
    attempt counted.

    inboxes: where sources may lie, so that a document is told its own; the folder of archived ones is such a place too.
    tick: called as it goes on.
    """
    if os.path.isdir(output_root):  # noqa: PTH112 - bytes paths
        if ledger.opening.created or ledger.opening.rebuilt_from:
            sweep(output_root)
            tick()
            _take_up(ledger, output_root=output_root, inboxes=inboxes, emit=emit, tick=tick)
        else:
            settle(output_root, ledger.unsettled_documents())
    archive.resume(ledger, now=now, emit=emit)
    retention.resume(ledger, now=now)
    tick()
    for job in ledger.jobs({State.RUNNING}):
        found = _published_run(ledger, job, output_root)
        if found is not None:
            settings_key = found.document.processing.settings_key
            ledger.finish(job.job_id, document=found.name, settings_key=settings_key, status=found.status)
            emit(
                "job.recovered", job=job.job_id, root=job.root, path=job.path, from_state="running", reason="published"
            )
    _requeue(ledger, now=now, emit=emit)


def _requeue(ledger: Ledger, *, now: float, emit: Emit) -> None:
    for job in ledger.recover(now):
        about: dict[str, Any] = {"job": job.job_id, "root": job.root, "path": job.path}
        emit("job.recovered", **about, from_state="running", reason=job.reason or "")
        if job.state is State.PARKED:
            emit("job.parked", **about, reason=job.reason or "", detail=job.detail or "")


def _published_run(ledger: Ledger, job: Job, output_root: bytes) -> Published | None:
    """Return the document if it is this very run's: fusion had published it, and the ledger was not told any more."""
    if job.sha256 is None or job.output_root != output_root:
        return None
    found = published(output_root, ledger.allocate_name(job))
    return found if found is not None and (found.run_id, found.sha256) == (job.run_id, job.sha256) else None


def _take_up(
    ledger: Ledger, *, output_root: bytes, inboxes: Sequence[bytes], emit: Emit, tick: Callable[[], None]
) -> None:
    count = ledger.adopt(_adopted(_ticking(documents(output_root), tick), output_root, inboxes))
    if ledger.opening.rebuilt_from is not None:
        moved_to, damage = str(ledger.opening.rebuilt_from), ledger.opening.damage or ""
        emit("ledger.rebuilt", moved_to=moved_to, reason="damaged", detail=damage, count=count)
    elif count:
        emit("ledger.rebuilt", reason="missing", detail="the output holds documents that no ledger knew", count=count)


def _wall_s(utc: str) -> float:
    """Return a document's time in seconds since the epoch."""
    return datetime.strptime(utc, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def _ticking(found: Iterable[Published], tick: Callable[[], None]) -> Iterator[Published]:
    for document in found:
        tick()
        yield document


def _adopted(found: Iterable[Published], output_root: bytes, inboxes: Sequence[bytes]) -> Iterator[Adopted]:
    for document in found:
        path = os.fsencode(document.document.source.relative_path)
        root = next((inbox for inbox in inboxes if os.path.isfile(os.path.join(inbox, path))), b"")  # noqa: PTH113, PTH118 - bytes paths
        settings_key = document.document.processing.settings_key
        yield Adopted(
            output_root,
            document.name,
            document.sha256,
            root=root,
            path=path if root else b"",
            settings_key=settings_key,
            described_at=_wall_s(document.document.processing.created_at),
            purged=removed_from(document.document),
        )
