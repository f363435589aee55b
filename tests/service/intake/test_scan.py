from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from actors.fusion.directories import descended
from service.intake.names import NamePolicy
from service.intake.scan import MOST_LEVELS, Fence, Listing, Scanner, identities


def scanner(root: Path, **options: object) -> Scanner:
    return Scanner(os.fsencode(root), NamePolicy(), **options)  # type: ignore[arg-type]


def sweep(root: Path, **options: object) -> dict[bytes, Listing]:
    return {listing.path: listing for listing in scanner(root, **options).sweep()}


def found(root: Path, **options: object) -> set[bytes]:
    return {listing.child(name) for listing in sweep(root, **options).values() for name in listing.videos}


def write(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_videos_are_found_at_any_depth(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4")
    write(tmp_path / "b" / "c.mkv")
    write(tmp_path / "b" / "d" / "e.MOV")
    write(tmp_path / "notes.txt")
    assert found(tmp_path) == {b"a.mp4", b"b/c.mkv", b"b/d/e.MOV"}


@pytest.mark.parametrize("directory", [".hidden", "@eaDir", "#recycle", ".~tmp~", "lost+found", "y.mp4.download"])
def test_pruned_directories_are_not_entered(tmp_path: Path, directory: str) -> None:
    write(tmp_path / directory / "x.mp4")
    assert set(sweep(tmp_path)) == {b""}


def test_a_directory_called_like_a_video_is_a_directory(tmp_path: Path) -> None:
    write(tmp_path / "x.mp4" / "y.mp4")
    assert found(tmp_path) == {b"x.mp4/y.mp4"}


def test_links_and_special_files_are_passed_over(tmp_path: Path) -> None:
    target = write(tmp_path / "elsewhere" / "real.mp4")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.mp4").symlink_to(target)
    (root / "dangling.mp4").symlink_to("nowhere")
    (root / "passwd.mp4").symlink_to("/etc/passwd")
    (root / "tree").symlink_to(target.parent)
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "fifo.mp4")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(root / "socket.mp4"))
        assert found(root) == set()


def test_a_deep_tree_needs_no_stack(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 200)
    write(deep / "x.mp4")
    assert found(tmp_path) == {b"d/" * 200 + b"x.mp4"}


def nested(root: Path, levels: int) -> bytes:
    """Make folders within each other, a video in the last; return its folder's relative path."""
    fd = os.open(root, os.O_DIRECTORY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open("x.mp4", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)
    return b"/".join([b"d"] * levels)


def test_a_tree_that_is_too_deep_to_be_written_out_again_is_told_and_not_entered(tmp_path: Path) -> None:
    """Each folder of it costs fusion a descriptor and three frames of the stack, in the service's own process too."""
    deepest = nested(tmp_path, MOST_LEVELS + 40)
    listings = {listing.path: listing for listing in scanner(tmp_path).sweep()}
    assert max(path.count(b"/") for path in listings) == MOST_LEVELS
    assert [listing.error for listing in listings.values() if listing.error] == ["it lies more than 256 folders deep"]
    assert scanner(tmp_path).list(deepest).error
    out = tmp_path / "out"
    out.mkdir()
    with descended(os.fsencode(out), [b"d"] * MOST_LEVELS, create_mode=0o755) as fd:
        assert os.fstat(fd)


@pytest.mark.parametrize(
    "name", [b"invalid \xff\xfe.mp4", b"new\nline.mp4", b"-rf.mp4", b"..mp4", b"n" * 251 + b".mp4"]
)
def test_any_name_survives(tmp_path: Path, name: bytes) -> None:
    write(tmp_path / os.fsdecode(name))
    assert found(tmp_path) == {name}


def test_excluded_directories_are_known_by_identity(tmp_path: Path) -> None:
    write(tmp_path / "out" / "x.mp4")
    (tmp_path / "alias").symlink_to(tmp_path / "out")
    excluded = identities([os.fsencode(tmp_path / "alias"), b"/no/such/directory"])
    assert found(tmp_path, excluded=excluded) == set()


def test_missing_and_unreadable_directories_are_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scanner(tmp_path).list(b"absent").gone
    write(tmp_path / "file.mp4")
    assert scanner(tmp_path).list(b"file.mp4").gone

    def refuse(_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    listing = scanner(tmp_path).list(b"")
    assert (listing.error, listing.gone) == ("Permission denied", False)


def test_a_directory_swapped_for_a_link_is_not_entered(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "x.mp4")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "sub").symlink_to(tmp_path / "elsewhere")
    listing = scanner(tmp_path / "root").list(b"sub")
    assert (listing.videos, listing.gone) == ({}, True)


def test_temporary_siblings_are_attached(tmp_path: Path) -> None:
    write(tmp_path / "x.mp4")
    write(tmp_path / "y.mp4")
    write(tmp_path / "x.mp4.aria2", b"12345")
    siblings = sweep(tmp_path)[b""].siblings
    assert {name: (sibling.name, sibling.size) for name, sibling in siblings.items()} == {b"x.mp4": (b"x.mp4.aria2", 5)}


@pytest.mark.parametrize("name", ["x.json", "x.txt", "x.info.json"])
def test_sidecars_belong_to_the_videos_of_their_stem(tmp_path: Path, name: str) -> None:
    for file in ("x.mp4", "x.mkv", "y.mp4", name):
        write(tmp_path / file)
    sidecars = sweep(tmp_path)[b""].sidecars
    assert {key: set(sidecar.videos) for key, sidecar in sidecars.items()} == {name.encode(): {b"x.mp4", b"x.mkv"}}


@pytest.mark.parametrize("name", ["z.json", "x.mp4.json", "x.TXT", "x.srt", ".x.json", "notes.txt", "xx.json"])
def test_other_files_are_no_sidecars(tmp_path: Path, name: str) -> None:
    write(tmp_path / "x.mp4")
    write(tmp_path / name)
    assert sweep(tmp_path)[b""].sidecars == {}


@pytest.mark.parametrize(
    ("path", "kept_out"),
    [(b"", False), (b"a/b", False), (b"a/.b/c", True), (b"out", True), (b"out/x", True), (b"outer", False)],
)
def test_the_fence_keeps_out_of_what_is_never_scanned(tmp_path: Path, path: bytes, kept_out: object) -> None:
    fence = Fence(os.fsencode(tmp_path), NamePolicy(), excluded=(os.fsencode(tmp_path / "out"),))
    assert fence.keeps_out(path) is kept_out
    assert fence.keeps_out_absolute(os.fsencode(tmp_path) + (b"/" + path if path else b"")) is kept_out


def test_a_root_within_an_excluded_directory_is_a_choice(tmp_path: Path) -> None:
    """The folder of uploads lies in the state directory, which no inbox may be scanned into."""
    received = tmp_path / "state" / "received"
    (received / "album").mkdir(parents=True)
    (received / "album" / "a.mp4").touch()
    excluded = (os.fsencode(tmp_path / "state"), os.fsencode(received / "album" / "out"))
    fence = Fence(os.fsencode(received), NamePolicy(), excluded=excluded)
    assert [fence.keeps_out(path) for path in (b"", b"album", b"album/out", b".incoming")] == [False, False, True, True]
    assert found(received, excluded=identities(excluded)) == {b"album/a.mp4"}
    assert found(tmp_path, excluded=identities(excluded)) == set()
