"""The gate that closes when the host cannot take documents."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.clock import FakeClock
from service.disk import RECHECK_S, DiskGate, fault


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


def test_the_gate_opens_when_the_fault_has_passed_and_looks_only_now_and_then(tmp_path: Path) -> None:
    clock, root = FakeClock(), tmp_path / "out"
    gate = DiskGate(os.fsencode(root), low_water_mib=0, clock=clock)
    assert (gate.closed_because, gate.try_open()) == (None, False)
    assert gate.close("disk_full")
    assert not gate.close("disk_full"), "it was closed already"
    clock.advance(RECHECK_S)
    assert not gate.try_open(), "the root is not there yet"
    root.mkdir()
    assert not gate.try_open(), "it has just been looked at"
    clock.advance(RECHECK_S)
    assert gate.try_open()
    assert gate.closed_because is None
