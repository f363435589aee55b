"""Intake over a real folder with a fake clock and a ledger in memory: what happens there, and what the ledger holds."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.intake import roots
from service.intake.probe import DescriptorProbe, Inspection
from service.intake.settings import IntakeSettings
from service.ledger.states import State
from service.logs import vocabulary
from service.logs.vocabulary import EVENTS

from .conftest import Bench

HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture(autouse=True)
def every_event_is_in_the_vocabulary(bench: Bench) -> Any:
    yield
    assert [problem for event, fields in bench.events.seen if (problem := vocabulary.problem(event, fields))] == []


def test_a_dropped_file_is_queued_once(bench: Bench, media: Any) -> None:
    bench.drop("x.mp4", media.mp4())
    bench.run(5)
    assert bench.states() == {"x.mp4": State.QUEUED}
    bench.run(120)
    assert [row.state for row in bench.ledger.rows] == [State.QUEUED]
    assert bench.events.names() == ["file.seen", "file.settled"]


def test_files_in_new_directories_and_with_any_name(bench: Bench, media: Any) -> None:
    wanted = [
        b"deep/er/x.mp4",
        b"-rf.mp4",
        b"..mp4",
        b"new\nline.mp4",
        b"%s.mp4",
        b"bad \xff.mp4",
        b"n" * 251 + b".mp4",
    ]
    for name in wanted:
        bench.drop(name, media.mp4())
    bench.run(5)
    assert bench.ledger.states() == dict.fromkeys(wanted, State.QUEUED)


def test_nothing_is_written_to_the_inbox(bench: Bench, media: Any) -> None:
    path = bench.drop("x.mp4", media.mp4())
    os.utime(path, ns=(5, 7))
    bench.run(30)
    assert sorted(entry.name for entry in bench.root.iterdir()) == ["x.mp4"]
    assert (path.stat().st_mtime_ns, path.read_bytes()) == (7, media.mp4())


@pytest.mark.fault("a video under a wrong extension")
@pytest.mark.fault("no video")
def test_text_is_rejected_and_a_matroska_called_mp4_is_not(bench: Bench, media: Any) -> None:
    bench.drop("text.mp4", b"this is text\n")
    bench.drop("really.mp4", media.mkv())
    bench.run(5)
    assert bench.states() == {"text.mp4": State.REJECTED, "really.mp4": State.QUEUED}
    assert bench.row("text.mp4").reason == "not_video"
    bench.run(100)
    assert bench.events.names().count("file.rejected") == 1


@pytest.mark.parametrize(
    ("name", "make", "state", "reason"),
    [
        ("x.mp4", lambda m: m.mp4()[:-20], State.INCOMPLETE, "past_end"),
        ("x.mkv", lambda m: m.mkv()[:-20], State.INCOMPLETE, "past_end"),
        ("x.ts", lambda m: m.ts()[:-20], State.INCOMPLETE, "past_end"),
        ("x.mp4", lambda _: b"", State.WAITING, "empty"),
        ("x.ts", lambda m: m.ts(), State.WAITING, "end_unknown"),
    ],
)
def test_what_waits_says_why(
    bench: Bench, media: Any, name: str, make: Callable[[Any], bytes], state: State, reason: str
) -> None:
    bench.drop(name, make(media))
    bench.run(5)
    row = bench.row(name)
    assert (row.state, row.reason) == (state, reason)
    assert row.detail


@pytest.mark.fault("zero bytes")
def test_an_empty_file_raises_no_line_for_a_day(bench: Bench) -> None:
    bench.drop("x.mp4", b"")
    bench.run(DAY - 60, step_s=60)
    assert bench.events.names() == []
    bench.run(180, step_s=60)
    assert [fields["reason"] for fields in bench.events.of("file.stale")] == ["stale_empty"]
    assert EVENTS["file.stale"].level == "info"


@pytest.mark.fault("cut, still recorded, or with a hole")
def test_an_incomplete_file_is_taken_as_it_is_after_a_day_once(bench: Bench, media: Any) -> None:
    bench.drop("x.mp4", media.mp4()[:-20])
    bench.run(3 * DAY, step_s=600)
    assert [(row.state, row.truncated) for row in bench.ledger.rows] == [(State.QUEUED, True)]
    bench.row("x.mp4").state = State.REJECTED
    bench.restart()
    bench.run(3 * DAY, step_s=600)
    assert [row.state for row in bench.ledger.rows] == [State.REJECTED]


@pytest.mark.fault("cut, still recorded, or with a hole")
def test_a_stump_that_is_completed_later_is_taken_whole(bench: Bench, media: Any) -> None:
    path = bench.drop("x.mp4", media.mp4()[:-20])
    bench.run(3 * HOUR, step_s=60)
    path.write_bytes(media.mp4())
    bench.run(60)
    assert [(row.state, row.size, row.truncated) for row in bench.ledger.rows] == [
        (State.QUEUED, len(media.mp4()), False)
    ]


def test_a_replaced_file_is_a_new_generation(bench: Bench, media: Any) -> None:
    bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.row("x.mp4").state = State.DONE
    bench.drop("new", media.mp4(b"other pictures" * 90)).rename(bench.root / "x.mp4")
    bench.run(30)
    assert [row.state for row in bench.ledger.rows] == [State.DONE, State.QUEUED]


def test_a_queued_file_that_is_replaced_is_superseded(bench: Bench, media: Any) -> None:
    bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.drop("x.mp4", media.mp4(b"other pictures" * 90))
    bench.run(30)
    assert [row.state for row in bench.ledger.rows] == [State.SUPERSEDED, State.QUEUED]


@pytest.mark.parametrize(
    "touch",
    [
        lambda path: os.utime(path, ns=(1, 1)),
        lambda path: path.chmod(0o600),
        lambda path: path.open("ab").close(),
        lambda path: os.utime(path, (4e9, 4e9)),
    ],
    ids=["old mtime", "chmod", "opened for append", "future mtime"],
)
@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.DONE, State.REJECTED])
def test_touches_make_no_work_and_no_noise(
    bench: Bench, media: Any, touch: Callable[[Path], None], state: State
) -> None:
    path = bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.row("x.mp4").state = state
    told = len(bench.events.seen)
    touch(path)
    bench.run(60)
    assert [row.state for row in bench.ledger.rows] == [state]
    assert bench.row("x.mp4").mtime_ns == path.stat().st_mtime_ns
    assert bench.events.names()[told:] == []


@pytest.mark.fault("an inode used again")
def test_an_inode_used_again_is_another_file(bench: Bench, media: Any) -> None:
    """ext4 hands a freed inode number to the next file; only the content tells them apart."""
    path = bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.row("x.mp4").state = State.DONE
    before = path.stat()
    path.write_bytes(media.mp4(b"\x00\x00\x00\x10Pictures" * 200))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    bench.run(30)
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_size == before.st_size
    assert [row.state for row in bench.ledger.rows] == [State.DONE, State.QUEUED]


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.DONE])
@pytest.mark.parametrize("when", ["running", "between two runs"])
def test_a_renamed_file_keeps_its_job(bench: Bench, media: Any, state: State, when: str) -> None:
    path = bench.drop("a/old.mp4", media.mp4())
    bench.run(3)
    bench.row("a/old.mp4").state = state
    if when == "running":
        path.rename(bench.root / "new.mp4")
    else:
        bench.intake.stop()  # type: ignore[union-attr]
        path.rename(bench.root / "new.mp4")
        bench.start()
    bench.run(60)
    expected = State.QUEUED if state is State.QUEUED else state
    assert [(row.job_id, row.location[1], row.state) for row in bench.ledger.rows if row.state is not State.GONE] == [
        (1, b"new.mp4", expected)
    ]
    assert len(bench.ledger.rows) == 1
    assert bench.events.names().count("file.seen") == 1


def test_a_file_renamed_while_it_waits_keeps_its_row(bench: Bench, media: Any) -> None:
    path = bench.drop("old.mp4", media.mp4()[:-20])
    bench.run(20)
    path.rename(bench.root / "new.mp4")
    bench.run(60)
    assert [(row.job_id, row.location[1], row.state) for row in bench.ledger.rows] == [
        (1, b"new.mp4", State.INCOMPLETE)
    ]
    assert bench.events.of("file.moved")[0]["moved_to"] == "new.mp4"


def test_what_comes_where_a_renamed_file_was_is_missed_when_it_goes(bench: Bench, media: Any) -> None:
    path = bench.drop("a.mp4", media.mp4())
    bench.run(4)
    path.rename(bench.root / "b.mp4")
    bench.run(1)
    bench.drop("a.mp4", media.mp4(b"another")[:-5])
    bench.run(10)
    assert bench.states() == {"a.mp4": State.INCOMPLETE, "b.mp4": State.QUEUED}
    path.unlink()
    bench.run(60)
    assert bench.states() == {"a.mp4": State.GONE, "b.mp4": State.QUEUED}


def test_a_renamed_directory_keeps_all_jobs(bench: Bench, media: Any) -> None:
    for number in range(20):
        bench.drop(f"a/{number}.mp4", media.mp4())
    bench.run(3)
    (bench.root / "a").rename(bench.root / "b")
    bench.run(60)
    assert bench.states() == {f"b/{number}.mp4": State.QUEUED for number in range(20)}
    assert len(bench.ledger.rows) == 20


def test_a_hard_link_is_another_path(bench: Bench, media: Any) -> None:
    path = bench.drop("x.mp4", media.mp4())
    bench.run(3)
    os.link(path, bench.root / "y.mp4")
    bench.run(30)
    assert bench.states() == {"x.mp4": State.QUEUED, "y.mp4": State.QUEUED}


def test_a_file_moved_out_and_back_in_is_not_processed_again(bench: Bench, media: Any, tmp_path: Path) -> None:
    path = bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.row("x.mp4").state = State.DONE
    path.rename(tmp_path / "aside.mp4")
    bench.run(120)
    (tmp_path / "aside.mp4").rename(path)
    bench.run(60)
    assert [row.state for row in bench.ledger.rows] == [State.DONE]


@pytest.mark.fault("reappeared after it was gone")
@pytest.mark.parametrize(("content", "before"), [(b"whole", State.QUEUED), (b"cut", State.INCOMPLETE)])
def test_a_deleted_file_is_gone_after_two_scans_and_its_return_reopens_the_row(
    bench: Bench, media: Any, content: bytes, before: State, tmp_path: Path
) -> None:
    path = bench.drop("x.mp4", media.mp4() if content == b"whole" else media.mp4()[:-20])
    bench.run(3)
    assert bench.states() == {"x.mp4": before}
    path.rename(tmp_path / "aside.mp4")
    bench.run(60)
    assert bench.states() == {"x.mp4": State.GONE}
    assert bench.events.names().count("file.gone") == 1
    (tmp_path / "aside.mp4").rename(path)
    bench.run(60)
    assert [(row.job_id, row.state) for row in bench.ledger.rows] == [(1, before)]


@pytest.mark.fault("gone for one scan")
def test_a_moments_absence_is_not_a_deletion(bench: Bench, media: Any) -> None:
    """Syncthing deletes the old file, then renames the new one into place."""
    path = bench.drop("x.mp4", media.mp4())
    bench.run(3)
    path.unlink()
    intake = bench.intake
    assert intake is not None
    intake.recheck(os.fsencode(bench.root), b"other.mp4")
    bench.run(1)
    bench.drop("x.mp4", media.mp4())
    bench.run(60)
    assert "file.gone" not in bench.events.names()
    assert [row.state for row in bench.ledger.rows][-1] is State.QUEUED


@pytest.mark.fault("gone for one scan")
def test_absences_are_not_added_up(bench: Bench, media: Any, tmp_path: Path) -> None:
    """Missed by one sweep, seen by the next, missed by the third: that is one absence each time, not two."""
    path = bench.drop("x.mp4", media.mp4())
    bench.run(3)
    intake = bench.intake
    assert intake is not None
    for _ in range(3):
        path.rename(tmp_path / "aside.mp4")
        intake.recheck(os.fsencode(bench.root), b"other.mp4")  # has the directory scanned now
        bench.run(0.5)
        (tmp_path / "aside.mp4").rename(path)
        bench.run(30)
    assert "file.gone" not in bench.events.names()


def hint(bench: Bench, directory: bytes = b"") -> None:
    """What an event would do: have one directory scanned now."""
    assert bench.intake is not None
    bench.intake._inboxes[0].ask_for(directory, at_s=bench.clock.monotonic())


def test_an_absence_from_before_the_root_was_lost_does_not_count(bench: Bench, media: Any, tmp_path: Path) -> None:
    path = bench.drop("x.mp4", media.mp4())
    bench.run(3)
    path.rename(tmp_path / "x.mp4")
    hint(bench)
    bench.run(0.5)
    bench.root.rename(tmp_path / "aside")
    bench.run(60)
    (tmp_path / "aside").rename(bench.root)
    while "root.back" not in bench.events.names():
        bench.run(0.5)
    (tmp_path / "x.mp4").rename(path)
    bench.run(60)
    assert "file.gone" not in bench.events.names()


@pytest.mark.parametrize("directory", ["@eaDir", ".cache/deep", "out/sub"])
def test_hints_from_behind_the_fence_are_not_followed(bench: Bench, media: Any, directory: str) -> None:
    bench.settings = replace(bench.settings, sweep_s=1e6, excluded=(os.fsencode(bench.root / "out"),))
    bench.run(1)
    bench.drop(f"{directory}/x.mp4", media.mp4())
    assert bench.intake is not None
    bench.intake._inboxes[0]._hints.note(os.fsencode(bench.root / directory / "x.mp4"))
    bench.run(3)
    assert bench.states() == {}


def test_a_hint_finds_a_whole_tree_that_was_moved_in(bench: Bench, media: Any, tmp_path: Path) -> None:
    bench.settings = replace(bench.settings, sweep_s=1e6)
    bench.run(1)
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "x.mp4").write_bytes(media.mp4())
    (tmp_path / "tree").rename(bench.root / "tree")
    hint(bench)
    bench.run(3)
    assert bench.states() == {"tree/deep/x.mp4": State.QUEUED}


def test_a_hint_finds_a_whole_tree_gone(bench: Bench, media: Any) -> None:
    bench.settings = replace(bench.settings, sweep_s=1e6)
    bench.drop("a/b/x.mp4", media.mp4())
    bench.drop("ab/y.mp4", media.mp4())
    bench.run(3)
    shutil.rmtree(bench.root / "a")
    hint(bench)
    bench.run(5)
    assert bench.states() == {"a/b/x.mp4": State.GONE, "ab/y.mp4": State.QUEUED}


def test_a_restart_does_not_put_off_the_end_of_an_incomplete_file(bench: Bench, media: Any) -> None:
    bench.drop("x.mp4", media.mp4()[:-20])
    bench.run(3)
    bench.row("x.mp4").changed_at_s = bench.clock.wall() - DAY
    bench.restart()
    bench.run(3)
    assert [(row.state, row.truncated) for row in bench.ledger.rows] == [(State.QUEUED, True)]


def test_an_inode_under_another_name_with_other_content_is_not_the_file_renamed(bench: Bench, media: Any) -> None:
    path = bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.row("x.mp4").state = State.DONE
    bench.intake.stop()  # type: ignore[union-attr]
    path.rename(bench.root / "y.mp4")
    (bench.root / "y.mp4").write_bytes(media.mp4(b"other pictures" * 90))
    bench.start()
    bench.run(30)
    assert [(row.location[1], row.state) for row in bench.ledger.rows] == [
        (b"x.mp4", State.DONE),
        (b"y.mp4", State.QUEUED),
    ]
    assert "file.moved" not in bench.events.names()


def test_a_removed_directory_takes_its_files_with_it(bench: Bench, media: Any) -> None:
    bench.drop("a/b/x.mp4", media.mp4())
    bench.run(3)
    shutil.rmtree(bench.root / "a")
    bench.run(60)
    assert bench.states() == {"a/b/x.mp4": State.GONE}


def test_files_deleted_while_nothing_ran_are_gone(bench: Bench, media: Any) -> None:
    path = bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.intake.stop()  # type: ignore[union-attr]
    path.unlink()
    bench.start()
    bench.run(60)
    assert bench.states() == {"x.mp4": State.GONE}


def test_a_restart_repeats_nothing(bench: Bench, media: Any) -> None:
    for number in range(50):
        bench.drop(f"{number}.mp4", media.mp4())
    bench.run(3)
    for row in bench.ledger.rows[:25]:
        row.state = State.DONE
    for _ in range(5):
        bench.restart()
        calls = len(bench.ledger.calls)
        bench.run(30)
        assert bench.ledger.calls[calls:] == []
    assert len(bench.ledger.rows) == 50


def test_known_unchanged_files_are_not_opened(bench: Bench, media: Any) -> None:
    looks: list[bytes] = []

    class Counting(DescriptorProbe):
        def inspect(self, root: bytes, path: bytes, **options: Any) -> Inspection:
            looks.append(path)
            return super().inspect(root, path, **options)

    for number in range(30):
        bench.drop(f"{number}.mp4", media.mp4())
    bench.run(3)
    bench.options["probe"] = Counting()
    bench.restart()
    bench.run(200)
    assert looks == []


def test_a_burst_is_told_in_few_transactions(bench: Bench, media: Any) -> None:
    for number in range(900):
        bench.drop(f"{number}.mp4", media.mp4())
    bench.run(2)
    assert bench.ledger.calls == [("observe", 900), ("enqueue", 900)]


def test_what_the_ledger_refused_is_told_again(bench: Bench, media: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.drop("x.mp4", media.mp4())
    intake = bench.start()
    real, refusals = bench.ledger.enqueue, 3

    def busy(settled: Any) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise OSError(errno.ENOSPC, "database or disk is full")
        real(settled)

    monkeypatch.setattr(type(bench.ledger), "enqueue", lambda _, settled: busy(settled))
    failures = 0
    for _ in range(20):
        try:
            intake.step(bench.clock.monotonic())
        except OSError:
            failures += 1
        bench.clock.advance(0.5)
    assert failures == 3
    assert [row.state for row in bench.ledger.rows] == [State.QUEUED]


def test_output_and_state_inside_the_inbox_are_never_scanned(bench: Bench, media: Any) -> None:
    bench.settings = replace(bench.settings, excluded=(os.fsencode(bench.root / "out"),))
    bench.drop("out/x.mp4", media.mp4())
    bench.drop("in/x.mp4", media.mp4())
    bench.run(5)
    assert bench.states() == {"in/x.mp4": State.QUEUED}


@pytest.mark.parametrize("how", ["removed", "renamed", "unreadable"])
def test_a_lost_root_pauses_and_nothing_is_concluded(
    bench: Bench, media: Any, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.drop("x.mp4", media.mp4())
    bench.drop("cut.mp4", media.mp4()[:-20])
    bench.run(3)
    before = bench.states()
    real = roots.RootIdentity.of
    if how == "unreadable":

        def refuse(_: bytes) -> roots.RootIdentity:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(roots.RootIdentity, "of", staticmethod(refuse))
    else:
        bench.root.rename(tmp_path / "aside")
    bench.run(HOUR, step_s=5)
    assert bench.states() == before
    assert bench.events.names().count("root.lost") == 1
    assert bench.intake is not None
    assert list(bench.intake.lost_roots()) == [os.fsencode(bench.root)]
    if how == "unreadable":
        monkeypatch.setattr(roots.RootIdentity, "of", real)
    elif how == "renamed":
        (tmp_path / "aside").rename(bench.root)
    else:
        bench.root.mkdir()
    bench.run(200)
    assert bench.events.names().count("root.back") == 1
    assert bench.states()["x.mp4"] is State.QUEUED
    bench.drop("y.mp4", media.mp4())
    bench.run(60)
    assert bench.states()["y.mp4"] is State.QUEUED


def test_another_root_goes_on(bench: Bench, media: Any, tmp_path: Path) -> None:
    from service.intake.intake import Intake

    other = tmp_path / "other"
    other.mkdir()
    bench.intake = Intake(
        [os.fsencode(bench.root), os.fsencode(other)],
        bench.settings,
        bench.ledger,
        bench.events,
        bench.clock,
        watch_factory=None,
    )
    bench.intake.start()
    bench.run(3)
    bench.root.rmdir()
    (other / "x.mp4").write_bytes(media.mp4())
    bench.run(60)
    assert bench.ledger.states() == {b"x.mp4": State.QUEUED}


def test_a_root_that_is_missing_at_the_start_is_taken_up_when_it_appears(bench: Bench, media: Any) -> None:
    bench.root.rmdir()
    bench.run(30)
    assert bench.events.names() == ["root.lost"]
    bench.drop("x.mp4", media.mp4())
    bench.run(120)
    assert bench.states() == {"x.mp4": State.QUEUED}


def test_a_mount_that_goes_below_the_root_leaves_no_gone_files(
    bench: Bench, media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory stays, empty, and shows another device; the files are covered, not deleted."""
    from service.intake import scan

    bench.drop("nas/x.mp4", media.mp4())
    bench.run(3)
    (bench.root / "nas" / "x.mp4").unlink()
    real = scan.Scanner.list

    def other_device(self: scan.Scanner, path: bytes, seen: Any = None) -> scan.Listing:
        listing = real(self, path, seen)
        listing.device += path == b"nas"
        return listing

    monkeypatch.setattr(scan.Scanner, "list", other_device)
    bench.run(120)
    assert bench.states() == {"nas/x.mp4": State.QUEUED}


def test_an_unreadable_directory_is_mentioned_once_and_its_files_stay(
    bench: Bench, media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.intake import scan

    bench.drop("a/x.mp4", media.mp4())
    bench.run(3)
    real = scan.Scanner.list

    def refuse(self: scan.Scanner, path: bytes, seen: Any = None) -> scan.Listing:
        return scan.Listing(path, error="Permission denied") if path == b"a" else real(self, path, seen)

    monkeypatch.setattr(scan.Scanner, "list", refuse)
    bench.run(120)
    assert bench.states() == {"a/x.mp4": State.QUEUED}
    assert bench.events.names().count("scan.failed") == 1


@pytest.mark.fault("unreadable")
def test_an_unreadable_file_is_blocked_and_taken_when_it_becomes_readable(
    bench: Bench, media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.drop("x.mp4", media.mp4())
    real = os.open

    def refuse(name: Any, flags: int, *rest: Any, **options: Any) -> int:
        if name == b"x.mp4":
            raise PermissionError(13, "Permission denied")
        return real(name, flags, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)
    bench.run(2 * HOUR, step_s=10)
    assert bench.states() == {"x.mp4": State.BLOCKED}
    assert bench.events.names().count("file.blocked") == 1
    monkeypatch.setattr(os, "open", real)
    path.chmod(0o644)
    bench.run(60)
    assert bench.states() == {"x.mp4": State.QUEUED}


def test_a_recheck_takes_a_file_up_again(bench: Bench, media: Any) -> None:
    bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.row("x.mp4").state = State.SUPERSEDED
    assert bench.intake is not None
    bench.intake.recheck(os.fsencode(bench.root), b"x.mp4")
    bench.run(10)
    assert [row.state for row in bench.ledger.rows] == [State.SUPERSEDED, State.QUEUED]


def test_a_sibling_in_progress_holds_the_final_name(bench: Bench, media: Any) -> None:
    bench.drop("x.mp4", media.mp4())
    busy = bench.drop("x.mp4.aria2", b"control")
    bench.run(60)
    assert (bench.row("x.mp4").state, bench.row("x.mp4").reason) == (State.WAITING, "sibling")
    busy.unlink()
    bench.run(30)
    assert bench.states() == {"x.mp4": State.QUEUED}


@pytest.mark.parametrize("name", ["x.info.json", "x.json", "x.txt"])
@pytest.mark.parametrize("state", [State.RUNNING, State.DONE])
def test_a_sidecar_that_comes_or_changes_later_is_reported_once_each(
    bench: Bench, media: Any, name: str, state: State
) -> None:
    bench.drop("sub/x.mp4", media.mp4())
    bench.run(3)
    bench.row("sub/x.mp4").state = state
    sidecar = bench.drop(f"sub/{name}", b"{}")
    bench.run(60)
    video = (os.fsencode(bench.root), b"sub/x.mp4")
    assert bench.ledger.sidecars == [video]
    sidecar.write_bytes(b'{"title": "x"}')
    bench.run(60)
    assert bench.ledger.sidecars == [video, video]
    assert len(bench.ledger.rows) == 1


@pytest.mark.parametrize("name", ["x.mp4.json", "x.srt", "y.json", "xx.txt", ".x.json", "x.part.json", "other/x.json"])
def test_other_files_beside_a_video_are_no_sidecars(bench: Bench, media: Any, name: str) -> None:
    bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.drop(name, b"{}")
    bench.run(60)
    assert bench.ledger.sidecars == []


def test_a_sidecar_that_came_before_the_video_was_taken_needs_no_report(bench: Bench, media: Any) -> None:
    bench.clock.wall_s = 4e9
    bench.drop("x.json", b"{}")
    bench.drop("x.mp4", media.mp4())
    bench.run(60)
    assert bench.states() == {"x.mp4": State.QUEUED}
    assert bench.ledger.sidecars == []


@pytest.mark.parametrize(
    ("changed_at_s", "reported"), [(0.0, 1), (4e9, 0), (None, 1)], ids=["younger", "older", "unknown"]
)
def test_after_a_restart_the_ledger_tells_which_sidecars_are_news(
    bench: Bench, media: Any, changed_at_s: float | None, reported: int
) -> None:
    bench.drop("x.mp4", media.mp4())
    bench.run(3)
    bench.row("x.mp4").state, bench.row("x.mp4").changed_at_s = State.DONE, changed_at_s
    bench.intake.stop()  # type: ignore[union-attr]
    bench.drop("x.json", b"{}")
    bench.start()
    bench.run(60)
    assert len(bench.ledger.sidecars) == reported


def test_a_network_share_is_scanned_more_often_waits_longer_and_is_not_watched(
    bench: Bench, media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.intake.mounts import Mount

    def watch(*_: object) -> Any:
        pytest.fail("a network share must not be watched")

    monkeypatch.setattr(roots, "mount_of_root", lambda _: Mount(b"/inbox", "nfs4"))
    bench.options["watch_factory"] = watch
    bench.run(1)
    bench.drop("x.mp4", media.mp4())
    bench.run(12)
    assert bench.states() == {"x.mp4": State.WAITING}
    bench.run(12)
    assert bench.states() == {"x.mp4": State.QUEUED}


def test_a_share_that_is_mounted_below_a_local_root_waits_as_a_share_does(
    bench: Bench, media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.intake import inbox, scan
    from service.intake.mounts import Mount

    real = scan.Scanner.list

    def other_device(self: scan.Scanner, path: bytes, seen: Any = None) -> scan.Listing:
        listing = real(self, path, seen)
        listing.device += path == b"below"
        return listing

    monkeypatch.setattr(scan.Scanner, "list", other_device)
    monkeypatch.setattr(inbox, "mount_of_root", lambda path: Mount(path, "fuse.sshfs"))
    bench.drop("below/x.mp4", media.mp4())
    bench.run(9)
    assert bench.states() == {"below/x.mp4": State.WAITING}
    bench.run(12)
    assert bench.states() == {"below/x.mp4": State.QUEUED}


def test_figures_of_a_root(bench: Bench, media: Any) -> None:
    bench.drop("x.mp4", media.mp4()[:-20])
    bench.run(3)
    assert bench.intake is not None
    (root,) = bench.intake.figures()
    assert (root.path, root.lost, root.watched) == (os.fsencode(bench.root), None, False)
    assert root.sweep_s is not None


def test_the_next_moment_of_work_is_known(bench: Bench, media: Any) -> None:
    bench.run(1)
    bench.drop("x.mp4", media.mp4())
    assert bench.intake is not None
    while not bench.states():
        assert bench.intake.next_due_s() > bench.clock.monotonic() - 1
        bench.clock.monotonic_s = max(bench.intake.next_due_s(), bench.clock.monotonic_s)
        bench.intake.step(bench.clock.monotonic())
    seen_s = bench.clock.monotonic()
    bench.clock.monotonic_s = bench.intake.next_due_s()
    bench.intake.step(bench.clock.monotonic())
    assert bench.states() == {"x.mp4": State.QUEUED}
    assert bench.clock.monotonic() - seen_s == pytest.approx(IntakeSettings().quiet_whole_s)
