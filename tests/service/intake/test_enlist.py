from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from service.intake.enlist import enlist


@pytest.fixture
def folder(tmp_path: Path, media: Any) -> Path:
    for name in ("a.mp4", "sub/b.mkv", "sub/.hidden.mp4", "@eaDir/c.mp4", "notes.txt", "odd.bin"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(media.mp4())
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "link.mp4").symlink_to(tmp_path / "a.mp4")
    os.mkfifo(tmp_path / "fifo")
    return tmp_path


def names(found: list[Any]) -> set[tuple[str, str]]:
    return {(os.fsdecode(one.root), os.fsdecode(one.path)) for one in found}


def test_a_directory_is_walked_by_the_name_policy_and_is_the_root(folder: Path) -> None:
    settled, refused = enlist([folder])
    assert names(settled) == {(str(folder), "a.mp4"), (str(folder), "sub/b.mkv")}
    assert [(one.path, one.reason) for one in refused] == [(os.fsencode(folder / "empty.mp4"), "empty")]


@pytest.mark.parametrize("name", ["a.mp4", "odd.bin", "sub/.hidden.mp4", "@eaDir/c.mp4"])
def test_a_file_is_taken_whatever_its_name(folder: Path, name: str) -> None:
    settled, refused = enlist([str(folder / name)])
    path = folder / name
    assert (names(settled), refused) == ({(str(path.parent), path.name)}, [])
    generation, status = settled[0].generation, path.stat()
    assert (generation.inode, generation.size, generation.mtime_ns) == (
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
    )
    assert len(generation.head_tail) == 32


@pytest.mark.parametrize(
    ("name", "reason"),
    [("absent.mp4", "missing"), ("empty.mp4", "empty"), ("fifo", "not_a_file"), ("a.mp4/x", "unreadable")],
)
def test_what_cannot_be_taken_is_a_value(folder: Path, name: str, reason: str) -> None:
    settled, refused = enlist([folder / name])
    assert (settled, [one.reason for one in refused]) == ([], [reason])
    assert refused[0].detail


def test_unreadable_files_are_values(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: int) -> bytes:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(os, "pread", fail)
    refused = enlist([folder / "a.mp4"])[1]
    monkeypatch.undo()
    assert [one.reason for one in refused] == ["unreadable"]


def test_a_link_the_user_names_is_followed_and_each_file_comes_once(folder: Path) -> None:
    settled, _ = enlist([folder / "link.mp4", folder / "a.mp4", os.fsencode(folder / "a.mp4")])
    assert names(settled) == {(str(folder), "a.mp4")}


def test_excluded_directories_are_passed_over(folder: Path) -> None:
    settled, _ = enlist([folder], excluded=(os.fsencode(folder / "sub"),))
    assert names(settled) == {(str(folder), "a.mp4")}


def test_names_that_are_not_utf8(tmp_path: Path, media: Any) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\n.mp4"
    Path(os.fsdecode(path)).write_bytes(media.mp4())
    settled, refused = enlist([path])
    assert ([one.path for one in settled], refused) == ([b"\xff\n.mp4"], [])
