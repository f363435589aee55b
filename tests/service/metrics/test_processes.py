"""What /proc says, read from real processes; and from a made-up /proc where it hides things."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyFD

from service.metrics import processes

MIB = 2**20
CHILD = """
import subprocess, sys
held = bytearray(40 * 2**20)
below = subprocess.Popen([sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"])
print("up", below.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def family() -> Iterator[tuple[int, int]]:
    """A process with 40 MiB that has a child of its own."""
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        said = sorted(child.stdout.readline().split() for _ in range(2))
        yield child.pid, int(said[1][1])
        child.stdin.close()


def test_memory_is_told_by_process(family: tuple[int, int]) -> None:
    child, grandchild = family
    memory = processes.memory_below(os.getpid(), {"speech": child})
    assert 40 * MIB < memory["speech"] < 200 * MIB
    assert {child, grandchild} <= processes.descendants(os.getpid())
    assert memory["other"] >= processes.resident_bytes(grandchild) - MIB


def test_a_named_process_of_another_machine_is_left_out(family: tuple[int, int]) -> None:
    assert "speech" not in processes.memory_below(family[0], {"speech": 1})


def test_memory_is_what_is_held_now_not_the_most_that_ever_was() -> None:
    before = processes.resident_bytes(os.getpid())
    with mmap.mmap(-1, 64 * MIB) as held:  # from the system: what other tests left may hold as much
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1
        grown = processes.resident_bytes(os.getpid())
    assert grown - before > 48 * MIB
    assert processes.resident_bytes(os.getpid()) < grown - 48 * MIB


def test_watches_are_counted(tmp_path: Path) -> None:
    before = processes.watches()
    inotify = InotifyFD()
    inotify.start()
    try:
        for name in ("a", "b", "c"):
            (tmp_path / name).mkdir()
            os_watch(inotify, tmp_path / name)
        assert processes.watches() - before == 3
    finally:
        inotify.stop()
        inotify.join()


def os_watch(inotify: InotifyFD, path: Path) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.inotify_add_watch(inotify._inotify_fd, os.fsencode(path), 0x100) > 0


def test_what_proc_hides_is_unknown(tmp_path: Path) -> None:
    assert processes.watches_limit(proc=tmp_path) is None
    assert processes.watches(proc=tmp_path) is None
    assert processes.resident_bytes(1, proc=tmp_path) is None
    assert processes.memory_below(1, {}, proc=tmp_path / "not there") == {}


def test_a_name_with_parentheses_does_not_mislead(tmp_path: Path) -> None:
    for pid, parent, name in ((5, 1, "plain"), (7, 5, "a) R 99 (b"), (9, 7, "deep")):
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "stat").write_text(f"{pid} ({name}) S {parent} 0 0 0")
    assert processes.descendants(5, proc=tmp_path) == {7, 9}
