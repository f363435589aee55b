"""Every gate at which a file can wait says so in one line that names it; the lines are golden (research, 3 #35).

After a change that is meant: REELWATCH_WRITE_GOLDEN=1 pytest tests/service/intake, and read the difference.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.intake import probe
from service.intake.verdicts import Reason
from service.logs.emitter import Emitter
from service.logs.render import as_json

GOLDEN = Path(__file__).parent / "golden" / "gates.jsonl"
DAY_S = 24 * 3600
HOLE = 2**20


class Lines:
    """A sink that keeps lines."""

    dropped = 0

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)

    def close(self, *, timeout_s: float) -> None: ...


@contextmanager
def held_open(bench: Any, media: Any) -> Iterator[float]:
    with bench.drop("x.mp4", media.mp4()).open("ab"):
        yield 60


@contextmanager
def of_another_owner(bench: Any, media: Any) -> Iterator[float]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe, "probe_lease", lambda _fd: probe.Lease.UNKNOWN)
        bench.drop("x.mp4", media.mp4())
        yield 5


@contextmanager
def of_no_known_end(bench: Any, media: Any) -> Iterator[float]:
    bench.drop("x.ts", media.ts())
    yield 5


@contextmanager
def beside_an_unfinished_one(bench: Any, media: Any) -> Iterator[float]:
    bench.drop("x.mp4.aria2", b"control")
    bench.drop("x.mp4", media.mp4())
    yield 60


@contextmanager
def empty(bench: Any, media: Any) -> Iterator[float]:  # noqa: ARG001 - as the others
    bench.drop("x.mp4", b"")
    yield 60


@contextmanager
def empty_for_a_day(bench: Any, media: Any) -> Iterator[float]:  # noqa: ARG001 - as the others
    bench.drop("x.mp4", b"")
    yield DAY_S + 3600


@contextmanager
def touched(bench: Any, media: Any) -> Iterator[float]:
    with of_another_owner(bench, media):
        for second in range(90):
            os.utime(bench.root / "x.mp4", (second, second))
            bench.run(1)
        yield 1


@contextmanager
def with_a_hole(bench: Any, media: Any) -> Iterator[float]:
    content = media.mp4(bytes(HOLE))
    at = content.index(b"mdat") + 4
    path = bench.drop("x.mp4", content[:at])
    with path.open("r+b") as file:
        file.seek(at + HOLE)
        file.write(content[at + HOLE :])
    yield 5


@contextmanager
def cut_off(bench: Any, media: Any) -> Iterator[float]:
    bench.drop("x.mp4", media.mp4()[:-20])
    yield 60


@contextmanager
def without_index(bench: Any, media: Any) -> Iterator[float]:
    bench.drop("x.mp4", media.mp4().partition(b"moov")[0][:-4])
    yield 60


@contextmanager
def refused(bench: Any, media: Any, *, number: int) -> Iterator[float]:
    real = os.open

    def refuse(name: Any, flags: int, *rest: Any, **options: Any) -> int:
        if name == b"x.mp4":
            raise OSError(number, os.strerror(number))
        return real(name, flags, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", refuse)
        bench.drop("x.mp4", media.mp4())
        yield 60


@contextmanager
def unreadable(bench: Any, media: Any) -> Iterator[float]:
    with refused(bench, media, number=errno.EACCES) as seconds:
        yield seconds


@contextmanager
def on_a_bad_disk(bench: Any, media: Any) -> Iterator[float]:
    with refused(bench, media, number=errno.EIO) as seconds:
        yield seconds


CASES: dict[str, Callable[[Any, Any], Any]] = {
    case.__name__: case
    for case in (
        *(held_open, of_another_owner, of_no_known_end, beside_an_unfinished_one, empty, empty_for_a_day, touched),
        *(with_a_hole, cut_off, without_index, unreadable, on_a_bad_disk),
    )
}


def lines_of(bench: Any, media: Any, case: str) -> list[dict[str, Any]]:
    """What is logged of a file that waits, without the line of its first sight."""
    sink = Lines()
    bench.events = Emitter(sink=sink, renderer=as_json, clock=bench.clock, least="debug")
    with ExitStack() as stack:
        seconds = stack.enter_context(CASES[case](bench, media))
        bench.run(seconds, step_s=max(0.5, seconds / 200))
    lines = [json.loads(line.replace(str(bench.root), "/in")) for line in sink.lines]
    return [line | {"time": "<time>"} for line in lines if line["event"] != "file.seen"]


def golden() -> dict[str, list[dict[str, Any]]]:
    entries = map(json.loads, GOLDEN.read_text(encoding="utf-8").splitlines())
    return {entry["case"]: entry["lines"] for entry in entries}


@pytest.mark.parametrize("case", CASES)
def test_a_wait_is_one_golden_line(bench: Any, media: Any, case: str) -> None:
    lines = lines_of(bench, media, case)
    if os.environ.get("REELWATCH_WRITE_GOLDEN"):
        kept = {} if case == next(iter(CASES)) else golden()
        text = [
            json.dumps({"case": one, "lines": said}, ensure_ascii=False) for one, said in (kept | {case: lines}).items()
        ]
        GOLDEN.write_text("\n".join(text) + "\n", encoding="utf-8")
    assert lines == golden()[case]
    # A placeholder is silent; what is touched waits at one gate after another.
    assert len(lines) == {"empty": 0, "touched": 2}.get(case, 1)


def test_every_gate_has_its_line() -> None:
    told = {line.get("reason", "touched") for lines in golden().values() for line in lines}
    assert {reason.value for reason in Reason} - told == {"empty", "quiet", "settled", "truncated"}
