"""Ends the process by SIGKILL at a named point, by wrapping the product's functions around that point.

For `staged_service.py` only: it arms one point before the service starts.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from actors.fusion import directories
from actors.fusion.names import PRIVATE_PREFIX
from service.ledger import ledger, schema
from service.ledger.archive import ArchiveSide
from service.ledger.intake import IntakeSide
from service.ledger.jobs import DriverSide
from service.ledger.page import Page

Die = Callable[..., None]
LOG_WRITTEN_S = 0.05


class Switch:
    """Kills the process when it is touched for the `nth` time, about a file whose name holds `name`."""

    def __init__(self, *, nth: int = 1, name: str = "") -> None:
        self._left = nth
        self._name = name.encode()

    def __call__(self, *about: bytes) -> None:
        if not self._name or any(self._name in path for path in about):
            self._left -= 1
            if self._left == 0:
                time.sleep(LOG_WRITTEN_S)  # the log's thread writes what was logged before
                os.kill(os.getpid(), signal.SIGKILL)


def arm(wanted: str) -> None:
    """Arm the point `<name>[#nth][@part of a file's name]`."""
    rest, _, name = wanted.partition("@")
    point, _, nth = rest.partition("#")
    POINTS[point](Switch(nth=int(nth or 1), name=name))


def wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Have `around(real, …)` called instead of a function or method."""
    real = getattr(owner, name)
    setattr(owner, name, lambda *args, **kwargs: around(real, *args, **kwargs))


def _row_written(die: Die) -> None:
    def write(real: Any, page: Page) -> None:
        real(page)
        die()

    wrap(Page, "write", write)


def _after(owner: Any, name: str) -> Callable[[Die], None]:
    """Return what arms the point behind a method of the ledger that was given, or has returned, something."""

    def arm_after(die: Die) -> None:
        def call(real: Any, side: Any, *args: Any, **kwargs: Any) -> Any:
            found = real(side, *args, **kwargs)
            if found or (args and args[0]):
                die()
            return found

        wrap(owner, name, call)

    return arm_after


def _decoded(die: Die) -> None:
    from actors.media import decoder

    def decode(real: Any, fd: int, ref: Any, **options: Any) -> Any:
        found = real(fd, ref, **options)
        die(ref.path)
        return found

    wrap(decoder, "decode", decode)


def _draft_written(die: Die) -> None:
    """Die at the draft's fsync: its bytes are in the page cache, and nowhere else."""
    drafting: list[bytes] = []

    def write_new(real: Any, name: bytes, *args: Any, **kwargs: Any) -> None:
        drafting[:] = [name]
        real(name, *args, **kwargs)
        drafting.clear()

    def fsync(real: Any, fd: int) -> None:
        if drafting and drafting[0].endswith(b".json"):
            die(drafting[0])
        real(fd)

    wrap(directories, "write_new", write_new)
    wrap(os, "fsync", fsync)


def _before_rename(die: Die) -> None:
    def rename(real: Any, source: Any, target: Any, **kwargs: Any) -> None:
        if os.fsencode(source).startswith(PRIVATE_PREFIX) and os.fsencode(target).endswith(b".json"):
            die(os.fsencode(target))
        real(source, target, **kwargs)

    wrap(os, "rename", rename)


def _before(owner: Any, name: str) -> Callable[[Die], None]:
    """Return what arms the point before a method of the ledger."""

    def arm_before(die: Die) -> None:
        def call(real: Any, side: Any, *args: Any, **kwargs: Any) -> Any:
            die()
            return real(side, *args, **kwargs)

        wrap(owner, name, call)

    return arm_before


def _migrated(die: Die) -> None:
    """Die with every statement of the migration carried out and nothing committed."""

    def migrate(real: Any, *args: Any) -> Any:
        before = real(*args)
        die()
        return before

    wrap(ledger.schema, "migrate", migrate)
    assert ledger.schema is schema


POINTS: dict[str, Callable[[Die], None]] = {
    "before the row of a new file is committed": _row_written,
    "after the row of a new file is committed": _after(IntakeSide, "observe"),
    "after the job is queued": _after(IntakeSide, "enqueue"),
    "after the claim": _after(DriverSide, "claim"),
    "in the middle of decoding": _decoded,
    "before the draft of the document is on disk": _draft_written,
    "before the document is renamed": _before_rename,
    "before the ledger hears of the document": _before(DriverSide, "finish"),
    "after the job is done": _after(DriverSide, "finish"),
    "before a move is noted": _before(ArchiveSide, "begin_move"),
    "before a file is moved": _after(ArchiveSide, "begin_move"),
    "after a file is moved": _before(ArchiveSide, "end_move"),
    "before a migration is committed": _migrated,
}
