"""The service in this process, over canned models: it is ended by signals sent at the moments that its log names."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors.fusion.published import published
from actors.pool.fake_pool import FakePool
from service import daemon, preparation
from service.configuration import Configuration, load
from service.errors import ConfigError, StateLocked
from service.ledger.ledger import read_ledger
from service.ledger.lock import state_lock
from service.ledger.states import State
from service.live.note import parsed
from service.logs import Recorder

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
cheap = importlib.import_module("cheap_hosts")


class Trigger(Recorder):
    """Sends this process SIGTERM when an event is logged, once for each time it is named."""

    def __init__(self, *at: str) -> None:
        super().__init__()
        self._at = list(at)

    def __call__(self, event: str, /, **fields: Any) -> None:
        super().__call__(event, **fields)
        if self._at and self._at[0] == event:
            self._at.pop(0)
            os.kill(os.getpid(), signal.SIGTERM)


def settings(home: Path, **flags: Any) -> Configuration:
    (home / "in").mkdir(exist_ok=True)
    given = {
        "profile": "embedded",
        "pool.num_cpus": 8,
        "disk.low_water_mib": 0,
        "intake.inboxes": [home / "in"],
        "intake.quiet_local_s": 0.1,
        "intake.foreign_quiet_s": 0.2,
        "state.dir": home / "state",
        "output.dir": home / "out",
    }
    return load(given | flags, environ={"HOME": str(home)}).configuration


def run(configuration: Configuration, emit: Recorder) -> int:
    return daemon.run(configuration, emit, pool_factory=lambda _configuration: FakePool(cheap.cheap_host))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    yield tmp_path
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before, "handlers are put back"
    assert "intake" not in {thread.name for thread in threading.enumerate()}


def jobs(home: Path) -> list[Any]:
    ledger = read_ledger(home / "state" / "ledger.sqlite3", output_root=os.fsencode(home / "out"))
    try:
        return ledger.jobs()
    finally:
        ledger.close()


def test_it_says_when_it_is_ready_and_when_it_has_ended(home: Path) -> None:
    emit = Trigger("service.ready")
    assert run(settings(home), emit) == 0
    told = [name for name in emit.names if name.startswith("service.")]
    assert told == ["service.ready", "service.draining", "service.stopped"]
    (ready,) = emit.named("service.ready")
    assert (ready["inboxes"], ready["pid"], ready["profile"]) == ([str(home / "in")], os.getpid(), "embedded")
    assert emit.named("service.draining") == [{"signal": "SIGTERM", "running": 0}]


def test_it_notes_what_it_was_started_with(home: Path) -> None:
    run(settings(home, **{"intake.extensions": [".mp4", ".gif"]}), Trigger("service.ready"))
    ledger = read_ledger(home / "state" / "ledger.sqlite3", output_root=os.fsencode(home / "out"))
    start = ledger.service_start()
    ledger.close()
    assert start is not None
    assert (start.inboxes, start.extensions) == ((os.fsencode(home / "in"),), (".mp4", ".gif"))
    assert (start.output_root, start.profile, start.pid) == (os.fsencode(home / "out"), "embedded", os.getpid())
    assert len(start.settings_key) == 64


def test_it_leaves_a_note_of_what_it_does(home: Path) -> None:
    class Patient(Recorder):
        """Ends it at the third heartbeat: the ledger may be busy at the first, and then the note comes later."""

        def __call__(self, event: str, /, **fields: Any) -> None:
            super().__call__(event, **fields)
            if event == "heartbeat" and len(self.named("heartbeat")) == 3:
                os.kill(os.getpid(), signal.SIGTERM)

    run(settings(home, **{"log.heartbeat_s": 0.5}), Patient())
    ledger = read_ledger(home / "state" / "ledger.sqlite3", output_root=os.fsencode(home / "out"))
    text = ledger.live_note()
    ledger.close()
    assert text is not None
    note = parsed(text.note)
    assert note is not None
    assert note.pid == text.pid == os.getpid()
    assert [inbox.path for inbox in note.vitals.inboxes][:1] == [str(home / "in")]
    assert {stage.stage for stage in note.stages} >= {"decode", "asr", "fusion"}


# The moments of the signals; what then is true of the video in work: its state, its attempts, its document.
ENDS: dict[str, tuple[list[str], dict[str, Any], tuple[State, int, bool]]] = {
    "after the work": (["job.done"], {}, (State.DONE, 1, True)),
    "in the middle: it is finished": (["job.claimed"], {}, (State.DONE, 1, True)),
    "twice: it is given back": (["job.claimed", "service.draining"], {}, (State.QUEUED, 0, False)),
    "with no time to drain": (["job.claimed"], {"pool.drain_s": 0.0}, (State.QUEUED, 0, False)),
}


@pytest.mark.parametrize(("moments", "flags", "after"), ENDS.values(), ids=ENDS.keys())
def test_a_signal_ends_it_in_order(
    home: Path, moments: list[str], flags: dict[str, Any], after: tuple[State, int, bool]
) -> None:
    configuration = settings(home, **flags)
    (home / "in" / "a.mp4").write_bytes(cheap.mp4(b"a"))
    emit = Trigger(*moments)
    assert run(configuration, emit) == 0
    (job,) = jobs(home)
    found = published(os.fsencode(home / "out"), "a")
    assert (job.state, job.attempts, found is not None) == after
    assert len(emit.named("job.released")) == (0 if found else 1)


def test_the_next_start_finishes_what_was_given_back(home: Path) -> None:
    (home / "in").mkdir()
    (home / "in" / "a.mp4").write_bytes(cheap.mp4(b"a"))
    run(settings(home, **{"pool.drain_s": 0.0}), Trigger("job.claimed"))
    emit = Trigger("job.done")
    assert run(settings(home), emit) == 0
    assert [job.state for job in jobs(home)] == [State.DONE]
    assert not emit.named("job.recovered"), "it was given back, not found"


def test_a_video_that_ends_every_start_by_a_bug_is_set_apart(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given back and refunded, it would be the first one of each start to come."""
    (home / "in").mkdir()
    (home / "in" / "bad.mp4").write_bytes(cheap.mp4(b"bad"))

    def bug(*_: object, **__: object) -> Any:
        raise RecursionError

    with monkeypatch.context() as patched:
        patched.setattr("service.bookkeeping.fusion_request", bug)
        for _ in range(3):
            emit = Trigger()
            with pytest.raises(RecursionError):
                run(settings(home), emit)
            assert not emit.named("job.released")
    (home / "in" / "good.mp4").write_bytes(cheap.mp4(b"good"))
    run(settings(home), Trigger("job.done"))
    assert {job.path: (str(job.state), job.reason) for job in jobs(home)} == {
        b"bad.mp4": ("parked", "crash_suspect"),
        b"good.mp4": ("done", None),
    }


def test_without_an_inbox_there_is_nothing_to_do(home: Path) -> None:
    with pytest.raises(ConfigError, match="--inbox DIR"):
        run(settings(home, **{"intake.inboxes": []}), Recorder())


def test_a_second_one_on_the_same_state_is_refused(home: Path) -> None:
    configuration = settings(home)
    configuration.state.dir.mkdir()
    with state_lock(configuration.state.dir), pytest.raises(StateLocked) as refused:
        run(configuration, Recorder())
    assert refused.value.exit_code == 75
    assert not (home / "out").exists(), "it has touched nothing"


def test_the_driver_is_woken_only_when_the_ledger_has_changed() -> None:
    versions, wake = iter([1, 1, 2]), threading.Event()
    changed = preparation._on_change(SimpleNamespace(data_version=lambda: next(versions)), wake)
    woken = []
    for _ in range(3):
        wake.clear()
        changed()
        woken.append(wake.is_set())
    assert woken == [True, False, True]


@pytest.mark.parametrize(("quiet_local_s", "whole_s"), [(5.0, preparation.QUIET_WHOLE_S), (0.2, 0.2)])
def test_what_intake_is_told(home: Path, quiet_local_s: float, whole_s: float) -> None:
    flags = {"intake.quiet_local_s": quiet_local_s, "intake.foreign_quiet_s": 9.0, "intake.incomplete_give_up_h": 2.0}
    assert preparation._intake_settings(settings(home), b"/out").wait_for_holes
    told = preparation._intake_settings(settings(home, **flags, **{"intake.wait_for_holes": False}), b"/out")
    assert not told.wait_for_holes
    assert (told.quiet_whole_s, told.quiet_local_s) == (whole_s, quiet_local_s)
    assert told.incomplete_give_up_s == 7200.0
    assert b"/out" in told.excluded
    assert os.fsencode(home / "state") in told.excluded
    assert "mp4" in told.extensions
