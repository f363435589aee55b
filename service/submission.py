"""Files that somebody names and calls complete: into the ledger without the waiting gates, as it knows them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from actors.fusion.published import published
from service.intake.ports import Settled
from service.ledger.ledger import Ledger
from service.ledger.states import State
from service.ledger.values import Job, Selector

RETRIED = frozenset({State.FAILED, State.PARKED})
"""What a user who names the file asks to be tried again; a rejected file stays so, unless forced."""


def submit(ledger: Ledger, found: Sequence[Settled], *, force: bool) -> list[int]:
    """Queue what has to be worked on; return the job of each file, done ones included, each once.

    force: what has a document is described anew, and what was rejected is tried again.
    """
    settled = [_as_known(ledger, file) for file in found]
    ledger.intake.enqueue(settled)
    jobs: dict[int, None] = {}
    for file in settled:
        job = _job_of(ledger, file)
        _reopen(ledger, job, force=force)
        jobs[job.job_id] = None
    return list(jobs)


def document_of(job: Job) -> Path | None:
    """Return the job's document where it really lies on disk, whole."""
    if job.output_root is None or job.document is None or published(job.output_root, job.document) is None:
        return None
    return Path(os.fsdecode(job.output_root), f"{job.document}.json")


def _as_known(ledger: Ledger, file: Settled) -> Settled:
    """Speak of a file as the ledger does, where an inbox above its folder has brought it in before."""
    known = ledger.find(os.path.join(file.root, file.path))  # noqa: PTH118 - bytes paths
    return replace(file, root=known[0].root, path=known[0].path) if known else file


def _job_of(ledger: Ledger, file: Settled) -> Job:
    """Return the job of this content: intake, which goes on beside, may have noted meanwhile that its path waits."""
    found = ledger.find(os.path.join(file.root, file.path))  # noqa: PTH118 - bytes paths
    return next((job for job in found if job.holds(file.generation)), found[0])


def _reopen(ledger: Ledger, job: Job, *, force: bool) -> None:
    chosen = Selector.of(job.absolute_path)
    if job.state in RETRIED or (job.state is State.REJECTED and force):
        ledger.retry(chosen)
    elif job.state is State.DONE and force:
        ledger.reprocess(chosen)
    elif job.state is State.DONE and (job.output_root != ledger.output_root or document_of(job) is None):
        ledger.reprocess(chosen, stages=())
