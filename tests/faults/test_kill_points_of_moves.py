"""SIGKILL around the move of a described video: the next start brings it to its end, and describes nothing again."""

from __future__ import annotations

from pathlib import Path

import bad_files
import pytest
from fault_case import Case
from processes import WITHOUT_MODELS, Home, until
from sources import snapshot
from stagehand import Stagehand


@pytest.mark.parametrize(
    ("point", "moved"),
    [
        pytest.param(
            "before a move is noted", False, marks=pytest.mark.fault("killed before a described video is moved")
        ),
        pytest.param(
            "before a file is moved", False, marks=pytest.mark.fault("killed before a described video is moved")
        ),
        pytest.param(
            "after a file is moved", True, marks=pytest.mark.fault("killed after a described video was moved")
        ),
    ],
)
def test_the_next_start_ends_the_move(tmp_path: Path, stagehand: Stagehand, point: str, *, moved: bool) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    moving = {"REELWATCH_DONE__AFTER_DONE": '"move"', "REELWATCH_DONE__MOVE_TO": f'"{archive}"'}
    home = Home(tmp_path, WITHOUT_MODELS | moving | {"REELWATCH_INTAKE__QUIET_NETWORK_S": "0.3"})
    case, video = Case(home, stagehand), bad_files.clip(home.inbox / "a.mp4")
    video.with_suffix(".txt").write_text("a caption")
    before = {path.name: path.stat() for path in home.inbox.iterdir()}
    case.killed(point)
    assert ((archive / "a.mp4").exists(), video.exists()) == (moved, not moved)
    with case.life() as second:
        second.ready()
        until(lambda: sorted(path.name for path in archive.iterdir()) == sorted(before), "both have been moved")
        second.until_event("file.archived", "a.mp4")
        case.before = snapshot([home.inbox])  # what was to leave has left
        case.end(second)
    assert list(home.inbox.iterdir()) == []
    now = {path.name: path.stat() for path in archive.iterdir()}
    assert {name: (s.st_ino, s.st_size, s.st_mtime_ns) for name, s in now.items()} == {
        name: (s.st_ino, s.st_size, s.st_mtime_ns) for name, s in before.items()
    }
    assert not second.named("job.claimed")
    assert len([event for event in case.events if event["event"] == "file.archived"]) == 1
    assert home.document("a").source.caption == "a caption"
