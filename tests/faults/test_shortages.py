"""A host that is short of descriptors, processes or memory: work pauses, and no video pays for it."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable

import pytest
from gates import Gates
from invariants import Aftermath, require
from processes import Service, until
from scene import Act, Scene, table
from sources import snapshot

WITHIN_S = 150.0
"""Real processes take long to start on a machine on which all the others wait for each other."""


def limit(service: Service, what: int, *, soft: int) -> None:
    """Set a running process's soft limit."""
    _, hard = resource.prlimit(service.process.pid, what)
    resource.prlimit(service.process.pid, what, (soft, hard))


def no_descriptor_is_left(scene: Scene) -> None:
    """With a file in work, and another one settling."""
    gates, case = Gates(scene.home.path / "gates"), scene.case()
    first = scene.film("first.mp4")
    with case.life(gates=gates) as service:
        scene.home.until_state(first, "done")
        gates.shut("identify second.mp4")
        second = scene.film("second.mp4")
        until(gates.reached, "the second is claimed")
        limit(service, resource.RLIMIT_NOFILE, soft=3)
        third = scene.film("third.mp4")
        case.snapshot()
        gates.open("identify second.mp4")
        told = service.until_event("work.paused")
        assert (told["reason"], "LimitNOFILE" in told["remedy"]) == ("too_many_files", True)
        beats = len(service.named("heartbeat"))
        service.until_event("heartbeat", count=beats + 4)
        assert not service.named("root.lost") + service.named("file.gone")
        limit(service, resource.RLIMIT_NOFILE, soft=1024)
        for video in (second, third):
            assert scene.home.until_state(video, "done").attempts == 1
        assert not service.named("job.retry") + service.named("job.failed")
        case.end(service)


def kernel_ends_a_process(scene: Scene) -> None:
    """The real program and its real processes. SIGKILL is what the kernel's OOM killer sends."""
    scene.configure(STAGES__FRAMES__BACKENDS="[]")  # two processes are enough
    first = scene.film("first.mp4")
    with scene.home.service() as service:
        scene.home.until_state(first, "done", within_s=WITHIN_S)
        (actor,) = [told["pid"] for told in service.named("actor.ready") if told["actor"] == "media"]
        os.kill(actor, signal.SIGSTOP)  # so that it is met with work in hand
        second = scene.film("second.mp4")
        service.until_event("job.claimed", "second.mp4")
        scene.home.until_state(second, "running")
        time.sleep(1)  # the call is on its way
        os.kill(actor, signal.SIGKILL)
        assert service.until_event("actor.died")["actor"] == "media"
        job = scene.home.until_state(second, "done", within_s=WITHIN_S)
        assert (job.attempts, job.deaths) == (2, 1)
        assert service.until_event("job.retry", "second.mp4")["reason"] == "suspect"
        scene.home.until_state(scene.film("third.mp4"), "done", within_s=WITHIN_S)
        before = snapshot([scene.home.inbox])
        code, took_s = service.terminate()
    ledger = scene.state / "ledger.sqlite3"
    require(Aftermath([scene.home.inbox], scene.home.output, ledger, before, service.events, code, took_s))


ACTS = {
    no_descriptor_is_left: pytest.mark.fault("no file descriptor is left"),
    kernel_ends_a_process: pytest.mark.fault("the kernel ends a model's process"),
}


@pytest.mark.parametrize("act", table(ACTS))
def test_a_host_short_of_something_costs_no_attempt(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)
