"""Described videos leave their inbox: whole, once, over nothing, with their times; whatever happens in between."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.errors import ConfigError
from service.housekeeping import relocation
from service.housekeeping.archive import Archive, open_as_inboxes, require_one_mount, resume
from service.housekeeping.housekeeping import Housekeeping
from service.intake.names import NamePolicy
from service.ledger.states import State

LINGER_S = 10.0
NAMES = NamePolicy()


def keeper(site: Any) -> tuple[Archive, Housekeeping, list[tuple[bytes, bytes]]]:
    forgotten: list[tuple[bytes, bytes]] = []
    task = Archive(
        [os.fsencode(site.inbox)],
        os.fsencode(site.archive),
        NAMES,
        linger_s=LINGER_S,
        ledger=site.ledger,
        clock=site.clock,
        emit=site.emit,
        forget=lambda root, path: forgotten.append((root, path)),
    )
    return task, Housekeeping([task], ledger=site.ledger, clock=site.clock, emit=site.emit), forgotten


def work(site: Any) -> list[tuple[bytes, bytes]]:
    """Let a moment pass, and let everything be moved that is due."""
    site.clock.advance(LINGER_S)
    _, house, forgotten = keeper(site)
    house.work_off()
    return forgotten


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below a folder: its bytes and its mtime."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_described_video_goes_with_its_sidecars_and_its_times(site: Any) -> None:
    path = site.drop("tips/a b.mp4", b"film")
    os.utime(path, ns=(1, 1_500_000_000_123_456_789))
    for name in ("a b.info.json", "a b.json", "a b.txt", "a b.jpg"):
        (path.parent / name).write_bytes(name.encode())
    site.settle(path)
    before = tree(site.inbox)
    job = site.ledger.claim(limit=1, now=site.clock.wall())[0]
    job = site.ledger.identified(job.job_id, hashlib.sha256(b"film").hexdigest()).job
    site.ledger.finish(job.job_id, document="tips/a b", settings_key="k")
    assert work(site) == [job.location], "intake is told that it has left on purpose"
    stays = {"tips/a b.jpg"}
    assert tree(site.archive) == {name: file for name, file in before.items() if name not in stays}
    assert set(tree(site.inbox)) == stays, "a picture beside it is no sidecar of ours"
    after = site.ledger.job(job.job_id)
    assert (after.absolute_path, after.state) == (os.fsencode(site.archive / "tips/a b.mp4"), State.DONE)
    (event,) = site.emit.named("file.archived")
    assert event["moved_to"] == after.absolute_path


@pytest.mark.parametrize(("inboxes", "archive"), [((0o755,), 0o755), ((0o2775, 0o750), 0o750), ((0o070,), 0o770)])
def test_a_new_archive_is_open_to_whoever_may_look_into_every_inbox(
    tmp_path: Path, inboxes: tuple[int, ...], archive: int
) -> None:
    """A unit's umask of 077 would leave people's own videos to the service alone."""
    (target := tmp_path / "archive").mkdir(mode=0o700)
    folders = [tmp_path / f"in{number}" for number in range(len(inboxes))]
    for folder, mode in zip(folders, inboxes, strict=True):
        folder.mkdir()
        folder.chmod(mode)
    open_as_inboxes([os.fsencode(folder) for folder in (*folders, tmp_path / "not there")], os.fsencode(target))
    assert oct(target.stat().st_mode & 0o7777) == oct(archive)


def test_it_waits_a_moment_for_a_sidecar_that_comes_late(site: Any) -> None:
    site.done("a.mp4")
    task, house, _ = keeper(site)
    house.work_off()
    assert task.wait_s() == LINGER_S
    assert set(tree(site.inbox)) == {"a.mp4"}
    (site.inbox / "a.txt").write_text("late")
    site.clock.advance(LINGER_S)
    house.work_off()
    assert set(tree(site.archive)) == {"a.mp4", "a.txt"}


# What became of the video, and whether it leaves.
FATES: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "done": (lambda s: s.done("a.mp4"), True),
    "failed": (lambda s: s.ledger.fail(s.claimed("a.mp4").job_id, reason="r"), False),
    "rejected": (lambda s: s.ledger.reject(s.claimed("a.mp4").job_id, reason="r"), False),
    "in work": (lambda s: s.claimed("a.mp4"), False),
}


@pytest.mark.parametrize(("fate", "leaves"), FATES.values(), ids=FATES.keys())
def test_only_what_is_dealt_with_leaves(site: Any, fate: Callable[[Any], Any], *, leaves: bool) -> None:
    fate(site)
    work(site)
    assert (set(tree(site.archive)) == {"a.mp4"}) is leaves
    assert (set(tree(site.inbox)) == {"a.mp4"}) is not leaves


def test_a_copy_leaves_too_and_overwrites_nothing(site: Any) -> None:
    first = site.done("a.mp4")
    work(site)
    copy = site.claimed("a.mp4")
    assert copy.state is State.DUPLICATE
    (again,) = site.ledger.claim(limit=9, now=site.clock.wall())
    site.ledger.identified(again.job_id, again.sha256)
    site.ledger.finish(again.job_id, document=first.document, settings_key="k")
    work(site)
    suffixed = f"a-{copy.sha256[:8]}.mp4"
    assert set(tree(site.archive)) == {"a.mp4", suffixed}
    assert site.ledger.also_at(copy.sha256) == (os.fsencode(site.archive / suffixed),)


def test_a_name_that_is_taken_gets_a_digest_and_so_do_its_sidecars(site: Any) -> None:
    (site.archive / "a.txt").write_text("somebody's")
    path = site.drop("a.mp4")
    (site.inbox / "a.txt").write_text("caption")
    job = site.done(path.name)
    work(site)
    digest = job.sha256[:8]
    found = {name: content for name, (content, _) in tree(site.archive).items()}
    assert found == {"a.txt": b"somebody's", f"a-{digest}.mp4": b"x", f"a-{digest}.txt": b"caption"}


def test_a_sidecar_of_two_videos_stays_while_the_other_needs_it(site: Any) -> None:
    site.drop("a.mov", b"other")
    (site.inbox / "a.txt").write_text("of both")
    site.done("a.mp4")
    work(site)
    assert set(tree(site.archive)) == {"a.mp4"}
    assert set(tree(site.inbox)) == {"a.mov", "a.txt"}


def _rewrite(site: Any) -> None:
    (site.inbox / "a.mp4").write_bytes(b"longer than before")


def _replace(site: Any) -> None:
    (site.inbox / "new").write_bytes(b"y")
    (site.inbox / "new").rename(site.inbox / "a.mp4")


def _blocked(site: Any) -> None:
    (site.archive / "tips").write_text("a file")


# What was done to the video after it was described; why it stays.
STAYS: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "rewritten": ("a.mp4", _rewrite, "changed"),
    "replaced": ("a.mp4", _replace, "changed"),
    "touched": ("a.mp4", lambda s: os.utime(s.inbox / "a.mp4", (1, 1)), "changed"),
    "a file lies where its folder goes": ("tips/a.mp4", _blocked, "target_blocked"),
    "a link lies where its folder goes": (
        "tips/a.mp4",
        lambda s: (s.archive / "tips").symlink_to(s.home),
        "target_blocked",
    ),
}


@pytest.mark.parametrize(("name", "change", "reason"), STAYS.values(), ids=STAYS.keys())
def test_what_cannot_be_moved_stays_with_its_reason(
    site: Any, name: str, change: Callable[[Any], Any], reason: str
) -> None:
    job = site.done(name)
    change(site)
    before = tree(site.inbox), tree(site.archive)
    work(site)
    work(site)
    assert (tree(site.inbox), tree(site.archive)) == before
    (event,) = site.emit.named("file.not_archived")
    assert event["reason"] == reason, "said once, though it was tried twice"
    archived = site.ledger.archived(job.job_id)
    assert (archived.state, archived.reason) == ("kept", reason)
    assert site.ledger.job(job.job_id).chore is None


def test_a_file_that_is_gone_is_intake_s_to_tell(site: Any) -> None:
    job = site.done("a.mp4")
    (site.inbox / "a.mp4").unlink()
    work(site)
    assert site.emit.named("file.not_archived") == []
    assert site.ledger.archived(job.job_id).reason == "missing"


def test_an_archive_that_is_gone_is_told_and_waited_for(site: Any) -> None:
    """A disk that was unmounted while the service runs; nothing is made in its place."""
    site.done("a.mp4")
    site.archive.rmdir()
    work(site)
    (event,) = site.emit.named("file.not_archived")
    assert (event["reason"], site.archive.exists()) == ("target_gone", False)
    site.archive.mkdir()
    site.clock.advance(60)
    work(site)
    assert set(tree(site.archive)) == {"a.mp4"}


def test_a_file_that_somebody_writes_to_is_left_alone(site: Any) -> None:
    site.done("a.mp4")
    with (site.inbox / "a.mp4").open("ab"):
        work(site)
        assert set(tree(site.inbox)) == {"a.mp4"}
        assert site.emit.named("file.not_archived")[0]["reason"] == "in_use"
    site.clock.advance(60)
    work(site)
    assert set(tree(site.archive)) == {"a.mp4"}


def test_a_file_that_takes_its_name_in_the_last_moment_goes_back(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site.done("a.mp4")
    real, first = relocation.rename_new, iter([True])

    def late(source: bytes, target: bytes, **fds: int) -> None:
        if next(first, False):
            _replace(site)
        real(source, target, **fds)

    monkeypatch.setattr(relocation, "rename_new", late)
    work(site)
    assert {name: content for name, (content, _) in tree(site.inbox).items()} == {"a.mp4": b"y"}
    assert tree(site.archive) == {}


def test_a_name_that_is_taken_in_the_last_moment_is_not_overwritten(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = site.done("a.mp4")
    real, first = relocation.rename_new, iter([True])

    def late(source: bytes, target: bytes, **fds: int) -> None:
        if next(first, False):
            (site.archive / "a.mp4").write_text("somebody's")
        real(source, target, **fds)

    monkeypatch.setattr(relocation, "rename_new", late)
    work(site)
    assert (site.archive / "a.mp4").read_text() == "somebody's"
    assert set(tree(site.inbox)) == {"a.mp4"}
    site.clock.advance(60)
    work(site)
    assert set(tree(site.archive)) == {"a.mp4", f"a-{job.sha256[:8]}.mp4"}


def test_another_mount_below_the_inbox_is_a_reason_never_a_copy(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site.done("a.mp4")
    monkeypatch.setattr(relocation, "rename_new", _refuse(18))
    work(site)
    (event,) = site.emit.named("file.not_archived")
    assert (event["reason"], event["retry_in_s"]) == ("cross_device", 3600.0)
    assert set(tree(site.inbox)) == {"a.mp4"}


def test_where_the_file_system_cannot_rename_so_a_link_does(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.fusion.exchange._renameat2", lambda: None)
    site.done("a.mp4")
    (site.archive / "a.mp4").write_text("somebody's")
    work(site)
    assert len(tree(site.archive)) == 2
    assert tree(site.inbox) == {}


class _Killed(BaseException):
    """What no catch of ours holds back, as a kill."""


def _refuse(number: int) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def _die(*_: object, **__: object) -> None:
    raise _Killed


def _die_after(patch: pytest.MonkeyPatch, calls: int) -> None:
    real, left = relocation.rename_new, iter(range(calls))

    def rename(*names: bytes, **fds: int) -> None:
        if next(left, None) is None:
            raise _Killed
        real(*names, **fds)

    patch.setattr(relocation, "rename_new", rename)


# Where it is killed.
KILLS: dict[str, Callable[[pytest.MonkeyPatch, Any], Any]] = {
    "before the rename": lambda patch, _: _die_after(patch, 0),
    "after the video, before its sidecars": lambda patch, _: _die_after(patch, 1),
    "between the sidecars": lambda patch, _: _die_after(patch, 2),
    "after everything, before the ledger": lambda patch, site: patch.setattr(type(site.ledger), "end_move", _die),
    "between link and unlink": lambda patch, _: (
        patch.setattr("actors.fusion.exchange._renameat2", lambda: None),
        patch.setattr("actors.fusion.exchange.os.unlink", _die),
    ),
}


@pytest.mark.parametrize("kill", KILLS.values(), ids=KILLS.keys())
@pytest.mark.parametrize("still_wanted", [True, False], ids=["still wanted", "not wanted any more"])
def test_a_move_that_was_killed_is_brought_to_its_end(
    site: Any, monkeypatch: pytest.MonkeyPatch, kill: Callable[..., Any], *, still_wanted: bool
) -> None:
    path = site.drop("a.mp4")
    for name in ("a.json", "a.txt"):
        (site.inbox / name).write_text(name)
    before = tree(site.inbox) | {"a.mp4": (b"x", path.stat().st_mtime_ns)}
    job = site.done("a.mp4")
    before["a.mp4"] = (b"x", path.stat().st_mtime_ns)
    with monkeypatch.context() as patch:
        kill(patch, site)
        with pytest.raises(_Killed):
            work(site)
    resume(site.reopen(), now=site.clock.wall(), emit=site.emit)
    assert site.ledger.moves() == []
    assert site.ledger.job(job.job_id).chore is None
    if still_wanted:
        work(site)
        assert (tree(site.archive), tree(site.inbox)) == (before, {})
    lies_at = Path(os.fsdecode(site.ledger.job(job.job_id).absolute_path))
    assert lies_at.read_bytes() == b"x", "the ledger says where it is"
    assert (site.inbox / "a.mp4").exists() != (site.archive / "a.mp4").exists()


def test_an_inbox_that_cannot_be_written_is_told_once_with_what_would_mend_it(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.done("a.mp4")
    site.done("b.mp4", b"y")
    site.clock.advance(LINGER_S)
    with monkeypatch.context() as patch:
        patch.setattr("service.housekeeping.archive.os.access", lambda *_: False)
        task, house, _ = keeper(site)
        house.work_off()
        site.clock.advance(61)
        house.work_off()
        assert task.wait_s() <= 60
        (event,) = site.emit.named("file.not_archived")
    assert "ReadWritePaths=" in event["remedy"]
    assert len(tree(site.inbox)) == 2
    site.clock.advance(61)
    house.work_off()
    assert len(tree(site.archive)) == 2, "it goes on by itself once that is mended"


def test_what_is_not_on_one_mount_is_refused_at_start(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = os.fsencode(site.inbox)
    require_one_mount([inbox, b"/nowhere"], os.fsencode(site.archive))
    with pytest.raises(ConfigError, match="is never copied"):
        require_one_mount([inbox], b"/proc")
    from service.intake.mounts import Mount

    monkeypatch.setattr("service.housekeeping.archive.mount_of_root", lambda path: Mount(path, "ext4"))
    with pytest.raises(ConfigError, match="two mounts"):
        require_one_mount([inbox], os.fsencode(site.archive))
