"""What a folder under a root's name is taken for. Other file systems are played by another identity."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from service.intake import roots
from service.intake.looks import SILENCE, PatientLook
from service.intake.mounts import Mount
from service.intake.roots import Root, RootChange, RootIdentity

HERE = RootIdentity(device=1, inode=2, file_system=3)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Callable[[RootIdentity | OSError], None]:
    """Set what the next looks at the root find."""

    def show(what: RootIdentity | OSError) -> None:
        def of(_: bytes) -> RootIdentity:
            if isinstance(what, OSError):
                raise what
            return what

        monkeypatch.setattr(roots.RootIdentity, "of", staticmethod(of))

    return show


@pytest.mark.parametrize(
    ("then", "changes", "usable"),
    [
        pytest.param([HERE], ["same"], True, id="nothing happens"),
        pytest.param([FileNotFoundError(2, "gone")], ["lost"], False, id="removed"),
        pytest.param([PermissionError(13, "denied"), HERE], ["lost", "back"], True, id="unreadable for a while"),
        pytest.param(
            [OSError(116, "stale"), OSError(5, "io"), HERE], ["lost", "still_lost", "back"], True, id="share offline"
        ),
        pytest.param(
            [replace(HERE, device=9, inode=7, file_system=8)], ["lost"], False, id="unmounted: the folder below shows"
        ),
        pytest.param(
            [replace(HERE, device=9, inode=7, file_system=8), replace(HERE, device=5)],
            ["lost", "back"],
            True,
            id="mounted again under another device number",
        ),
        pytest.param([replace(HERE, inode=9)], ["replaced"], True, id="another folder on the same disk"),
        pytest.param(
            [FileNotFoundError(2, ""), replace(HERE, inode=9)], ["lost", "replaced"], True, id="removed, made anew"
        ),
    ],
)
def test_changes(
    seen: Callable[[RootIdentity | OSError], None],
    then: list[RootIdentity | OSError],
    changes: list[str],
    usable: object,
) -> None:
    seen(HERE)
    root = Root(b"/inbox")
    assert root.check() is RootChange.SAME
    told = []
    for what in then:
        seen(what)
        told.append(str(root.check()))
    assert told == changes
    assert (root.lost is None) is usable


def test_one_that_does_not_answer_is_lost_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    answers.set()

    def of(_: bytes) -> RootIdentity:
        answers.wait()
        return HERE

    monkeypatch.setattr(roots.RootIdentity, "of", staticmethod(of))
    monkeypatch.setattr(roots, "mount_of_root", lambda _: Mount(b"/inbox", "nfs4"))
    monkeypatch.setattr(roots, "PatientLook", partial(PatientLook, patience_s=0.05))
    root = Root(b"/inbox")
    assert root.check() is RootChange.SAME
    answers.clear()
    assert [root.check(), root.check()] == [RootChange.LOST, RootChange.STILL_LOST]
    assert root.lost == SILENCE
    answers.set()
    while (change := root.check()) is RootChange.STILL_LOST:
        pass
    assert (change, root.lost) == (RootChange.BACK, None)


def test_a_missing_mount_at_the_start_is_not_an_emptied_folder(tmp_path: Path) -> None:
    """The ledger knows files on another device; the folder here is empty."""
    other = frozenset({tmp_path.stat().st_dev + 1})
    root = Root(os.fsencode(tmp_path), expected_devices=other)
    assert root.check() is RootChange.LOST
    (tmp_path / "x.mp4").touch()
    assert root.check() is RootChange.BACK


def test_an_empty_folder_on_the_known_device_is_just_empty(tmp_path: Path) -> None:
    root = Root(os.fsencode(tmp_path), expected_devices=frozenset({tmp_path.stat().st_dev}))
    assert root.check() is RootChange.SAME


def test_a_real_folder(tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    root = Root(os.fsencode(folder))
    told = [root.check()]
    folder.mkdir()
    told.append(root.check())
    shutil.move(folder, tmp_path / "aside")
    told.append(root.check())
    shutil.move(tmp_path / "aside", folder)
    told += [root.check(), root.check()]
    folder.rmdir()
    folder.touch()
    told.append(root.check())
    assert [str(change) for change in told] == ["lost", "back", "lost", "back", "same", "lost"]
