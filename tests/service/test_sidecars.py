"""Which files beside a video are read as its description."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from service import sidecars


def found(video: Path, *, except_for: Path | None = None) -> list[tuple[str, bytes]]:
    avoided = os.fsencode(except_for) if except_for else b""
    read = sidecars.read(os.fsencode(video.parent), os.fsencode(video.name), except_for=avoided)
    return [(one.name, one.content) for one in read]


def test_all_of_them_in_the_order_of_their_authority(tmp_path: Path) -> None:
    for name in ("clip.txt", "clip.json", "clip.info.json", "clip.srt", "other.txt", "clip.mp4.txt"):
        (tmp_path / name).write_text(name)
    names = ["clip.info.json", "clip.json", "clip.txt"]
    assert found(tmp_path / "clip.mp4") == [(name, name.encode()) for name in names]


def test_a_document_beside_its_video_does_not_describe_itself(tmp_path: Path) -> None:
    (tmp_path / "clip.json").write_text("{}")
    assert found(tmp_path / "clip.mp4", except_for=tmp_path / "clip.json") == []


def test_the_first_copy_that_has_some_speaks_for_the_content(tmp_path: Path) -> None:
    (tmp_path / "copy.txt").write_text("from the copy")
    (tmp_path / "third.txt").write_text("from the third")
    copies = [(os.fsencode(tmp_path), name) for name in (b"clip.mp4", b"copy.mp4", b"third.mp4")]
    assert [one.content for one in sidecars.of_first(copies)] == [b"from the copy"]
    (tmp_path / "clip.txt").write_text("its own")
    assert [one.content for one in sidecars.of_first(copies)] == [b"its own"]
    assert sidecars.of_first([]) == ()


def link(path: Path) -> None:
    path.with_name("secret").write_text("another file's content")
    path.symlink_to("secret")


UNREAD: dict[str, Callable[[Path], object]] = {
    "a link": link,
    "a pipe, which would hold the service up": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
    "nothing": lambda _path: None,
}


@pytest.mark.timeout(5)
@pytest.mark.parametrize("make", UNREAD.values(), ids=UNREAD.keys())
def test_what_is_no_plain_file_is_left_out(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "clip.txt")
    assert found(tmp_path / "clip.mp4") == []


def test_a_folder_that_became_a_link_leads_nowhere(tmp_path: Path) -> None:
    """Where the user's own way to the root is one, it is followed."""
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "clip.txt").write_text("its own")
    way = tmp_path / "way"
    way.symlink_to(root)
    assert [one.content for one in sidecars.read(os.fsencode(way), b"a/clip.mp4")] == [b"its own"]
    (root / "a").rename(elsewhere)
    (root / "a").symlink_to(elsewhere)
    assert sidecars.read(os.fsencode(way), b"a/clip.mp4") == ()


def test_of_a_large_one_just_enough_is_read_to_know_that_it_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sidecars, "MAX_BYTES", 10)
    (tmp_path / "clip.txt").write_bytes(b"x" * 100)
    assert found(tmp_path / "clip.mp4") == [("clip.txt", b"x" * 11)]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("hi")
    assert found(tmp_path / os.fsdecode(b"caf\xe9.mp4")) == [("caf\\xe9.txt", b"hi")]
