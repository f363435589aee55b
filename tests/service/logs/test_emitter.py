"""Lines as they come out: golden, whatever is put in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from service.clock import FakeClock
from service.logs.emitter import Emitter
from service.logs.limits import MOST_LINES_A_MINUTE
from service.logs.render import as_console, as_journal, as_json
from service.logs.vocabulary import EVENTS, STORMS


class Lines:
    """A sink that keeps lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.dropped = 0

    def write(self, line: str) -> None:
        self.lines.append(line)

    def close(self, *, timeout_s: float) -> None:
        self.closed_in_s = timeout_s


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def emitter(sink: Lines, clock: FakeClock, *, renderer: object = as_json, least: str = "debug") -> Emitter:
    return Emitter(sink=sink, renderer=renderer, clock=clock, least=least)


DONE = {"job": 7, "root": b"/in", "path": b"caf\xe9.mp4", "document": "caf.json", "status": "complete", "seconds": 1.5}

GOLDEN = {
    "json": (
        as_json,
        (
            '{"time":"2027-01-15T08:00:00.000Z","level":"info","event":"job.done","job":7,"root":"/in",'
            r'"path":"caf\\xe9.mp4","document":"caf.json","status":"complete","seconds":1.5}'
        ),
    ),
    "journal": (
        as_journal,
        (
            '<6>{"time":"2027-01-15T08:00:00.000Z","level":"info","event":"job.done","job":7,"root":"/in",'
            r'"path":"caf\\xe9.mp4","document":"caf.json","status":"complete","seconds":1.5}'
        ),
    ),
    "console": (
        as_console(colour=False),
        (
            r"08:00:00 info     job.done         job=7 root=/in path=caf\xe9.mp4 document=caf.json "
            "status=complete seconds=1.5"
        ),
    ),
}


@pytest.mark.parametrize(("renderer", "line"), GOLDEN.values(), ids=GOLDEN.keys())
def test_golden(clock: FakeClock, monkeypatch: pytest.MonkeyPatch, renderer: object, line: str) -> None:
    monkeypatch.setenv("TZ", "UTC")
    sink = Lines()
    emitter(sink, clock, renderer=renderer)("job.done", **DONE)
    assert sink.lines == [line]


PRIORITIES = {"file.seen": "<7>", "job.claimed": "<6>", "job.retry": "<4>", "job.failed": "<3>", "work.paused": "<2>"}


@pytest.mark.parametrize(("event", "priority"), PRIORITIES.items())
def test_journal_priorities(clock: FakeClock, event: str, priority: str) -> None:
    sink = Lines()
    fields = dict.fromkeys(EVENTS[event].required, "x")
    emitter(sink, clock, renderer=as_journal)(event, **fields)
    assert sink.lines[0].startswith(f'{priority}{{"time"')


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


VALUES = {
    "path": (Path("/a b"), "/a b"),
    "path with an escape sequence": (b"\x1b[2J", "\\u001b[2J"),
    "sentence with a line break": (OSError("first\nsecond"), "first\\nsecond"),
    "sentence with a backslash": ("C:\\x", "C:\\x"),
    "infinite": (float("inf"), None),
    "not a number": (float("nan"), None),
    "long": ("a" * 5000, "a" * 4000 + "… (5000 characters)"),
    "nested": ({"a": (b"x", {"b": 1})}, {"a": ["x", {"b": 1}]}),
    "lone surrogate": ("\udcff", "\\xff"),
}


@pytest.mark.parametrize(("value", "shown"), VALUES.values(), ids=VALUES.keys())
def test_values(clock: FakeClock, value: object, shown: object) -> None:
    sink = Lines()
    emitter(sink, clock)("job.rejected", path=b"a", reason="r", detail=value)
    assert json.loads(sink.lines[0]).get("detail") == shown


def test_a_value_that_cannot_be_spelt_does_not_raise(clock: FakeClock) -> None:
    sink = Lines()
    emitter(sink, clock)("job.rejected", path=b"a", reason="r", detail=Unspeakable())
    assert "Unspeakable object" in sink.lines[0]


def test_less_important_events_are_left_out(clock: FakeClock) -> None:
    sink = Lines()
    emit = emitter(sink, clock, least="warning")
    emit("job.claimed", path=b"a")
    emit("job.failed", path=b"a", reason="r")
    assert [json.loads(line)["event"] for line in sink.lines] == ["job.failed"]


def test_what_the_vocabulary_lacks_is_logged_all_the_same(clock: FakeClock) -> None:
    sink = Lines()
    emit = emitter(sink, clock)
    emit("job.dnoe", path=b"a")
    emit("job.done", path=b"a")
    unknown, incomplete, done = map(json.loads, sink.lines)
    assert (unknown["event"], unknown["event_name"]) == ("log.unknown", "job.dnoe")
    assert "'path': 'a'" in unknown["detail"]
    assert (incomplete["event"], incomplete["event_name"]) == ("log.unknown", "job.done")
    assert (done["event"], done["path"]) == ("job.done", "a")


def test_equal_events_are_held_back_and_counted(clock: FakeClock) -> None:
    sink = Lines()
    emit = emitter(sink, clock)
    for _ in range(9):
        emit("scan.failed", path=b"a", reason="io")
    emit("scan.failed", path=b"b", reason="io")
    clock.advance(61)
    emit("scan.failed", path=b"a", reason="io")
    names = [json.loads(line)["event"] for line in sink.lines]
    assert names == ["scan.failed"] * 6 + ["log.suppressed", "scan.failed"]
    told = json.loads(sink.lines[6])
    assert (told["event_name"], told["suppressed_key"], told["count"]) == ("scan.failed", "a", 4)


STORM_S = 180.0


def of_one_folder(_number: int) -> tuple[str, dict[str, object]]:
    return "scan.failed", {"path": b"a", "reason": "io"}


def of_as_many_files(number: int) -> tuple[str, dict[str, object]]:
    return "scan.failed", {"path": b"%d" % number, "reason": "io"}


def of_everything(number: int) -> tuple[str, dict[str, object]]:
    event = sorted(STORMS)[number % len(STORMS)]
    return event, dict.fromkeys(EVENTS[event].required, f"x{number}")


@pytest.mark.parametrize(
    ("kind", "errors"),
    [(of_one_folder, 10_000), (of_as_many_files, 100_000), (of_everything, 20_000)],
    ids=["of one folder", "of as many files", "of everything that may storm"],
)
def test_a_storm_of_errors_makes_at_most_sixty_lines_in_any_minute(
    clock: FakeClock, kind: Callable[[int], tuple[str, dict[str, object]]], errors: int
) -> None:
    """research/intake.md 3 #14: 10^5 errors; hundreds of GB of log in SynoCommunity/spksrc#7428."""
    sink = Lines()
    emit = emitter(sink, clock)
    at = []
    for number in range(errors):
        event, fields = kind(number)
        emit(event, **fields)
        at += [clock.monotonic()] * (len(sink.lines) - len(at))
        clock.advance(STORM_S / errors)
    emit.close()
    busiest = max(sum(begin <= moment < begin + 60 for moment in at) for begin in at)
    assert 0 < busiest <= MOST_LINES_A_MINUTE
    lines = [json.loads(line) for line in sink.lines]
    told = sum(line["count"] for line in lines if line["event"] == "log.suppressed")
    assert told + sum(line["event"] != "log.suppressed" for line in lines) == errors
    assert emit.figures().suppressed == told


def test_debugging_lines_have_no_ceiling(clock: FakeClock) -> None:
    """One `file.waiting` for every file that waits, however many wait."""
    sink = Lines()
    emit = emitter(sink, clock)
    for number in range(4000):
        emit("file.waiting", path=b"%d" % number, reason="writer")
    assert len(sink.lines) == 4000


def test_figures_tell_what_became_of_the_lines(clock: FakeClock) -> None:
    sink = Lines()
    emit = emitter(sink, clock, least="info")
    emit("file.seen", path=b"a")
    emit("job.claimed", path=b"a")
    for _ in range(7):
        emit("scan.failed", path=b"a", reason="io")
    sink.dropped = 3
    figures = emit.figures()
    assert (figures.lines["debug"], figures.lines["info"], figures.lines["warning"]) == (0, 1, 5)
    assert (figures.suppressed, figures.dropped) == (2, 3)


def test_changes_of_state_are_never_held_back(clock: FakeClock) -> None:
    sink = Lines()
    emit = emitter(sink, clock)
    for _ in range(4000):
        emit("job.claimed", path=b"a")
    assert len(sink.lines) == 4000


def test_any_later_line_and_the_end_tell_what_was_held_back(clock: FakeClock) -> None:
    sink = Lines()
    emit = emitter(sink, clock)
    for _ in range(7):
        emit("scan.failed", path=b"a", reason="io")
    clock.advance(61)
    emit("heartbeat", gauges="", uptime_s=61)
    assert json.loads(sink.lines[-2])["event"] == "log.suppressed"
    for _ in range(6):
        emit("scan.failed", path=b"b", reason="io")
    emit.close(timeout_s=0.5)
    told = [json.loads(line)["count"] for line in sink.lines if '"log.suppressed"' in line]
    assert told == [2, 1]
    assert sink.closed_in_s == 0.5
