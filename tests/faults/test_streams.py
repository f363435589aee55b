"""Nobody reads the log, or there is nowhere to write it: the work goes on."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from processes import log_event
from scene import Act, Scene, table

PIPE_BYTES = 4096
CHATTER = 200
"""Videos enough to fill a pipe of that length many times over."""


@contextmanager
def writing_to(scene: Scene, stderr: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the real program with a log of the test's own; whatever happens, it has ended afterwards."""
    process = scene.home.start("run", stdout=subprocess.DEVNULL, stderr=stderr)
    os.close(stderr)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def works(scene: Scene, name: str, *, within_s: float = 60.0) -> None:
    scene.home.until_state(scene.film(name), "done", within_s=within_s)


def streams_are_closed(scene: Scene) -> None:
    """Files that are opened later must not become standard streams, into which libraries write."""
    with scene.case().life(FAULT_HOST=json.dumps({"closed": [0, 1, 2]})) as service:
        works(scene, "a.mp4")
        streams = Path(f"/proc/{service.process.pid}/fd")
        assert {str((streams / number).readlink()) for number in "012"} == {"/dev/null"}
        assert service.terminate()[0] == 0


def log_is_not_read(scene: Scene) -> None:
    """A pipe that is full: what does not fit is dropped and counted, and told once somebody reads."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with writing_to(scene, writer) as process:
        began_s = time.monotonic()
        for number in range(5):
            works(scene, f"{number}.mp4")
        # The kernel's words: the log's thread is stuck in its write, and the others work.
        assert time.monotonic() - began_s < 60
        process.terminate()
        assert process.wait(timeout=30) == 0
    os.close(reader)


def log_loses_its_reader(scene: Scene) -> None:
    """EPIPE at every line."""
    reader, writer = os.pipe()
    with writing_to(scene, writer) as process:
        assert os.read(reader, 1)
        os.close(reader)
        works(scene, "a.mp4")
        process.terminate()
        assert process.wait(timeout=30) == 0


def log_is_read_again(scene: Scene) -> None:
    """What was dropped meanwhile is counted in a line of its own."""
    scene.configure(LOG__HEARTBEAT_S="0.001")  # a line for every round of the loop
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with writing_to(scene, writer) as process:
        works(scene, "a.mp4")
        process.terminate()
        with os.fdopen(reader, "rb") as log:
            lines = log.read().splitlines()
        assert process.wait(timeout=30) == 0
    events = [event for line in lines if (event := log_event(line)) is not None]
    assert [event["event"] for event in events if event["event"] == "service.ready"] == ["service.ready"]


ACTS = {
    streams_are_closed: pytest.mark.fault("the standard streams are closed"),
    log_is_not_read: pytest.mark.fault("nobody reads the log"),
    log_loses_its_reader: pytest.mark.fault("the log's reader ends"),
    log_is_read_again: pytest.mark.fault("nobody reads the log"),
}


@pytest.mark.parametrize("act", table(ACTS))
def test_the_log_never_holds_the_work_up(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)
