"""`reelwatch why`: where one file is, and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import common, ledgers

if TYPE_CHECKING:
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger
    from service.ledger.values import Job


@click.command(short_help="Say where one video is, and why.")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@common.takes_settings(output=True)
@click.pass_context
def why(context: click.Context, *, path: Path, settings: common.Settings) -> None:
    """Say where a video is, which gate or fault keeps it there, and where its document lies.

    Exits 1 when the service does not know the file; then it says why not.
    """
    configuration = settings.load().configuration
    name, *_ = names = ledgers.names_of(path)
    with ledgers.reading_if_there(configuration) as ledger:
        jobs = [job for known in names for job in ledger.find(known)] if ledger is not None else []
        lines = [line for job in jobs[:1] if ledger is not None for line in about(job, ledger, configuration)]
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo(f"{common.printable(name)}\n  unknown: {unknown_because(name, configuration)}")
    context.exit(0 if lines else 1)


def about(job: Job, ledger: Ledger, configuration: Configuration) -> Iterator[str]:
    """Yield what there is to say about a job."""
    yield common.printable(job.absolute_path)
    yield f"  {ledgers.sentence(job)}"
    yield f"  since {ledgers.clock(job.changed_at)}, attempts {job.attempts}"
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
    if job.truncated:
        yield "  it never became whole; what could be decoded was taken"


def document_line(job: Job, configuration: Configuration) -> str | None:
    """Say where a job's document lies, None when it has none."""
    document = ledgers.document_of(job, configuration)
    if document is None:
        return None
    there = "" if document.exists() else " (deleted since; `reelwatch reprocess` brings it back)"
    return f"document: {common.printable(document)}{there}"


def unknown_because(path: bytes, configuration: Configuration) -> str:
    """Say why the service does not know a file, by the first rule that keeps it out."""
    if not os.path.lexists(path):
        return "there is no such file"
    for folder in (configuration.output.dir, configuration.state.dir):
        if _within(path, os.fsencode(folder)):
            return f"it lies in {common.printable(folder)}, which is never looked at"
    inbox = next((inbox for inbox in configuration.intake.inboxes if _within(path, os.fsencode(inbox))), None)
    if inbox is None:
        inboxes = ", ".join(common.printable(inbox) for inbox in configuration.intake.inboxes) or "none is configured"
        return f"it lies outside every inbox ({inboxes}); `reelwatch process` describes it all the same"
    return (
        _kept_out(path, os.fsencode(inbox), configuration)
        or _kind(path)
        or "nothing keeps it out, but it was not seen yet; "
        + (
            f"every inbox is read at least every {configuration.intake.sweep_s:g} s on a local disk"
            if ledgers.service_pid(configuration)
            else "no service is running: `reelwatch run`"
        )
    )


def _within(path: bytes, folder: bytes) -> bool:
    return path.startswith(folder.rstrip(b"/") + b"/")


def _kept_out(path: bytes, inbox: bytes, configuration: Configuration) -> str | None:
    """Name the rule about names that keeps a file out, None when none does."""
    from service.intake.names import SIDECAR_SUFFIXES, NamePolicy, is_temporary  # noqa: PLC0415 - keeps --help fast

    policy = NamePolicy(configuration.intake.extensions)
    *folders, name = path[len(inbox.rstrip(b"/")) + 1 :].split(b"/")
    pruned = next((folder for folder in folders if policy.is_pruned(folder)), None)
    if pruned is not None:
        return f"folders named {common.printable(pruned)} are never entered (hidden, or of a system or another program)"
    if is_temporary(name):
        return "its name is hidden or one that programs give to unfinished files; it is taken when it gets its own name"
    if not policy.is_video(name):
        if name.endswith(SIDECAR_SUFFIXES):
            return "it is no video; beside a video of the same name it is read as its description"
        return f"its name ends in none of {' '.join(configuration.intake.extensions)} (intake.extensions)"
    return None


def _kind(path: bytes) -> str | None:
    """Say what is wrong with the kind of file, None when nothing is."""
    try:
        mode = os.lstat(path).st_mode
    except OSError as exc:
        return f"it cannot be looked at: {exc.strerror}"
    if stat.S_ISLNK(mode):
        return "it is a symbolic link, and links are not followed"
    if stat.S_ISDIR(mode):
        return "it is a folder; ask for one of the files in it, or for `reelwatch status`"
    return None if stat.S_ISREG(mode) else "it is no regular file"
