"""SIGTERM at every moment, two services on one state, and locales that know no letters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from films import film
from gates import Gates
from invariants import Aftermath, require
from processes import Home, Service, until
from scene import SETTINGS, Act, Scene, table
from sources import snapshot

IDLE_STOP_S = 1.0
STAGED = Path(__file__).with_name("staged_service.py")


def idle(scene: Scene) -> None:
    video, case = scene.film("a.mp4"), scene.case()
    case.snapshot()
    with case.life() as service:
        scene.home.until_state(video, "done")
        service.until_event("heartbeat", count=2)
        case.end(service, stop_within_s=10.0)
        (draining,), (stopped,) = service.named("service.draining"), service.named("service.stopped")
        assert draining["running"] == 0
        took_s = (datetime.fromisoformat(stopped["time"]) - datetime.fromisoformat(draining["time"])).total_seconds()
        assert took_s < IDLE_STOP_S * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)), "with a core to itself"


def settling(scene: Scene) -> None:
    """A file that somebody still writes: it settles anew after the next start."""
    scene.configure(INTAKE__QUIET_LOCAL_S="30.0", INTAKE__FOREIGN_QUIET_S="60.0", INTAKE__QUIET_NETWORK_S="60.0")
    path, case = scene.film("a.mp4"), scene.case()
    with case.life() as service, path.open("ab"):
        assert scene.home.until_state(path, "waiting").attempts == 0
        case.snapshot()
        case.end(service, stop_within_s=10.0)


def processing(scene: Scene) -> None:
    """What is in work is finished; what is queued is not begun."""
    gates, case = Gates(scene.home.path / "gates"), scene.case()
    gates.shut("decode a.mp4")
    video = scene.film("a.mp4")
    with case.life(gates=gates) as service:
        until(lambda: gates.reached() == ["decode a.mp4"], "it is in work")
        case.snapshot()
        gates.open("decode a.mp4")  # one signal only, and at once: a second one would give the work back
        case.end(service)
        job = scene.home.job(video)
        assert (str(job.state), job.attempts) == ("done", 1)
        assert service.named("service.draining")[0]["running"] == 1


def processing_for_too_long(scene: Scene) -> None:
    """What does not end within the limit is given back, its attempt refunded."""
    scene.configure(POOL__DRAIN_S="0.0")
    gates, case = Gates(scene.home.path / "gates"), scene.case()
    gates.shut("identify a.mp4")
    video = scene.film("a.mp4")
    with case.life(gates=gates) as service:
        until(lambda: gates.reached() == ["identify a.mp4"], "it is in work")
        case.snapshot()
        service.process.send_signal(signal.SIGTERM)
        gates.open("identify a.mp4")
        assert service.process.wait(timeout=30) == 0
        job = scene.home.job(video)
        assert (str(job.state), job.attempts) == ("queued", 0)
    with case.life() as second:
        assert scene.home.until_state(video, "done").attempts == 1
        case.end(second)


def twice(scene: Scene) -> None:
    """The second signal does not wait for what the first one would."""
    gates, case = Gates(scene.home.path / "gates"), scene.case()
    gates.shut("decode a.mp4", "decode b.mp4")
    videos = [scene.film("a.mp4"), scene.film("b.mp4")]
    with case.life(gates=gates) as service:
        until(gates.reached, "one is in work")
        (held,) = gates.reached()
        case.snapshot()
        service.process.send_signal(signal.SIGTERM)
        service.process.send_signal(signal.SIGINT)
        gates.open(held)
        assert service.process.wait(timeout=30) == 0
        assert "queued" in {str(job.state) for job in scene.home.jobs()}
        assert {job.attempts for job in scene.home.jobs() if str(job.state) == "queued"} <= {0}
    with case.life() as second:
        for video in videos:
            scene.home.until_state(video, "done")
        case.end(second)


def while_it_starts(scene: Scene) -> None:
    """From the lock on it ends with 0; before that it has taken nothing, and ends by the signal."""
    video, case = scene.film("a.mp4"), scene.case()
    case.snapshot()
    with case.life() as service:
        until((scene.state / "lock").exists, "it has begun to start")
        until((scene.state / "lock").read_bytes, "it holds the lock")
        code, _ = service.terminate(within_s=30)
        assert code == 0
    with case.life() as second:
        scene.home.until_state(video, "done")
        case.end(second)


ACTS = {
    idle: pytest.mark.fault("SIGTERM while idle"),
    settling: pytest.mark.fault("SIGTERM while a file settles"),
    processing: pytest.mark.fault("SIGTERM in the middle of work"),
    processing_for_too_long: pytest.mark.fault("SIGTERM with work that does not end"),
    twice: pytest.mark.fault("SIGTERM twice"),
    while_it_starts: pytest.mark.fault("SIGTERM while it starts"),
}


@pytest.mark.parametrize("act", table(ACTS))
def test_a_signal_ends_it_in_order(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)


def another_service_is_refused(scene: Scene) -> None:
    video, case = scene.film("a.mp4"), scene.case()
    case.snapshot()
    with case.life() as service:
        scene.home.until_state(video, "done")
        for command in (["run"], ["process", video]):
            refused = scene.home.run(*command)
            assert refused.returncode == 75, refused.stderr
            assert f"in use by process {service.process.pid}".encode() in refused.stderr
        assert service.process.poll() is None
        assert len(service.named("job.claimed")) == 1
        case.end(service)


LOCALES = {"C": {"LC_ALL": "C"}, "none": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}}
NAMES = ("søppel 🎬 ålesund.mp4", "日本.mp4", os.fsdecode(b"caf\xe9.mp4"))


def a_locale_without_letters(scene: Scene) -> None:
    """Python itself is started, for that is when it takes a locale up."""
    for name, locale in LOCALES.items():
        home = Home(scene.home.path / name, {**SETTINGS, **locale})
        videos = [film(home.inbox / name) for name in NAMES]
        before = snapshot([home.inbox])
        options = {"env": home.environ, "cwd": home.path, "stderr": subprocess.PIPE}
        service = Service(subprocess.Popen([sys.executable, STAGED], **options))
        try:
            documents = [home.document(home.until_state(video, "done", within_s=150).document) for video in videos]
            code, took_s = service.terminate()
        finally:
            service.kill()
        ledger = home.path / "state" / "ledger.sqlite3"
        require(Aftermath([home.inbox], home.output, ledger, before, service.events, code, took_s))
        assert [document.source.relative_path for document in documents[:2]] == list(NAMES[:2])
        assert {(home.output / name).with_suffix(".json").exists() for name in NAMES[:2]} == {True}
        assert {event["path"] for event in service.named("job.done")} >= set(NAMES[:2])


OTHERS = {
    another_service_is_refused: pytest.mark.fault("two instances"),
    a_locale_without_letters: pytest.mark.fault("a locale without letters"),
}


@pytest.mark.parametrize("act", table(OTHERS))
def test_whoever_starts_it_and_how(ended: Callable[[Act], None], act: Act) -> None:
    ended(act)
