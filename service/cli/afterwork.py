"""What the commands say about the work that follows a document: sources moved, messages told, what was deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from service.cli import ledgers
from service.cli.common import printable

if TYPE_CHECKING:
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger
    from service.ledger.values import Job


def moved_from(name: bytes, ledger: Ledger) -> tuple[Job, list[str]] | None:
    """Return the job of a video that was moved away from a path, and what to say about that; None for no such path."""
    found = ledger.archived_from(name)
    if found is None or found.state != "moved":
        return None
    when = ledgers.clock(found.at)
    return ledger.job(found.job_id), [
        printable(name),
        f"  described, and moved on {when} to {printable(found.target)} (done.after_done)",
    ]


def lines_of(job: Job, ledger: Ledger) -> Iterator[str]:
    """Yield what there is to say about what followed a job's document."""
    moved = ledger.archived(job.job_id)
    if moved is not None and moved.state == "moved" and moved.target == job.absolute_path:
        yield f"  moved here from {printable(moved.source)} on {ledgers.clock(moved.at)}"
    elif moved is not None and moved.state == "kept" and job.state.value in {"done", "duplicate"}:
        again = "" if moved.not_before is None else f"; tried again at {ledgers.clock(moved.not_before)}"
        yield f"  stays in its inbox: {moved.reason}: {moved.detail}{again}"
    if job.purged and "document" not in job.purged:
        yield f"  retention has deleted: {', '.join(job.purged)}"


def report(ledger: Ledger, configuration: Configuration) -> dict[str, Any]:
    """Return how the work after documents is doing, as plain values."""
    from service.housekeeping.retention import periods_of  # noqa: PLC0415 - keeps --help fast

    outbox = ledger.outbox()
    due = {
        kind: None if (since := ledger.first_described_at(kind)) is None else since + period_s
        for kind, period_s in periods_of(configuration.retention).items()
    }
    return {
        "webhook": {
            "configured": bool(configuration.webhook.url),
            "pending": outbox.pending,
            "failed": outbox.failed,
            "oldest_pending_at": outbox.oldest_pending_at,
            "refused": outbox.gone,
        },
        "not_archived": [
            {"path": printable(kept.source), "reason": kept.reason, "detail": kept.detail, "again_at": kept.not_before}
            for kept in ledger.kept_sources()
        ],
        "retention_next": {kind: at for kind, at in due.items() if at is not None},
    }


def lines(said: dict[str, Any]) -> Iterator[str]:
    """Yield a report's lines for people; nothing where there is nothing to say."""
    webhook = said["webhook"]
    if webhook["pending"] or webhook["failed"]:
        since = webhook["oldest_pending_at"]
        waits = f"{webhook['pending']} messages wait" + (f" since {ledgers.clock(since)}" if since else "")
        yield f"webhook    {waits}, {webhook['failed']} given up (`reelwatch webhook list`)"
        if webhook["refused"]:
            yield "           the receiver wants no more (410): correct webhook.url, then `reelwatch webhook retry`"
        elif not webhook["configured"]:
            yield "           nobody is told by these settings (webhook.url)"
    if said["not_archived"]:
        reasons = ", ".join(sorted({kept["reason"] for kept in said["not_archived"]}))
        count = len(said["not_archived"])
        yield f"archive    {count} described videos could not be moved ({reasons}); `reelwatch why PATH` says more"
    for kind, at in said["retention_next"].items():
        yield f"retention  {kind}: the next is due at {ledgers.clock(at)} (`reelwatch retention`)"
