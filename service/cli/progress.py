"""Shows how far `reelwatch process` is: bars on a terminal, plain lines elsewhere, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from service.cli import common

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from service.processing import ProgressEvent

Report = Callable[["ProgressEvent"], None]


@contextmanager
def progress(*, quiet: bool) -> Iterator[Report]:
    """Yield what to call with each event; `quiet` shows nothing."""
    if quiet:
        yield lambda _event: None
    elif sys.stderr.isatty():
        with _bars() as report:
            yield report
    else:
        yield _line


def _line(event: ProgressEvent) -> None:
    click.echo(f"{common.printable(event.path)}: {event.stage} ({event.done}/{event.total})", err=True)


@contextmanager
def _bars() -> Iterator[Report]:
    from rich.console import Console  # noqa: PLC0415 - 0.1 s, only on a terminal
    from rich.markup import escape  # noqa: PLC0415 - as above
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        bars = _Bars(shown, escape)
        yield bars.report


class _Bars:
    """One bar for all videos, and one for each that is being worked on."""

    def __init__(self, shown: Progress, escape: Callable[[str], str]) -> None:
        self._shown = shown
        self._escape = escape
        self._all = shown.add_task("videos", total=None)
        self._each: dict[str, TaskID] = {}

    def report(self, event: ProgressEvent) -> None:
        name = common.printable(event.path)
        self._shown.update(self._all, total=event.videos)
        if name not in self._each:
            self._each[name] = self._shown.add_task(self._escape(name), total=event.total)
        self._shown.update(self._each[name], completed=event.done, total=event.total)
        self._shown.update(self._each[name], description=self._escape(f"{event.path.name}: {event.stage}"))
        if event.done >= event.total:
            self._shown.remove_task(self._each.pop(name))
            self._shown.advance(self._all)
