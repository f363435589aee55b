"""The invariants themselves: a home that is right passes, and each breach is reported as what it is."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bad_files
import pytest
from fault_case import Case
from invariants import Aftermath, breaches, partial, require
from processes import WITHOUT_MODELS, Home
from sources import Sources, snapshot
from stagehand import Stagehand

Events = list[dict[str, Any]]


@dataclass
class Scene:
    """A home at rest after one life of the service, and what was seen of that life."""

    home: Home
    before: Sources
    events: Events
    exit_code: int
    stop_s: float

    @property
    def ledger(self) -> Path:
        return self.home.path / "state" / "ledger.sqlite3"

    def sql(self, statement: str) -> None:
        with closing(sqlite3.connect(self.ledger)) as connection, connection:
            assert connection.execute(statement).rowcount == 1, statement

    def aftermath(self) -> Aftermath:
        return Aftermath(
            inboxes=[self.home.inbox],
            output=self.home.output,
            ledger=self.ledger,
            before=self.before,
            events=self.events,
            exit_code=self.exit_code,
            stop_s=self.stop_s,
        )


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, stagehand: Stagehand) -> Scene:
    """Two videos described, one that waits, one that is rejected."""
    home = Home(tmp_path_factory.mktemp("invariants"), WITHOUT_MODELS)
    bad_files.clip(home.inbox / "a.mp4")
    (home.inbox / "folder").mkdir()
    bad_files.long_clip(home.inbox / "folder" / "b.mp4")
    bad_files.cut(bad_files.long_clip(home.inbox / "cut.mp4"), share=0.6)
    (home.inbox / "text.mp4").write_text("Not a video at all.\n" * 40)
    (home.inbox / "empty.mp4").touch()
    before = snapshot([home.inbox])
    with Case(home, stagehand).life() as service:
        for name, state in (("a.mp4", "done"), ("folder/b.mp4", "done"), ("cut.mp4", "incomplete")):
            home.until_state(home.inbox / name, state)
        home.until_state(home.inbox / "text.mp4", "rejected")
        home.until_state(home.inbox / "empty.mp4", "waiting")
        code, took_s = service.terminate()
    shutil.copytree(home.path / "out", home.path / "out-kept")
    shutil.copytree(home.path / "state", home.path / "state-kept")
    return Scene(home, before, service.events, code, took_s)


@pytest.fixture
def scene(lived: Scene) -> Iterator[Scene]:
    """The same home for each test, put back after it."""
    yield replace(lived, events=list(lived.events))
    for name in ("out", "state"):
        shutil.rmtree(lived.home.path / name)
        shutil.copytree(lived.home.path / f"{name}-kept", lived.home.path / name)
    for path, entry in lived.before.items():
        if os.lstat(path).st_mtime_ns != entry.mtime_ns:
            os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))
    lived.before = snapshot([lived.home.inbox])


def test_a_home_that_is_right_passes(scene: Scene) -> None:
    require(scene.aftermath())


def lose_a_row(scene: Scene) -> None:
    scene.sql("DELETE FROM jobs WHERE path = x'656d7074792e6d7034'")


def forget_a_generation(scene: Scene) -> None:
    scene.sql("UPDATE jobs SET mtime_ns = mtime_ns - 1 WHERE path = x'612e6d7034'")


def double_a_row(scene: Scene) -> None:
    columns = "root, path, device, inode, size, mtime_ns, truncated, source_missing, is_primary, attempts, deaths"
    columns += ", crashes, run, solo, fusion_due, created_at, changed_at, updated_at"
    scene.sql(f"INSERT INTO jobs (state, {columns}) SELECT 'queued', {columns} FROM jobs WHERE state = 'incomplete'")  # noqa: S608 - no input


def take_another_hash(scene: Scene) -> None:
    scene.sql("UPDATE jobs SET sha256 = replace(sha256, substr(sha256, 1, 8), 'ffffffff') WHERE document = 'a'")


def copy_a_document(scene: Scene) -> None:
    output = scene.home.output
    shutil.copytree(output / "a", output / "twin")
    (output / "twin" / "frames" / "a_s001.jpg").rename(output / "twin" / "frames" / "twin_s001.jpg")
    text = (output / "a.json").read_text().replace("a/frames/a_s001.jpg", "twin/frames/twin_s001.jpg")
    (output / "twin.json").write_text(text)


def lose_a_document(scene: Scene) -> None:
    (scene.home.output / "a.json").unlink()
    shutil.rmtree(scene.home.output / "a")


def share_a_document(scene: Scene) -> None:
    scene.sql("UPDATE jobs SET document = 'a' WHERE document = 'folder/b'")


def touch_a_source(scene: Scene) -> None:
    os.utime(scene.home.inbox / "text.mp4", ns=(1, 1))


def leave_a_file(scene: Scene) -> None:
    (scene.home.inbox / "canary").touch()
    (scene.home.inbox / "canary").unlink()  # the folder's own time tells


def cut_a_document(scene: Scene) -> None:
    path = scene.home.output / "a.json"
    path.write_bytes(path.read_bytes()[:-40])


def cut_a_picture(scene: Scene) -> None:
    path = scene.home.output / "a" / "frames" / "a_s001.jpg"
    path.write_bytes(path.read_bytes()[:-40])


def lose_a_picture(scene: Scene) -> None:
    (scene.home.output / "folder" / "b" / "frames" / "b_s002.jpg").unlink()


def leave_a_draft(scene: Scene) -> None:
    (scene.home.output / ".reelwatch-a.json").write_text("{")


def leave_pictures(scene: Scene) -> None:
    (scene.home.output / "a" / "frames" / "a_s009.jpg").write_bytes(b"\xff\xd8\xff\xd9")


def say_nothing(scene: Scene) -> None:
    scene.events[:] = [e for e in scene.events if e["event"] != "file.incomplete"]


def say_it_twice(scene: Scene) -> None:
    scene.events += [e for e in scene.events if e["event"] == "file.rejected"]


def give_no_reason(scene: Scene) -> None:
    scene.sql("UPDATE jobs SET reason = NULL WHERE state = 'rejected'")


def end_badly(scene: Scene) -> None:
    scene.exit_code = -15


def end_late(scene: Scene) -> None:
    scene.stop_s = 121.0


BREACHES: list[tuple[str, Callable[[Scene], None]]] = [
    ("I1", lose_a_row),
    ("I1", forget_a_generation),
    ("I1", double_a_row),
    ("I1", take_another_hash),
    ("I2", copy_a_document),
    ("I2", lose_a_document),
    ("I2", share_a_document),
    ("I3", touch_a_source),
    ("I3", leave_a_file),
    ("I4", cut_a_document),
    ("I4", cut_a_picture),
    ("I4", lose_a_picture),
    ("I4", leave_a_draft),
    ("I4", leave_pictures),
    ("I5", say_nothing),
    ("I5", say_it_twice),
    ("I5", give_no_reason),
    ("I6", end_badly),
    ("I6", end_late),
]


@pytest.mark.parametrize(("invariant", "breach"), BREACHES, ids=[breach.__name__ for _, breach in BREACHES])
def test_each_breach_is_reported(scene: Scene, invariant: str, breach: Callable[[Scene], None]) -> None:
    breach(scene)
    found = breaches(scene.aftermath())
    assert invariant in {line[:2] for line in found}, found
    with pytest.raises(AssertionError, match=invariant):
        require(scene.aftermath())


def test_while_something_is_written_only_documents_are_looked_at(scene: Scene) -> None:
    leave_a_draft(scene)
    leave_pictures(scene)
    assert len(partial(scene.home.output)) == 2
    assert partial(scene.home.output, at_rest=False) == []


def test_what_lies_where_the_service_cannot_look_needs_no_row(scene: Scene) -> None:
    scene.sql("DELETE FROM jobs WHERE document = 'folder/b'")
    assert {line[:2] for line in breaches(scene.aftermath())} == {"I1"}
    assert breaches(replace(scene.aftermath(), unseen=(scene.home.inbox / "folder",))) == []
