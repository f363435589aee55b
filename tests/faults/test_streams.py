"""Nobody reads the log, or there is nowhere to write it: the work goes on."""

from __future__ import annotations

import array
import fcntl
import json
import signal
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from invariants import Aftermath, require
from processes import log_event
from scene import Act, Scene, table
from sources import snapshot
from stagehand import Life

PIPE_BYTES = 4096


@contextmanager
def unread(scene: Scene) -> Iterator[Life]:
    """Run a service whose log goes into a short pipe that nobody reads; whatever happens, it has ended afterwards."""
    life = scene.stagehand.start(scene.home.environ, cwd=scene.home.path)
    fcntl.fcntl(life.stderr.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    try:
        yield life
    finally:
        life.kill()
        life.stderr.close()


def works(scene: Scene, *names: str) -> None:
    for name in names:
        scene.home.until_state(scene.film(name), "done")


def ends(scene: Scene, life: Life) -> None:
    """Stop the service and require every invariant, as far as it needs no log."""
    inboxes, began_s = [scene.home.inbox], time.monotonic()
    before = snapshot(inboxes)
    life.send_signal(signal.SIGTERM)
    code = life.wait(timeout=30)
    ledger, took_s = scene.state / "ledger.sqlite3", time.monotonic() - began_s
    require(Aftermath(inboxes, scene.home.output, ledger, before, [], code, took_s))


def streams_are_closed(scene: Scene) -> None:
    """Files that are opened later must not become standard streams, into which libraries write."""
    case = scene.case()
    with case.life(FAULT_HOST=json.dumps({"closed": [0, 1, 2]})) as service:
        works(scene, "a.mp4")
        streams = Path(f"/proc/{service.process.pid}/fd")
        assert {str((streams / number).readlink()) for number in "012"} == {"/dev/null"}
        case.snapshot()
        case.end(service)


def log_is_not_read(scene: Scene) -> None:
    """The log's thread is stuck in its write, and the others work and end."""
    with unread(scene) as life:
        works(scene, "0.mp4", "1.mp4", "2.mp4")
        assert log_is_full(life)
        ends(scene, life)


def log_is_full(life: Life) -> bool:
    """Whether the pipe holds as much as it can: a page, less the line that did not fit."""
    held = array.array("i", [0])
    fcntl.ioctl(life.stderr.fileno(), termios.FIONREAD, held)
    return held[0] > PIPE_BYTES // 2


def log_loses_its_reader(scene: Scene) -> None:
    """EPIPE at every line."""
    with unread(scene) as life:
        assert life.stderr.read(1)
        life.stderr.close()
        works(scene, "a.mp4")
        ends(scene, life)


def log_is_read_again(scene: Scene) -> None:
    """Nothing is lost that there was room for, and no line is cut."""
    with unread(scene) as life:
        works(scene, "a.mp4", "b.mp4")
        assert log_is_full(life)
        life.send_signal(signal.SIGTERM)
        events = [log_event(line) for line in life.stderr.read().splitlines()]
        assert life.wait(timeout=30) == 0
    assert None not in events
    told = [event["event"] for event in events if event is not None]
    assert [told.count(name) for name in ("service.ready", "job.done", "service.stopped")] == [1, 2, 1]


ACTS = {
    streams_are_closed: pytest.mark.fault("the standard streams are closed"),
    log_is_not_read: pytest.mark.fault("nobody reads the log"),
    log_loses_its_reader: pytest.mark.fault("the log's reader ends"),
    log_is_read_again: pytest.mark.fault("nobody reads the log"),
}


@pytest.mark.parametrize("act", table(ACTS))
def test_the_log_never_holds_the_work_up(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)
