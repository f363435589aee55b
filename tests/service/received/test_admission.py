"""Which paths may be asked for, and what is told of those that may not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from service.received.admission import Admission
from service.received.refusal import Refusal


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("in/tips", "in/.trash", "state/received", "roots/a", "out", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    for name in (
        *("in/clip.mp4", "in/tips/clip.mp4", "in/.clip.mp4", "in/.trash/clip.mp4", "in/clip.mp4.part"),
        *("state/ledger.sqlite3", "state/received/clip.mp4", "roots/a/clip", "out/clip.mp4", "elsewhere/clip.mp4"),
    ):
        (tmp_path / name).write_bytes(b"x" * 100)
    (tmp_path / "in/empty.mp4").touch()
    (tmp_path / "in/in.mp4").symlink_to("clip.mp4")
    (tmp_path / "in/out.mp4").symlink_to(tmp_path / "elsewhere" / "clip.mp4")
    (tmp_path / "in/away").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "inbox").symlink_to("in")
    (tmp_path / "in-other").mkdir()
    (tmp_path / "in-other/clip.mp4").write_bytes(b"x")
    os.mkfifo(tmp_path / "in/pipe.mp4")
    return tmp_path


def admission(home: Path) -> Admission:
    roots = [os.fsencode(home / name) for name in ("in", "state/received", "roots")]
    return Admission(roots, [os.fsencode(home / name) for name in ("state", "out")])


CASES = {
    "in/clip.mp4": ("in", "clip.mp4"),
    "in/tips/clip.mp4": ("in", "tips/clip.mp4"),
    "in/tips/../clip.mp4": ("in", "clip.mp4"),
    "in/in.mp4": ("in", "clip.mp4"),
    "inbox/clip.mp4": ("in", "clip.mp4"),
    "state/received/clip.mp4": ("state/received", "clip.mp4"),
    "roots/a/clip": ("roots", "a/clip"),
    "state/ledger.sqlite3": "outside_roots",
    "in/out.mp4": "outside_roots",
    "in/away/clip.mp4": "outside_roots",
    "in/../elsewhere/clip.mp4": "outside_roots",
    "elsewhere/clip.mp4": "outside_roots",
    "elsewhere/nothing.mp4": "outside_roots",
    "in-other/clip.mp4": "outside_roots",
    "out/clip.mp4": "outside_roots",
    "in/.clip.mp4": "unfinished",
    "in/.trash/clip.mp4": "unfinished",
    "in/clip.mp4.part": "unfinished",
    "in/nothing.mp4": "missing",
    "in/empty.mp4": "empty",
    "in/tips": "not_a_file",
    "in": "not_a_file",
    "in/pipe.mp4": "not_a_file",
}


@pytest.mark.parametrize(("path", "expected"), CASES.items(), ids=CASES)
def test_a_path_is_admitted_beneath_its_root_or_refused(home: Path, path: str, expected: str | tuple[str, str]) -> None:
    found = admission(home).admit(os.fsencode(home) + b"/" + path.encode())
    if isinstance(expected, str):
        assert isinstance(found, Refusal)
        assert found.reason == expected
    else:
        assert found == (os.fsencode(home / expected[0]), expected[1].encode())


@pytest.mark.parametrize("path", [b"", b"clip.mp4", b"./in/clip.mp4", b"/in/clip.mp4\0.txt"])
def test_a_path_is_absolute(home: Path, path: bytes) -> None:
    found = admission(home).admit(path)
    assert isinstance(found, Refusal)
    assert found.reason == "not_absolute"


def test_what_lies_outside_is_not_told_from_what_is_not_there(home: Path) -> None:
    told: list[Callable[[], object]] = [
        admission(home).admit(os.fsencode(home / "elsewhere" / name)) for name in ("clip.mp4", "nothing.mp4")
    ]
    assert told[0] == told[1]


def test_a_root_within_another_is_where_its_files_are_known(home: Path) -> None:
    roots = [os.fsencode(home), os.fsencode(home / "in")]
    never = [os.fsencode(home / "state"), os.fsencode(home / "out")]
    both = Admission(roots, never)
    assert both.admit(os.fsencode(home / "in" / "clip.mp4")) == (roots[1], b"clip.mp4")
    assert both.admit(os.fsencode(home / "elsewhere" / "clip.mp4")) == (roots[0], b"elsewhere/clip.mp4")
    refused = both.admit(os.fsencode(home / "state" / "ledger.sqlite3"))
    assert isinstance(refused, Refusal)
