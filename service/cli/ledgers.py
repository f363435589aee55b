"""Opening the ledger for a command, and what the commands say about jobs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.common import printable
from service.errors import UsageError

if TYPE_CHECKING:
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger
    from service.ledger.values import Job, Selector

MEANINGS: Mapping[str, str] = {
    "waiting": "not taken yet",
    "incomplete": "quiet, but not whole",
    "blocked": "cannot be read for now",
    "queued": "complete; waits for its turn",
    "running": "being described",
    "done": "described",
    "duplicate": "the same content is described already",
    "rejected": "no video, or none that can be decoded; not tried again by itself",
    "failed": "all attempts failed; `reelwatch retry` tries again",
    "parked": "took a model's process down twice; `reelwatch retry` tries again",
    "superseded": "replaced by newer content",
    "gone": "disappeared before it was described",
}
"""What each state means to a person."""


@contextmanager
def reading(configuration: Configuration) -> Iterator[Ledger]:
    """Open the ledger to look at it, also beside a running service."""
    from service.ledger.ledger import read_ledger  # noqa: PLC0415 - keeps --help fast
    from service.state import ledger_place, output_root  # noqa: PLC0415 - as above

    ledger = read_ledger(ledger_place(configuration), output_root=output_root(configuration))
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def writing(configuration: Configuration) -> Iterator[Ledger]:
    """Open the ledger to give it a command, also beside a running service, which notices."""
    from service.ledger.ledger import attach_ledger  # noqa: PLC0415 - keeps --help fast
    from service.state import ledger_place, output_root  # noqa: PLC0415 - as above

    ledger = attach_ledger(ledger_place(configuration), output_root=output_root(configuration))
    try:
        yield ledger
    finally:
        ledger.close()


def selector(paths: tuple[Path, ...], *, everything: bool) -> Selector:
    """Return which jobs a command means; raises `UsageError` unless it is either paths or all."""
    from service.ledger.values import Selector  # noqa: PLC0415 - keeps --help fast

    if bool(paths) == everything:
        raise UsageError("name the videos, or give --all; not both, not neither.")
    return Selector.all() if everything else Selector.of(*(name for path in paths for name in names_of(path)))


def absolute(path: Path) -> bytes:
    """Return a path as the ledger has it: absolute, links not followed, in the file system's bytes."""
    return os.fsencode(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() follows links


def names_of(path: Path) -> tuple[bytes, ...]:
    """Return the names under which the ledger may know a path: as it is, and with links followed."""
    name = absolute(path)
    return tuple(dict.fromkeys((name, os.path.realpath(name))))


def service_pid(configuration: Configuration) -> int | None:
    """Return the process that holds the state directory, None when none does."""
    from service.ledger.lock import lock_holder  # noqa: PLC0415 - keeps --help fast

    pid = lock_holder(configuration.state.dir)
    return pid if pid is not None and Path(f"/proc/{pid}").exists() else None


def document_of(job: Job, configuration: Configuration) -> Path | None:
    """Return where a job's document lies, None when it has none."""
    if job.document is None:
        return None
    root = Path(os.fsdecode(job.output_root)) if job.output_root else configuration.output.dir
    return root / f"{job.document}.json"


def sentence(job: Job) -> str:
    """Say in one line where a job is and why."""
    why = job.detail or job.reason
    return f"{job.state.value}: {MEANINGS[job.state.value]}" + (f" ({printable(os.fsencode(why))})" if why else "")


def clock(wall_s: float) -> str:
    """Spell a time for people: local, to the second."""
    return datetime.fromtimestamp(wall_s, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


@contextmanager
def reading_if_there(configuration: Configuration) -> Iterator[Ledger | None]:
    """Open the ledger to look at it; None when there is none yet."""
    from service.ledger.errors import LedgerMissing  # noqa: PLC0415 - keeps --help fast

    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(reading(configuration))
        except LedgerMissing:
            ledger = None
        yield ledger
