"""The claimed generation is what is hashed and decoded, or nothing is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from media_clips import source

from actors.backend import SourceRef
from actors.errors import ActorError, BadInput, SourceChanged, Transient
from actors.fingerprint import END_BYTES, head_tail
from actors.media.source import DescriptorReader, PinnedFiles, open_source, sha256_of, verify


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 40)
    return path


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_digest_is_that_of_the_whole_file_and_leaves_the_position_alone(file: Path) -> None:
    ref = source(file)
    fd = open_source(ref)
    try:
        assert sha256_of(fd, ref) == hashlib.sha256(file.read_bytes()).hexdigest()
        verify(fd, ref)
    finally:
        os.close(fd)


def _missing(path: Path) -> None:
    path.unlink()


def _linked(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _rewritten(path: Path) -> None:
    seen = path.stat()
    path.write_bytes(b"\0" * seen.st_size)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns + 1))


def _replaced(path: Path) -> None:
    seen = path.stat()
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    other.rename(path)


@pytest.mark.parametrize(
    ("happens", "error", "reason"),
    [
        pytest.param(_missing, SourceChanged, "missing", id="gone"),
        pytest.param(_linked, BadInput, "symbolic_link", id="a link took its place"),
        pytest.param(_directory, BadInput, "not_a_file", id="a directory took its place"),
        pytest.param(_fifo, BadInput, "not_a_file", id="a fifo took its place and does not block"),
        pytest.param(_grown, SourceChanged, "changed", id="grown"),
        pytest.param(_rewritten, SourceChanged, "changed", id="rewritten in place"),
        pytest.param(_replaced, SourceChanged, "changed", id="another file of the same size and time"),
    ],
)
def test_what_is_not_the_claimed_file_is_refused(
    file: Path, happens: object, error: type[ActorError], reason: str
) -> None:
    ref = source(file)
    happens(file)
    with pytest.raises(error) as refused:
        open_source(ref)
    assert refused.value.reason == reason


def _touched(path: Path) -> None:
    os.utime(path)


def _middle_rewritten(path: Path) -> None:
    seen = path.stat()
    with path.open("r+b") as file:
        file.seek(seen.st_size // 2)
        file.write(b"other")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns + 1))


def _has_ends(path: Path) -> SourceRef:
    with path.open("rb") as file:
        return replace(source(path), head_tail=head_tail(file.fileno(), size=path.stat().st_size))


def test_a_touch_before_it_is_opened_is_no_change(file: Path) -> None:
    ref = _has_ends(file)
    _touched(file)
    os.close(open_source(ref))
    _rewritten(file)
    with pytest.raises(SourceChanged):
        open_source(ref)


@pytest.mark.parametrize(
    ("happens", "same"),
    [
        pytest.param(_touched, True, id="touched"),
        pytest.param(_rewritten, False, id="rewritten in place"),
        pytest.param(_middle_rewritten, False, id="rewritten in its middle, its ends alike"),
        pytest.param(_grown, False, id="grown"),
    ],
)
def test_of_an_identified_file_whose_time_changes_all_of_the_content_decides(
    tmp_path: Path, happens: Callable[[Path], None], *, same: bool
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 4 * END_BYTES)
    ref = _has_ends(path)
    fd = open_source(ref)
    try:
        identified = sha256_of(fd, ref)
        happens(path)
        with nullcontext() if same else pytest.raises(SourceChanged):
            verify(fd, ref, sha256=identified[:16])
    finally:
        os.close(fd)


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "zero.mp4").touch()
    with pytest.raises(BadInput) as refused:
        open_source(source(tmp_path / "zero.mp4"))
    assert refused.value.reason == "empty"


@pytest.mark.parametrize(
    ("number", "error", "reason"),
    [
        pytest.param(13, BadInput, "unreadable", id="EACCES"),
        pytest.param(1, BadInput, "unreadable", id="EPERM"),
        pytest.param(5, Transient, "read_error", id="EIO"),
        pytest.param(116, Transient, "read_error", id="ESTALE"),
    ],
)
def test_what_the_system_refuses_is_told_apart(
    file: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[ActorError], reason: str
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    ref = source(file)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(error) as refused:
        open_source(ref)
    assert refused.value.reason == reason


def test_a_refused_file_leaves_no_descriptor_behind(file: Path) -> None:
    before = open_descriptors()
    for _ in range(5):
        with pytest.raises(SourceChanged):
            open_source(replace(source(file), size=1))
    assert open_descriptors() == before


def test_pins_are_bounded_and_the_oldest_is_closed(tmp_path: Path) -> None:
    pinned, before = PinnedFiles(capacity=2), open_descriptors()
    refs = []
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode())
        refs.append(source(tmp_path / name))
        pinned.pin(refs[-1], open_source(refs[-1]))
    assert len(pinned) == 2
    assert open_descriptors() == before + 2
    assert pinned.take(refs[0]) is None
    newest = pinned.take(refs[2])
    assert newest is not None
    assert os.pread(newest, 1, 0) == b"c"
    os.close(newest)
    pinned.close()
    assert len(pinned) == 0


def test_the_reader_ends_at_the_claimed_size_and_refuses_negative_targets(file: Path) -> None:
    with file.open("rb") as opened:
        reader = DescriptorReader(opened.fileno(), size=10)
        assert reader.read(100) == bytes(range(10))
        assert reader.read(1) == b""
        assert reader.seek(-3, os.SEEK_END) == 7
        assert reader.read(2) == bytes([7, 8])
        assert reader.seek(-1) < 0
        assert reader.tell() == 9
