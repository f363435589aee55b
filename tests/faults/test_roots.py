"""Inboxes that go and come: nothing is concluded from what is missing, and the other inbox does not notice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from films import film
from gates import Gates
from invariants import Aftermath, require
from processes import Service, until
from scene import Act, Scene, on_mounts, table
from sources import snapshot


def two_inboxes(scene: Scene) -> Path:
    """Have another inbox watched beside the one that is in trouble."""
    other = scene.home.path / "other"
    other.mkdir()
    scene.configure(INTAKE__INBOXES=json.dumps([str(scene.home.inbox), str(other)]))
    return other


def lost(service: Service, inbox: Path) -> None:
    told = service.until_event("root.lost")
    assert told["root"] == str(inbox)
    assert told["detail"]


def none_of_it_gone(scene: Scene, service: Service, *videos: Path) -> None:
    """Hold the ledger against what was there before the inbox was lost."""
    kept = {job.absolute_path: (str(job.state), job.source_missing) for job in scene.home.jobs()}
    assert {kept[os.fsencode(video)] for video in videos} <= {("done", False), ("queued", False), ("waiting", False)}
    assert not service.named("file.gone") + service.named("job.superseded")


def conclude(scene: Scene, service: Service, *inboxes: Path) -> None:
    """Stop the service and require every invariant, for all inboxes."""
    before = snapshot(inboxes)
    code, took_s = service.terminate()
    output, ledger = scene.home.output, scene.state / "ledger.sqlite3"
    require(Aftermath(inboxes, output, ledger, before, service.events, code, took_s, stop_within_s=30.0))


def gone_and_back(scene: Scene, go: Callable[[], object], come_back: Callable[[], object], **environ: str) -> None:
    """Lose the inbox with one video done and one queued; both are there again when it is."""
    inbox, other = scene.home.inbox, two_inboxes(scene)
    done, queued = film(inbox / "done.mp4"), inbox / "queued.mp4"
    with scene.case().life(**environ) as service:
        scene.home.until_state(done, "done")
        go()
        lost(service, inbox)
        elsewhere = film(other / "elsewhere.mp4")
        scene.home.until_state(elsewhere, "done")
        none_of_it_gone(scene, service, done)
        come_back()
        service.until_event("root.back")
        scene.home.until_state(film(queued), "done")
        none_of_it_gone(scene, service, done, queued)
        assert len(service.named("root.lost")) == 1
        assert len(service.named("job.claimed", "done.mp4")) == 1, "nothing is described twice"
        conclude(scene, service, inbox, other)


def root_is_renamed_and_back(scene: Scene) -> None:
    aside = scene.home.path / "aside"
    gone_and_back(scene, lambda: scene.home.inbox.rename(aside), lambda: aside.rename(scene.home.inbox))


def root_is_replaced(scene: Scene) -> None:
    """Another folder under the old name is the user's doing: it is taken, and what the old one held is kept."""
    inbox, other = scene.home.inbox, two_inboxes(scene)
    done = film(inbox / "done.mp4")
    with scene.case().life() as service:
        scene.home.until_state(done, "done")
        inbox.rename(scene.home.path / "aside")
        inbox.mkdir()
        assert service.until_event("root.back")["replaced"]
        new = film(inbox / "new.mp4")
        scene.home.until_state(new, "done")
        none_of_it_gone(scene, service, done, new)
        conclude(scene, service, inbox, other)


def root_is_missing_at_the_start(scene: Scene) -> None:
    inbox, other = scene.home.inbox, two_inboxes(scene)
    inbox.rmdir()
    with scene.case().life() as service:
        lost(service, inbox)
        scene.home.until_state(film(other / "elsewhere.mp4"), "done")
        inbox.mkdir()
        service.until_event("root.back")
        scene.home.until_state(film(inbox / "a.mp4"), "done")
        conclude(scene, service, inbox, other)


@on_mounts
def root_is_unmounted(scene: Scene) -> None:
    """The folder below the mount point shows, empty; later the same file system is mounted again."""
    inbox, disk = scene.home.inbox, scene.tmpfs(scene.home.path / "disk")
    scene.mounted.bind(disk, inbox)
    scene.closing.enter_context(scene.mounted.cleared(inbox))
    gone_and_back(scene, lambda: scene.mounted.unmount(inbox, lazily=True), lambda: scene.mounted.bind(disk, inbox))


@on_mounts
def root_is_mounted_over(scene: Scene) -> None:
    inbox = scene.home.inbox
    gone_and_back(scene, lambda: scene.tmpfs(inbox), lambda: scene.mounted.unmount(inbox))


@on_mounts
def root_shows_another_file_system(scene: Scene) -> None:
    """The disk is swapped for another one with a file of the same name: that is another file, and not looked at."""
    inbox, one = scene.home.inbox, scene.tmpfs(scene.home.path / "one")
    another = scene.tmpfs(scene.home.path / "another")
    film(another / "done.mp4")
    scene.mounted.bind(one, inbox)
    scene.closing.enter_context(scene.mounted.cleared(inbox))

    def swap() -> None:
        scene.mounted.unmount(inbox, lazily=True)
        scene.mounted.bind(another, inbox)

    def swap_back() -> None:
        scene.mounted.unmount(inbox, lazily=True)
        scene.mounted.bind(one, inbox)

    gone_and_back(scene, swap, swap_back)


@on_mounts
def root_is_lost_with_work_queued(scene: Scene) -> None:
    """Jobs of a lost inbox are not begun, cost no attempt, and go on when it is back."""
    inbox, other = scene.home.inbox, two_inboxes(scene)
    disk, gates = scene.tmpfs(scene.home.path / "disk"), Gates(scene.home.path / "gates")
    scene.mounted.bind(disk, inbox)
    scene.closing.enter_context(scene.mounted.cleared(inbox))
    gates.shut("identify first.mp4")
    first, second = film(inbox / "first.mp4"), film(inbox / "second.mp4")
    with scene.case().life(gates=gates) as service:
        until(lambda: gates.reached() == ["identify first.mp4"], "the first is claimed")
        scene.home.until_state(second, "queued", "running")
        scene.mounted.unmount(inbox, lazily=True)
        gates.open("identify first.mp4")
        service.until_event("job.released", "first.mp4")
        lost(service, inbox)
        scene.home.until_state(film(other / "elsewhere.mp4"), "done")
        none_of_it_gone(scene, service, *(video for video in (first, second) if scene.home.job(video)))
        scene.mounted.bind(disk, inbox)
        for video in (first, second):
            assert scene.home.until_state(video, "done").attempts == 1
        assert not service.named("job.retry") + service.named("job.failed")
        conclude(scene, service, inbox, other)


@on_mounts
def root_never_answers(scene: Scene) -> None:
    """Whoever asks waits without end, as for an NFS server that is gone: the program behind the mount stands still."""
    program = served(scene)
    gone_and_back(
        scene,
        lambda: program.send_signal(signal.SIGSTOP),
        lambda: program.send_signal(signal.SIGCONT),
    )


def served(scene: Scene) -> subprocess.Popen[bytes]:
    """Have the inbox served by a program, which can be stopped; gone with the act."""
    rclone, inbox, remote = shutil.which("rclone"), scene.home.inbox, scene.home.path / "remote"
    if rclone is None or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("it takes rclone and /dev/fuse")
    remote.mkdir()
    words = ("--vfs-cache-mode=writes", "--vfs-write-back=100ms", "--dir-cache-time=1s", "--attr-timeout=0s")
    cache = f"--cache-dir={scene.home.path / 'cache'}"
    program = subprocess.Popen([rclone, "--config", os.devnull, "mount", remote, inbox, cache, *words])
    scene.closing.enter_context(scene.mounted.cleared(inbox))
    scene.closing.callback(program.wait)
    scene.closing.callback(program.kill)
    until(inbox.is_mount, "rclone has mounted it")
    return program


def root_is_unreadable(scene: Scene) -> None:
    inbox = scene.home.inbox
    scene.closing.callback(inbox.chmod, 0o755)
    host = {"FAULT_HOST": json.dumps({"obedient": True})}
    gone_and_back(scene, lambda: inbox.chmod(0), lambda: inbox.chmod(0o755), **host)


ACTS = {
    root_is_unreadable: pytest.mark.fault("an inbox is unreadable"),
    root_is_renamed_and_back: pytest.mark.fault("an inbox is renamed, or removed, and comes back"),
    root_is_replaced: pytest.mark.fault("an inbox is replaced by another folder"),
    root_is_missing_at_the_start: pytest.mark.fault("an inbox is missing at the start"),
    root_is_unmounted: pytest.mark.fault("an inbox is unmounted"),
    root_is_mounted_over: pytest.mark.fault("something is mounted over an inbox"),
    root_shows_another_file_system: pytest.mark.fault("another file system is where an inbox was"),
    root_never_answers: pytest.mark.fault("an inbox's server is gone, and who asks waits without end"),
    root_is_lost_with_work_queued: pytest.mark.fault("an inbox is lost with work queued"),
}


@pytest.mark.parametrize("act", table(ACTS))
def test_a_lost_inbox_loses_nothing(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)
