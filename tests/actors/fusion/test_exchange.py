"""Swapping two names in one step."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.fusion import exchange as module
from actors.fusion.exchange import exchange


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"was {name}").touch()
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def contents(folder: int) -> list[str]:
    return [name for part in ("a", "b") for name in os.listdir(f"/proc/self/fd/{folder}/{part}")]  # noqa: PTH208 - by fd


def test_two_folders_change_places(folder: int) -> None:
    assert exchange(b"a", b"b", dir_fd=folder)
    assert contents(folder) == ["was b", "was a"]


def test_missing_name_is_an_error(folder: int) -> None:
    with pytest.raises(FileNotFoundError):
        exchange(b"a", b"gone", dir_fd=folder)


def _refusing(*_: Any) -> int:
    ctypes.set_errno(errno.EINVAL)
    return -1


@pytest.mark.parametrize("function", [None, _refusing], ids=["old C library", "file system without it"])
def test_where_it_is_not_supported_nothing_happens(
    folder: int, monkeypatch: pytest.MonkeyPatch, function: object
) -> None:
    monkeypatch.setattr(module, "_renameat2", lambda: function)
    assert not exchange(b"a", b"b", dir_fd=folder)
    assert contents(folder) == ["was a", "was b"]
