"""A line of every event, byte by byte, as machines, journald and people get it: `golden/`.

After a change that is meant: REELWATCH_WRITE_GOLDEN=1 pytest tests/service/logs/test_golden.py, and read the diff.
What the running service really says is golden, too: tests/e2e/test_log.py.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.clock import FakeClock
from service.logs.emitter import Emitter
from service.logs.examples import EXAMPLES
from service.logs.page import example
from service.logs.render import Renderer, as_console, as_journal, as_json
from service.logs.vocabulary import EVENTS

GOLDEN = Path(__file__).parent / "golden"
RENDERERS = {"json": as_json, "journal": as_journal, "console": as_console(colour=False)}


class Lines:
    """A sink that keeps lines."""

    dropped = 0

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)

    def close(self, *, timeout_s: float) -> None: ...


@pytest.fixture
def in_london() -> Iterator[None]:
    """The console shows local time."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("in_london")
@pytest.mark.parametrize(("name", "renderer"), RENDERERS.items(), ids=RENDERERS.keys())
def test_a_line_of_every_event(name: str, renderer: Renderer) -> None:
    sink = Lines()
    emit = Emitter(sink=sink, renderer=renderer, clock=FakeClock(), least="debug")
    for event in EVENTS:
        emit(event, **EXAMPLES[event])
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("REELWATCH_WRITE_GOLDEN"):
        file.write_text("\n".join(sink.lines) + "\n", encoding="utf-8")
    assert sink.lines == file.read_text(encoding="utf-8").splitlines()


def test_the_page_shows_the_same_lines() -> None:
    assert [example(event) for event in EVENTS] == (GOLDEN / "json.txt").read_text(encoding="utf-8").splitlines()
