"""Too few of what inotify(7) has to give: intake scans instead, and says which sysctl would mend it."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from fault_case import Case
from films import film
from processes import WITHOUT_MODELS, Home, Service, until
from scene import Act, Scene, table
from stagehand import Stagehand

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
FOLDERS = 20
GUARD = """
import sys
sys.stdin.read()  # ends when the test has, however it ends
open(sys.argv[1], "w").write(sys.argv[2])
"""


def with_folders(scene: Scene) -> list[Path]:
    """Put a video into each of many folders, and folders that are never watched beside them."""
    for number in range(50):
        (scene.home.inbox / "@eaDir" / str(number)).mkdir(parents=True)
    return [scene.film(f"folder{number}/a.mp4") for number in range(FOLDERS)]


def degraded(service: Service, *, reason: str, sysctl: str, numbers: tuple[int, ...] = ()) -> None:
    told = service.until_event("watch.degraded")
    assert (told["level"], told["reason"]) == ("warning", reason)
    assert sysctl in told["detail"]
    assert set(numbers) <= {int(number) for number in re.findall(r"\d+", told["detail"])}, told


def scanned(scene: Scene, service: Service, *videos: Path) -> None:
    """All that is there is taken, and what comes later too, below the root and in it; one warning for all of it."""
    case_videos = [*videos, scene.film("later.mp4"), scene.film("folder0/later.mp4")]
    for video in case_videos:
        scene.home.until_state(video, "done")
    warned = [line["root"] for line in service.named("watch.degraded")]
    assert warned.count(os.fsdecode(scene.home.inbox)) == 1
    assert not service.named("watch.rebuilt")


def asked(**host: object) -> dict[str, str]:
    return {"FAULT_HOST": json.dumps(host)}


def too_few_watches(scene: Scene) -> None:
    videos, case = with_folders(scene), scene.case()
    with case.life(**asked(inotify={"max_inotify_watches": 8})) as service:
        degraded(service, reason="watch_limit", sysctl="user.max_inotify_watches", numbers=(8, FOLDERS + 1))
        scanned(scene, service, *videos)
        case.snapshot()
        case.end(service)


def no_watch_at_all(scene: Scene) -> None:
    videos, case = [scene.film("a.mp4")], scene.case()
    with case.life(**asked(inotify={"max_inotify_watches": 0})) as service:
        degraded(service, reason="watch_limit", sysctl="user.max_inotify_watches", numbers=(0, 1))
        scanned(scene, service, *videos)
        case.snapshot()
        case.end(service)


def no_instance(scene: Scene) -> None:
    videos, case = [scene.film("a.mp4")], scene.case()
    with case.life(**asked(inotify={"max_inotify_instances": 0})) as service:
        degraded(service, reason="instance_limit", sysctl="user.max_inotify_instances", numbers=(0,))
        scanned(scene, service, *videos)
        case.snapshot()
        case.end(service)


def no_inotify(scene: Scene) -> None:
    videos, case = [scene.film("a.mp4")], scene.case()
    with case.life(**asked(no_inotify=errno.ENOSYS)) as service:
        degraded(service, reason="unwatchable", sysctl=os.strerror(errno.ENOSYS))
        scanned(scene, service, *videos)
        case.snapshot()
        case.end(service)


ACTS = {
    too_few_watches: pytest.mark.fault("inotify's watch limit is 8, with 20 folders"),
    no_watch_at_all: pytest.mark.fault("inotify's watch limit is 0"),
    no_instance: pytest.mark.fault("inotify's instances are used up"),
    no_inotify: pytest.mark.fault("inotify is missing"),
}


@pytest.mark.parametrize("act", table(ACTS))
def test_without_events_everything_is_found_by_scans(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)


@contextmanager
def queue_of(length: int) -> Iterator[None]:
    """Let the kernel keep so few events for whoever begins to watch now; what it was is put back whatever happens.

    By a process of its own, for this one may be killed.
    """
    before = QUEUE.read_text(encoding="ascii").strip()
    command = [sys.executable, "-c", GUARD, str(QUEUE), before]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as guard:
        try:
            QUEUE.write_text(str(length), encoding="ascii")
            yield
        finally:
            guard.communicate()
    assert QUEUE.read_text(encoding="ascii").strip() == before


@contextmanager
def short_of_room(case: Case) -> Iterator[Service]:
    """Run a service whose queue holds 64 events; the limit counts when the queue is made, and is back by then."""
    with ExitStack() as life:
        with queue_of(64):
            service = life.enter_context(case.life()).ready()
        yield service


@pytest.mark.system
@pytest.mark.fault("inotify's queue overflows")
def test_a_queue_that_overflows_loses_nothing(tmp_path: Path, stagehand: Stagehand) -> None:
    """4,000 files at once, in folders that nobody watched before, and a kernel that keeps 64 events."""
    home, count = Home(tmp_path, WITHOUT_MODELS | {"REELWATCH_INTAKE__SWEEP_S": "20.0"}), 4000
    case = Case(home, stagehand)
    with short_of_room(case) as service:
        service.process.send_signal(signal.SIGSTOP)
        for number in range(count):
            # The first ones fill the queue, so that of the folders no event is left.
            path = home.inbox / (f"folder{number % 50}" if number > count / 2 else ".") / f"{number}.mp4"
            path.parent.mkdir(exist_ok=True)
            path.write_text("no video\n" * 200 + str(number))
        service.process.send_signal(signal.SIGCONT)
        last = film(home.inbox / "folder49" / "video.mp4")
        case.snapshot()
        until(lambda: len(home.jobs()) == count + 1, "every file is in the ledger")
        home.until_state(last, "done")
        assert len(service.named("watch.overflow")) == 1
        until(lambda: {str(job.state) for job in home.jobs()} == {"rejected", "done"}, "all have ended")
        assert len(service.named("watch.overflow")) == 1
        case.end(service)


@pytest.mark.system
@pytest.mark.fault("inotify's queue overflows")
def test_folders_whose_events_were_lost_are_watched_again(tmp_path: Path, stagehand: Stagehand) -> None:
    """A sweep finds the folders; without a watch on them, what comes next would be found by the next sweep only."""
    home = Home(tmp_path, WITHOUT_MODELS | {"REELWATCH_INTAKE__SWEEP_S": "300.0"})
    case = Case(home, stagehand)
    with short_of_room(case) as service:
        service.process.send_signal(signal.SIGSTOP)
        for number in range(200):
            (home.inbox / f"{number}.txt").touch()
        (home.inbox / "folder").mkdir()
        service.process.send_signal(signal.SIGCONT)
        service.until_event("watch.overflow")
        time.sleep(8)  # the watch is set up anew when it has been calm for 5 s
        home.until_state(film(home.inbox / "folder" / "a.mp4"), "done", within_s=30)
        case.snapshot()
        case.end(service)
