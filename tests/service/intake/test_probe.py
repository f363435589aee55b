from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actors.fingerprint import head_tail
from service.intake import container
from service.intake.probe import (
    MOST_HOLES,
    Changed,
    DescriptorProbe,
    FileStat,
    HeldOpen,
    Lease,
    Seen,
    Trouble,
    Unread,
    first_hole,
    probe_lease,
)
from service.intake.structure import Structure, Wholeness


def inspect(path: Path, *, expected: FileStat | None = None) -> object:
    stat = expected or FileStat.of(path.lstat())
    return DescriptorProbe().inspect(os.fsencode(path.parent), os.fsencode(path.name), expected=stat)


def test_a_finished_file_is_seen_whole(tmp_path: Path, media: Any) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(media.mp4())
    seen = inspect(path)
    assert isinstance(seen, Seen)
    assert seen.structure.wholeness is Wholeness.COMPLETE
    assert (seen.writer_known, seen.hole_at, seen.stat) == (True, None, FileStat.of(path.lstat()))


def test_nothing_of_the_file_changes(tmp_path: Path, media: Any) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(media.mp4())
    os.utime(path, ns=(1, 2))
    before = (path.lstat(), path.read_bytes())
    os.utime(path, ns=(1, 2))
    inspect(path)
    assert (path.lstat().st_mtime_ns, path.read_bytes()) == (before[0].st_mtime_ns, before[1])


@pytest.mark.parametrize("mode", ["ab", "r+b", "wb"])
def test_an_open_writer_is_found_whatever_it_does(tmp_path: Path, media: Any, mode: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(media.mp4())
    with path.open(mode):
        assert isinstance(inspect(path), HeldOpen)
    assert not isinstance(inspect(path), HeldOpen)


def test_a_writer_in_another_process_is_found(tmp_path: Path, media: Any) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(media.mp4())
    code = "import sys; f = open(sys.argv[1], 'ab'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert isinstance(inspect(path), HeldOpen)
    assert isinstance(inspect(path), Seen)


def test_a_writable_mapping_counts_as_a_writer(tmp_path: Path, media: Any) -> None:
    import mmap

    path = tmp_path / "x.mp4"
    path.write_bytes(media.mp4())
    with path.open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    assert isinstance(inspect(path), HeldOpen)
    mapped.close()
    assert isinstance(inspect(path), Seen)


def test_a_reader_does_not(tmp_path: Path, media: Any) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(media.mp4())
    with path.open("rb"):
        assert isinstance(inspect(path), Seen)


def test_a_writer_that_opens_while_the_lease_is_held_does_not_kill_us(tmp_path: Path) -> None:
    """The kernel tells a lease holder by a signal whose default action ends the process; ours must be a harmless one.

    The lease is kept here by leaving out its return, which the probe does within microseconds.
    """
    path = tmp_path / "x.mp4"
    path.write_bytes(b"x")
    code = """
import fcntl, os, sys
from service.intake import probe
real = fcntl.fcntl
fcntl.fcntl = lambda fd, op, arg=0: 0 if (op, arg) == (fcntl.F_SETLEASE, fcntl.F_UNLCK) else real(fd, op, arg)
fd = os.open(sys.argv[1], os.O_RDONLY)
print(probe.probe_lease(fd), flush=True)
sys.stdin.readline()
print("alive", flush=True)
"""
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline().strip() == "free"
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert holder.stdout.readline().strip() == "alive"
    assert holder.returncode == 0


@pytest.mark.parametrize(
    ("error", "lease"),
    [
        (errno.EAGAIN, Lease.HELD),
        (errno.EACCES, Lease.UNKNOWN),
        (errno.EINVAL, Lease.UNKNOWN),
        (errno.ENOLCK, Lease.UNKNOWN),
    ],
)
def test_what_the_kernel_says_about_a_lease(monkeypatch: pytest.MonkeyPatch, error: int, lease: Lease) -> None:
    def refuse(_fd: int, operation: int, _argument: int) -> int:
        if operation == fcntl.F_SETLEASE:
            raise OSError(error, os.strerror(error))
        return 0

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    assert probe_lease(0) is lease


def test_without_a_harmless_signal_no_lease_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def refuse(_fd: int, operation: int, argument: int) -> int:
        asked.append(operation)
        assert argument == signal.SIGURG
        raise OSError(errno.EINVAL, "no F_SETSIG here")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    assert probe_lease(0) is Lease.UNKNOWN
    assert asked == [fcntl.F_SETSIG]


def test_the_lease_is_returned_at_once(tmp_path: Path) -> None:
    """A lease that is kept stalls whoever opens the file for writing, for up to 45 s."""
    path = tmp_path / "x.mp4"
    path.write_bytes(b"x")
    fd = os.open(path, os.O_RDONLY)
    try:
        assert probe_lease(fd) is Lease.FREE
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    finally:
        os.close(fd)


def test_a_file_that_grows_under_the_look_is_a_change(
    tmp_path: Path, media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(media.mp4())
    real = container.examine

    def grow(fd: int, *, size: int) -> Structure:
        with path.open("ab") as file:
            file.write(b"more")
        return real(fd, size=size)

    monkeypatch.setattr(container, "examine", grow)
    before = FileStat.of(path.lstat())
    assert inspect(path, expected=before) == Changed(FileStat.of(path.lstat()))


def test_an_unwritten_range_is_found(tmp_path: Path, media: Any) -> None:
    path = tmp_path / "x.mp4"
    with path.open("wb") as file:
        file.write(media.mp4() * 20)
        file.truncate(2**20)
    seen = inspect(path)
    assert isinstance(seen, Seen)
    if seen.hole_at is None:
        pytest.skip("this file system knows no holes")
    assert len(media.mp4()) < seen.hole_at < 2**20


@pytest.mark.parametrize(
    ("kind", "whole"), [pytest.param(b"free", True, id="padding"), pytest.param(b"uuid", False, id="data")]
)
def test_only_padding_may_be_unwritten(
    tmp_path: Path,
    media: Any,
    kind: bytes,
    whole: bool,  # noqa: FBT001 - a table's column
) -> None:
    """A recorder reserves room for a larger index, and need not fill it."""
    path, size = tmp_path / "x.mp4", 2**20
    with path.open("wb") as file:
        start = file.write(media.mp4())
        file.write(size.to_bytes(4, "big") + kind)
        file.seek(start + size)
        file.write(b"\x00\x00\x00\x08skip")
    seen = inspect(path)
    assert isinstance(seen, Seen)
    with path.open("rb") as file:
        if first_hole(file.fileno(), size=path.stat().st_size) is None:
            pytest.skip("this file system knows no holes")
    assert (seen.hole_at is None) == whole
    assert seen.structure.wholeness is Wholeness.COMPLETE


def test_holes_without_end_are_not_counted_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Padding may be unwritten; a file that is nothing but holes in padding was made to keep intake busy."""
    path, block = tmp_path / "x.mp4", 8192
    with path.open("wb") as file:
        for number in range(MOST_HOLES + 100):
            file.seek(number * block)
            file.write(block.to_bytes(4, "big") + b"free")
        file.truncate((MOST_HOLES + 100) * block)
    padding = [(number * block, (number + 1) * block) for number in range(MOST_HOLES + 100)]
    asked: list[int] = []
    real = os.lseek
    monkeypatch.setattr(os, "lseek", lambda fd, at, how: (asked.append(at), real(fd, at, how))[1])
    with path.open("rb", buffering=0) as file:
        hole = first_hole(file.fileno(), size=path.stat().st_size, padding=padding)
    if len(asked) <= 2:
        pytest.skip("this file system knows no holes")
    assert hole is not None
    assert len(asked) <= 2 * MOST_HOLES


def test_reserved_space_counts_as_unwritten(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        os.posix_fallocate(fd, 0, 2**20)
        os.pwrite(fd, b"x" * 5000, 0)
        hole = first_hole(fd, size=2**20)
    finally:
        os.close(fd)
    if hole is None:
        pytest.skip("this file system shows reserved space as data")
    assert hole < 2**20


def fifo(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    "make",
    [fifo, unix_socket, link, Path.mkdir, lambda _: None],
    ids=["fifo", "socket", "link", "directory", "nothing"],
)
def test_what_is_no_file_is_gone_and_never_hangs(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "x.mp4"
    make(path)
    found = inspect(path, expected=FileStat(1, 2, 3, 4, 5))
    assert found == Unread(Trouble.GONE, found.error)  # type: ignore[attr-defined]


def test_a_linked_directory_on_the_way_leads_nowhere(tmp_path: Path, media: Any) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.mp4").write_bytes(media.mp4())
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "sub").symlink_to(tmp_path / "elsewhere")
    stat = FileStat.of((tmp_path / "elsewhere" / "x.mp4").lstat())
    found = DescriptorProbe().inspect(os.fsencode(tmp_path / "root"), b"sub/x.mp4", expected=stat)
    assert isinstance(found, Unread)
    assert found.trouble is Trouble.GONE


def test_another_inode_or_size_is_a_change(tmp_path: Path, media: Any) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(media.mp4())
    before = FileStat.of(path.lstat())
    path.write_bytes(media.mp4() + b"more")
    assert inspect(path, expected=before) == Changed(FileStat.of(path.lstat()))


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (errno.EACCES, Trouble.PERMISSION),
        (errno.EPERM, Trouble.PERMISSION),
        (errno.EIO, Trouble.IO),
        (errno.ESTALE, Trouble.IO),
        (errno.EMFILE, Trouble.IO),
        (errno.ENOENT, Trouble.GONE),
        (errno.ELOOP, Trouble.GONE),
    ],
)
def test_errors_are_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, trouble: Trouble) -> None:
    def fail(*_: object, **__: object) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "open", fail)
    found = inspect(tmp_path / "x.mp4", expected=FileStat(1, 2, 3, 4, 5))
    assert found == Unread(trouble, os.strerror(error))


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 65_537, 131_072, 131_073, 400_000])
def test_the_fingerprint_sees_both_ends_and_the_size(tmp_path: Path, size: int) -> None:
    def fingerprint(content: bytes) -> str:
        path = tmp_path / "x"
        path.write_bytes(content)
        fd = os.open(path, os.O_RDONLY)
        try:
            return head_tail(fd, size=len(content))
        finally:
            os.close(fd)

    same = fingerprint(b"a" * size)
    assert same == fingerprint(b"a" * size)
    assert same != fingerprint(b"b" + b"a" * (size - 1))
    assert same != fingerprint(b"a" * (size - 1) + b"b")
    assert same != fingerprint(b"a" * (size + 1))


@pytest.mark.parametrize(
    "name", [b"invalid \xff.mp4", b"new\nline.mp4", b"-rf.mp4", "ø\U0001f600".encode(), b"n" * 255]
)
def test_any_name_can_be_opened(tmp_path: Path, media: Any, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(media.mp4())
    assert isinstance(inspect(path), Seen)
