"""The gate that closes when the host cannot take documents."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.clock import FakeClock
from service.disk import RECHECK_S, DiskGate, fault, free_mib
from service.ledger.values import WorkPause
from service.logs import Recorder


def space(free_mib: float) -> Any:
    """A `statvfs` that reports so much free space to an unprivileged user."""
    return lambda _path: SimpleNamespace(f_bavail=int(free_mib * 256), f_frsize=4096, f_bfree=10**9)


@pytest.mark.parametrize(
    ("free_mib", "low_water_mib", "expected"),
    [(512, 512, None), (511.9, 512, "disk_full"), (0, 0, None), (0.1, 1, "disk_full")],
)
def test_free_space_is_held_against_the_low_water_mark(
    tmp_path: Path, free_mib: float, low_water_mib: int, expected: str | None
) -> None:
    assert fault(os.fsencode(tmp_path), low_water_mib * 2**20, statvfs=space(free_mib)) == expected


def test_a_probe_leaves_nothing_behind(tmp_path: Path) -> None:
    assert fault(os.fsencode(tmp_path), 0) is None
    assert list(tmp_path.iterdir()) == []


def test_a_root_that_is_gone_is_a_fault(tmp_path: Path) -> None:
    assert fault(os.fsencode(tmp_path / "unmounted"), 0) == f"unwritable: {os.strerror(errno.ENOENT)}"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_write_that_fails_is_a_fault_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_descriptor: int, _content: bytes) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", refuse)
        found = fault(os.fsencode(tmp_path), 0)
    assert found == f"unwritable: {os.strerror(number)}"
    assert list(tmp_path.iterdir()) == []


@dataclass
class Bench:
    """A gate before a folder that is not there, and everything it says."""

    root: Path
    clock: FakeClock = field(default_factory=FakeClock)
    emit: Recorder = field(default_factory=Recorder)
    noted: list[WorkPause | None] = field(default_factory=list)

    def gate(self, *, low_water_mib: int = 0) -> DiskGate:
        root, note = os.fsencode(self.root), self.noted.append
        return DiskGate(root, low_water_mib=low_water_mib, clock=self.clock, emit=self.emit, note=note)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "out")


def test_the_gate_opens_when_the_fault_has_passed_and_looks_only_now_and_then(bench: Bench) -> None:
    gate = bench.gate()
    assert (gate.pause, gate.try_open()) == (None, False)
    gate.close("output_gone")
    gate.close("output_gone")
    bench.clock.advance(RECHECK_S)
    assert not gate.try_open(), "the root is not there yet"
    bench.root.mkdir()
    assert not gate.try_open(), "it has just been looked at"
    bench.clock.advance(RECHECK_S)
    assert gate.try_open()
    assert gate.pause is None
    assert bench.emit.names == ["work.paused", "work.resumed"], "it was closed already when it was closed again"
    assert bench.emit.named("work.resumed")[0]["seconds"] == 2 * RECHECK_S


def test_a_pause_tells_where_why_and_what_would_mend_it(bench: Bench) -> None:
    bench.root.mkdir()
    bench.gate(low_water_mib=512).close("disk_full")
    (told,) = bench.emit.named("work.paused")
    assert (told["reason"], told["path"], told["low_water_mib"]) == ("disk_full", os.fsencode(bench.root), 512)
    assert told["free_mib"] == free_mib(os.fsencode(bench.root))
    assert "once 512 MiB are free" in told["remedy"]
    assert bench.noted == [WorkPause("disk_full", os.fsencode(bench.root), 512, since=bench.clock.wall())]


def test_what_keeps_the_gate_closed_after_another_fault_is_told(bench: Bench) -> None:
    gate = bench.gate(low_water_mib=10**9)
    gate.close("output_gone")
    bench.root.mkdir()
    bench.clock.advance(RECHECK_S)
    assert not gate.try_open()
    assert gate.pause is not None
    assert gate.pause.reason == "disk_full"
    assert [told["reason"] for told in bench.emit.named("work.paused")] == ["output_gone", "disk_full"]
