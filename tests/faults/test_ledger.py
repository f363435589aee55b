"""A ledger that is locked, damaged, or in the wrong place."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fault_case import Case
from processes import Service, until
from scene import Act, Scene, table

HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


@contextmanager
def locked(ledger: Path) -> Iterator[None]:
    """Hold the ledger's write lock from another process."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(ledger)], **pipes) as holder:
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.communicate()


def ledger_of(scene: Scene) -> Path:
    return scene.state / "ledger.sqlite3"


def locked_for_four_seconds(scene: Scene) -> None:
    """Shorter than everybody's patience: it is waited for, and there is nothing to tell."""
    first, case = scene.film("first.mp4"), scene.case()
    with case.life() as service:
        scene.home.until_state(first, "done")
        with locked(ledger_of(scene)):
            second = scene.film("second.mp4")
            case.snapshot()
            time.sleep(4)  # what another process does takes its time
        scene.home.until_state(second, "done")
        assert not service.named("ledger.busy")
        case.end(service)


def degraded(scene: Scene, service: Service, second: Path, *, for_s: float) -> None:
    """Hold a locked ledger against the expected: told once, alive, and nothing begun."""
    service.until_event("ledger.busy", within_s=120)
    beats = len(service.named("heartbeat"))
    time.sleep(for_s)
    service.until_event("heartbeat", count=beats + 1)
    assert len(service.named("ledger.busy")) == 1
    assert scene.home.job(second) is None


def locked_for_longer_than_it_is_waited_for(scene: Scene) -> None:
    """The same as the minute of the long form, with an impatient service."""
    first, case = scene.film("first.mp4"), scene.case()
    with case.life(FAULT_HOST=json.dumps({"patience_s": 0.3})) as service:
        scene.home.until_state(first, "done")
        with locked(ledger_of(scene)):
            second = scene.film("second.mp4")
            case.snapshot()
            degraded(scene, service, second, for_s=3)
        assert scene.home.until_state(second, "done").attempts == 1
        service.until_event("work.resumed")
        case.end(service)


def locked_with_work_in_hand(scene: Scene) -> None:
    """What the models have found is kept until it can be written."""
    from gates import Gates

    gates, case = Gates(scene.home.path / "gates"), scene.case()
    gates.shut("fuse a")
    video = scene.film("a.mp4")
    case.snapshot()
    with case.life(gates=gates, FAULT_HOST=json.dumps({"patience_s": 0.3})) as service:
        until(lambda: gates.reached() == ["fuse a"], "everything is known of the video")
        with locked(ledger_of(scene)):
            gates.open("fuse a")
            service.until_event("ledger.busy")
            assert str(scene.home.job(video).state) == "running"
            assert (scene.home.output / "a.json").exists()
        assert scene.home.until_state(video, "done").attempts == 1
        assert not service.named("job.released") + service.named("actor.killed")
        case.end(service)


def after_a_first_life(scene: Scene) -> Case:
    """Bring the scene to where one video is described and no service runs."""
    video, case = scene.film("a.mp4"), scene.case()
    with case.life() as first:
        scene.home.until_state(video, "done")
        assert first.terminate()[0] == 0
    case.snapshot()
    return case


def locked_at_the_start(scene: Scene) -> None:
    case = after_a_first_life(scene)
    with contextlib.ExitStack() as lock:
        lock.enter_context(locked(ledger_of(scene)))
        with case.life(FAULT_HOST=json.dumps({"patience_s": 0.3})) as service:
            service.until_event("ledger.busy")
            assert not service.named("service.ready")
            lock.close()
            service.until_event("service.ready")
            case.end(service)


def stopped_while_it_waits_for_the_ledger(scene: Scene) -> None:
    case = after_a_first_life(scene)
    with case.life(FAULT_HOST=json.dumps({"patience_s": 0.3})) as service, locked(ledger_of(scene)):
        service.until_event("ledger.busy")
        case.end(service)


def scribble(ledger: Path, *, at: int, size: int) -> None:
    with ledger.open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(size))


def rebuilt(scene: Scene, service: Service, *videos: Path, inodes: dict[str, int]) -> None:
    """The ledger is built from inboxes and documents; no document was made twice."""
    told = service.until_event("ledger.rebuilt")
    assert (told["level"], told["reason"], told["count"]) == ("critical", "damaged", len(inodes))
    assert Path(told["moved_to"]).exists()
    for video in videos:
        scene.home.until_state(video, "done")
    assert {name: (scene.home.output / name).stat().st_ino for name in inodes} == inodes


def documents(scene: Scene) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in scene.home.output.glob("*.json")}


def damaged_while_nobody_looked(scene: Scene) -> None:
    videos, case = [scene.film("a.mp4"), scene.film("b.mp4")], scene.case()
    case.snapshot()
    with case.life() as first:
        for video in videos:
            scene.home.until_state(video, "done")
        assert first.terminate()[0] == 0
    inodes = documents(scene)
    scribble(ledger_of(scene), at=0, size=20_000)
    with case.life() as service:
        service.until_event("service.ready")
        rebuilt(scene, service, *videos, inodes=inodes)
        case.end(service)


def damaged_while_it_serves(scene: Scene) -> None:
    """It goes on in the same process: what it cannot read any more it builds again."""
    first, case = scene.film("first.mp4"), scene.case()
    with case.life() as service:
        scene.home.until_state(first, "done")
        inodes = documents(scene)
        with sqlite3.connect(ledger_of(scene), timeout=30) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        scribble(ledger_of(scene), at=4096, size=ledger_of(scene).stat().st_size - 4096)
        second = scene.film("second.mp4")
        case.snapshot()
        service.until_event("service.ready", count=2)
        rebuilt(scene, service, first, second, inodes=inodes)
        assert service.named("service.stopped")[0]["reason"] == "ledger_damaged"
        case.end(service)


def on_a_network_file_system(scene: Scene) -> None:
    table = scene.home.path / "mountinfo"
    table.write_text(f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:40 / {scene.home.path} rw - nfs4 server:/home rw\n")
    with scene.case().life(FAULT_HOST=json.dumps({"mountinfo": str(table)})) as service:
        assert service.process.wait(timeout=60) == 78
        service._reader.join(timeout=5)
        said = "".join(service.other_lines)
        assert f"state.dir = {scene.state}: lies on nfs4" in said
        assert "local disk with --state" in said
        assert not ledger_of(scene).exists()


ACTS = {
    locked_for_four_seconds: pytest.mark.fault("the ledger is locked for 4 s"),
    locked_for_longer_than_it_is_waited_for: pytest.mark.fault("the ledger is locked for 60 s"),
    locked_with_work_in_hand: pytest.mark.fault("the ledger is locked with work in hand"),
    locked_at_the_start: pytest.mark.fault("the ledger is locked at the start"),
    stopped_while_it_waits_for_the_ledger: pytest.mark.fault("SIGTERM while the ledger is waited for"),
    damaged_while_nobody_looked: pytest.mark.fault("the ledger is damaged"),
    damaged_while_it_serves: pytest.mark.fault("the ledger is damaged while the service runs"),
    on_a_network_file_system: pytest.mark.fault("the ledger is on a network file system"),
}


@pytest.mark.parametrize("act", table(ACTS))
def test_a_ledger_in_trouble_loses_nothing(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)


def locked_for_a_minute(scene: Scene) -> None:
    first, case = scene.film("first.mp4"), scene.case()
    with case.life() as service:
        scene.home.until_state(first, "done")
        with locked(ledger_of(scene)):
            second = scene.film("second.mp4")
            case.snapshot()
            degraded(scene, service, second, for_s=45)
        assert scene.home.until_state(second, "done").attempts == 1
        case.end(service)


@pytest.mark.long
@pytest.mark.fault("the ledger is locked for 60 s")
@pytest.mark.parametrize("act", [locked_for_a_minute])
def test_a_ledger_locked_for_a_minute_by_the_clock(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)
