"""Files on the host: what is ours, what was changed, and what is never touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.errors import ConfigError
from service.installation.files import Condition, HostFile, at, condition, difference, remove, write

FILE = HostFile(Path("/etc/systemd/system/reelwatch.service.d/10-host.conf"), "[Service]\nUser=reelwatch\n")
OLDER = HostFile(FILE.path, "[Service]\nUser=somebody\n")


def by_hand(root: Path, text: str) -> None:
    at(root, FILE.path).parent.mkdir(parents=True, exist_ok=True)
    at(root, FILE.path).write_text(text)


@pytest.fixture(params=["absent", "same", "older", "changed", "theirs"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A host on which the file is in some condition."""
    if request.param == "same":
        write(FILE, root=tmp_path)
    elif request.param == "older":
        write(OLDER, root=tmp_path)
    elif request.param == "changed":
        by_hand(tmp_path, FILE.marked + "Nice=1\n")
    elif request.param == "theirs":
        by_hand(tmp_path, FILE.text)
    return tmp_path, request.param


CONDITIONS = {
    "absent": Condition.ABSENT,
    "same": Condition.SAME,
    "older": Condition.OLDER,
    "changed": Condition.CHANGED,
    "theirs": Condition.CHANGED,
}


def test_its_condition(host: tuple[Path, str]) -> None:
    root, kind = host
    assert condition(FILE, root=root) is CONDITIONS[kind]


def test_only_what_was_installed_and_is_unchanged_is_removed(host: tuple[Path, str]) -> None:
    root, kind = host
    was = remove(FILE.path, root=root)
    assert was is {"absent": Condition.ABSENT, "same": Condition.SAME, "older": Condition.SAME}.get(
        kind, Condition.CHANGED
    )
    assert at(root, FILE.path).exists() is (kind in {"changed", "theirs"})


def test_the_folder_of_drop_ins_goes_with_the_last_of_ours_alone(tmp_path: Path) -> None:
    write(FILE, root=tmp_path)
    theirs = at(tmp_path, FILE.path).with_name("override.conf")
    theirs.write_text("[Service]\n")
    remove(FILE.path, root=tmp_path)
    assert [path.name for path in theirs.parent.iterdir()] == ["override.conf"]
    theirs.unlink()
    write(FILE, root=tmp_path)
    remove(FILE.path, root=tmp_path)
    assert not theirs.parent.exists()
    assert theirs.parent.parent.exists(), "which is systemd's"


def test_writing_is_whole_and_readable_for_systemd(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write(FILE, root=tmp_path)
    finally:
        os.umask(before)
    written = at(tmp_path, FILE.path)
    assert written.read_text() == FILE.marked
    assert written.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in written.parent.iterdir()] == ["10-host.conf"]


def test_a_difference_is_shown(tmp_path: Path) -> None:
    write(OLDER, root=tmp_path)
    lines = difference(FILE, root=tmp_path)
    assert "-User=somebody" in lines
    assert "+User=reelwatch" in lines


def test_where_it_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("a file")
    with pytest.raises(ConfigError, match="sudo reelwatch"):
        write(FILE, root=tmp_path)
