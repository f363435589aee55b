"""`reelwatch why`: where one file is, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import afterwork, common, ledgers, rules, services

if TYPE_CHECKING:
    from service.cli.services import Watched
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger
    from service.ledger.values import Job


@click.command(short_help="Say where one video is, and why.")
@click.argument("path", metavar="PATH", type=common.PATH)
@common.takes_settings(output=True)
@click.pass_context
def why(context: click.Context, *, path: Path, settings: common.Settings) -> None:
    """Say where a video is, which gate or fault keeps it there, and where its document lies.

    Exits 1 when the service does not know the file; then it says why not.
    """
    configuration = settings.load().configuration
    name, *others = ledgers.names_of(path)
    with ledgers.reading_if_there(configuration) as ledger:
        lines = [] if ledger is None else list(known(name, others, ledger, configuration))
        start = None if ledger is None else ledger.service_start()
    for line in lines:
        click.echo(line)
    if not lines:
        why_not = unknown_because(name, services.watched(configuration, start))
        click.echo(f"{common.printable(name)}\n  unknown: {why_not}")
    context.exit(0 if lines else 1)


def known(name: bytes, others: Sequence[bytes], ledger: Ledger, configuration: Configuration) -> Iterator[str]:
    """Yield what the ledger knows of a path, or of the file that a link of this name leads to; nothing of a stranger.

    others: the path's names with links followed.
    """
    jobs = ledger.find(name)
    led = [job for other in others for job in ledger.find(other)]
    if not jobs and led and os.path.islink(name):  # noqa: PTH114 - bytes paths
        yield f"{common.printable(name)}\n  a symbolic link, which is not followed in an inbox; it leads to"
    for job in (jobs or led)[:1]:
        yield from about(job, ledger, configuration)
    away = None if jobs or led else afterwork.moved_from(name, ledger)
    if away is not None:
        job, said = away
        yield from said
        yield from about(job, ledger, configuration)


def about(job: Job, ledger: Ledger, configuration: Configuration) -> Iterator[str]:
    """Yield what there is to say about a job."""
    yield common.printable(job.absolute_path)
    yield f"  {ledgers.sentence(job)}"
    yield f"  since {ledgers.clock(job.changed_at)}, attempts {job.attempts}"
    pause = services.pause(ledger, configuration) if job.state.value == "queued" else None
    if pause:
        yield f"  all work is {services.pause_line(pause)}"
    if job.not_before is not None and job.state.value == "queued":
        yield f"  tried again at {ledgers.clock(job.not_before)}"
    if job.solo:
        yield "  runs alone: a model's process has died on it"
    document = document_line(job, configuration)
    if document:
        yield f"  {document}"
    if job.duplicate_of is not None:
        owner = ledger.job(job.duplicate_of)
        yield f"  the same content as {common.printable(owner.absolute_path)}"
        owned = document_line(owner, configuration)
        if owned:
            yield f"  its {owned}"
    for other in ledger.also_at(job.sha256) if job.sha256 and job.is_primary else ():
        yield f"  the same content is also at {common.printable(other)}"
    if job.source_missing:
        yield "  the file is no longer there"
    yield from afterwork.lines_of(job, ledger)
    if job.truncated:
        yield "  it never became whole; what could be decoded was taken"


def document_line(job: Job, configuration: Configuration) -> str | None:
    """Say where a job's document lies, None when it has none."""
    document = ledgers.document_of(job, configuration)
    if document is None:
        return None
    exists = os.path.exists(document)  # noqa: PTH110 - Path.exists raises for what may not be looked at
    who = "by retention" if "document" in job.purged else "since"
    there = "" if exists else f" (deleted {who}; `reelwatch reprocess` brings it back)"
    return f"document: {common.printable(document)}{there}"


def unknown_because(path: bytes, watched: Watched) -> str:
    """Say why the service does not know a file, by the first rule that keeps it out."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "there is no such file"
    except OSError as exc:
        return f"it cannot be looked at: {exc.strerror}"
    if os.path.islink(path):  # noqa: PTH114 - bytes paths
        return f"it is a symbolic link, and links are not followed; ask for {common.printable(os.path.realpath(path))}"
    inbox = services.within(path, (*watched.inboxes, watched.received))
    folder = services.within(path, watched.never_entered)
    if folder is not None and inbox is None:
        return f"it lies in {common.printable(folder)}, which is never looked at"
    if inbox is None:
        inboxes = ", ".join(common.printable(inbox) for inbox in watched.inboxes)
        told = f"{inboxes}; so says {watched.said_by}" if inboxes else "none is configured, and no service has run yet"
        return f"it lies outside every inbox ({told}); `reelwatch process` describes it all the same"
    below = os.path.relpath(os.path.realpath(path), os.path.realpath(inbox))
    finds = "the next full reading finds it (intake.sweep_s)"
    return (
        rules.kept_out(below, watched.extensions)
        or rules.wrong_kind(path)
        or "nothing keeps it out, but it was not seen yet; "
        + (finds if watched.running else "no service is running: `reelwatch run`")
    )
