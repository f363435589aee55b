"""Disks that fill, refuse, and take again: work pauses, no attempt is spent, and it goes on by itself."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from films import film
from processes import until
from scene import Act, Scene, on_mounts, paused, resumed, table


def fill(folder: Path, *, leave_kib: int = 0) -> Path:
    """Take the free space of a file system; return the file that holds it."""
    filler = folder / ".filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(64 * 1024))
    os.truncate(filler, max(0, filler.stat().st_size - leave_kib * 1024))
    assert leave_kib or os.statvfs(folder).f_bavail == 0
    return filler


@on_mounts
def output_is_full(scene: Scene) -> None:
    """A write meets it: what was in work goes back, and the rest is not begun."""
    scene.tmpfs(scene.home.output)
    filler, case = fill(scene.home.output), scene.case()
    videos = [scene.film("a.mp4"), scene.film("b.mp4")]
    case.snapshot()
    with case.life() as service:
        paused(service, reason="disk_full", path=scene.home.output)
        until(lambda: {job.state for job in scene.home.jobs()} == {"queued"}, "all is given back")
        assert {job.attempts for job in scene.home.jobs()} == {0}
        beats = len(service.named("heartbeat"))
        beat = service.until_event("heartbeat", count=beats + 2)
        assert (beat["output_free_mib"], beat["paused"], beat["reason"]) == (0, 1, "disk_full")
        filler.unlink()
        resumed(case, service, *videos)


@on_mounts
def output_is_nearly_full(scene: Scene) -> None:
    """Free space is below the bound: nothing is begun, so that no write has to fail."""
    scene.configure(DISK__LOW_WATER_MIB="2")
    scene.tmpfs(scene.home.output)
    filler, case = fill(scene.home.output, leave_kib=1500), scene.case()
    video = scene.film("a.mp4")
    case.snapshot()
    with case.life() as service:
        paused(service, reason="disk_full", path=scene.home.output)
        scene.home.until_state(video, "queued")
        assert not service.named("job.claimed")
        filler.unlink()
        resumed(case, service, video)
        assert len(service.named("job.claimed")) == 1


@on_mounts
def state_is_nearly_full(scene: Scene) -> None:
    scene.configure(DISK__LOW_WATER_MIB="2")
    scene.tmpfs(scene.state)
    filler, case = fill(scene.state, leave_kib=1500), scene.case()
    video = scene.film("a.mp4")
    case.snapshot()
    with case.life() as service:
        paused(service, reason="disk_full", path=scene.state)
        scene.home.until_state(video, "queued")
        filler.unlink()
        resumed(case, service, video)
        assert len(service.named("job.claimed")) == 1


@on_mounts
def state_is_full(scene: Scene) -> None:
    """Not even a row can be written: files are still watched, and told once there is room."""
    scene.tmpfs(scene.state)
    case = scene.case()
    first = scene.film("a.mp4")
    case.snapshot()
    with case.life() as service:
        scene.home.until_state(first, "done")
        filler = fill(scene.state)
        later = [scene.film(f"{number}.mp4") for number in range(20)]
        case.snapshot()
        paused(service, reason="disk_full", path=scene.state)
        beats = len(service.named("heartbeat"))
        service.until_event("heartbeat", count=beats + 2)
        assert len(service.named("work.paused")) == 1
        filler.unlink()
        resumed(case, service, first, *later)


@on_mounts
def output_turns_read_only(scene: Scene) -> None:
    scene.tmpfs(scene.home.output)
    case, before = scene.case(), scene.film("before.mp4")
    with case.life() as service:
        scene.home.until_state(before, "done")
        scene.mounted.remount(scene.home.output, read_only=True)
        after = scene.film("after.mp4")
        case.snapshot()
        paused(service, reason="read_only", path=scene.home.output)
        scene.mounted.remount(scene.home.output, read_only=False)
        resumed(case, service, before, after)


def output_is_over_quota(scene: Scene) -> None:
    full, case = scene.home.path / "over-quota", scene.case()
    full.touch()
    video = scene.film("a.mp4")
    case.snapshot()
    refusals = {"file": str(full), "errno": errno.EDQUOT, "below": str(scene.home.output)}
    with case.life(FAULT_HOST=json.dumps({"refusals": refusals})) as service:
        paused(service, reason="quota_exceeded", path=scene.home.output)
        full.unlink()
        resumed(case, service, video)


@on_mounts
def output_was_never_writable(scene: Scene) -> None:
    scene.tmpfs(scene.home.output)
    scene.mounted.remount(scene.home.output, read_only=True)
    with scene.case().life() as service:
        assert service.process.wait(timeout=60) == 78
        service._reader.join(timeout=5)
        assert f"output.dir = {scene.home.output}: may not be written" in "".join(service.other_lines)


@on_mounts
def inbox_is_read_only(scene: Scene) -> None:
    video, case = scene.film("a.mp4"), scene.case()
    scene.mounted.bind(scene.home.inbox, scene.home.inbox, read_only=True)
    scene.closing.enter_context(scene.mounted.cleared(scene.home.inbox))
    with pytest.raises(OSError, match="Read-only"):
        (scene.home.inbox / "x").touch()
    case.snapshot()
    with case.life() as service:
        scene.home.until_state(video, "done")
        assert not service.named("watch.degraded")
        case.end(service)


@on_mounts
def output_shows_in_the_inbox(scene: Scene) -> None:
    """A bind mount that no comparison of paths sees; a video in there would be described into itself."""
    scene.home.output.mkdir()
    film(scene.home.output / "planted.mp4")
    alias = scene.home.inbox / "alias"
    alias.mkdir()
    scene.mounted.bind(scene.home.output, alias)
    scene.closing.enter_context(scene.mounted.cleared(alias))
    case = scene.case()
    with case.life() as service:
        scene.home.until_state(scene.film("a.mp4"), "done")
        scene.home.until_state(scene.film("below/b.mp4"), "done")
        assert {job.path for job in scene.home.jobs()} == {b"a.mp4", b"below/b.mp4"}
        case.snapshot()
        case.end(service, unseen=(alias,))


ACTS = {
    output_shows_in_the_inbox: pytest.mark.fault("the output shows in an inbox under another name"),
    output_is_full: pytest.mark.fault("the output's disk is full"),
    output_is_nearly_full: pytest.mark.fault("the output's disk is nearly full"),
    state_is_nearly_full: pytest.mark.fault("the state's disk is nearly full"),
    state_is_full: pytest.mark.fault("the state's disk is full"),
    output_turns_read_only: pytest.mark.fault("the output turns read-only"),
    output_is_over_quota: pytest.mark.fault("the output's quota is used up"),
    output_was_never_writable: pytest.mark.fault("the output is never writable"),
    inbox_is_read_only: pytest.mark.fault("the inbox is read-only"),
}


@pytest.mark.parametrize("act", table(ACTS))
def test_a_disk_that_takes_nothing_costs_nothing_but_time(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)


def test_the_mounts_are_nobody_elses() -> None:
    """Whatever the tests above have mounted, the first process of the host has not."""
    assert "output_is_full" not in Path("/proc/1/mountinfo").read_text(encoding="utf-8")
