"""SIGHUP: what is read again, what is applied, and what a broken file does: nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import signals
from service.ledger.ledger import read_ledger
from service.reload import differing, is_live, with_live

sys.path[:0] = [str(Path(__file__).parent)]
from lives import Life, a_life, cheap  # noqa: E402 - the line above finds it


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with a_life(tmp_path) as one:
        yield one


def test_a_reload_applies_what_it_can_and_names_the_rest(life: Life) -> None:
    def act(life: Life) -> None:
        life.described("in", "a.mp4")
        life.inbox("more")
        text = life.named("in", "more").replace("low_water_mib = 0", "low_water_mib = 1")
        life.write(text + "\n[log]\nheartbeat_s = 5.0\n[media]\nkeyframe_quality = 70\n")
        life.hang_up()
        life.manager.until("READY=1", count=2)
        life.described("more", "b.mp4")
        life.write(life.named("more"))
        life.hang_up()
        life.manager.until("READY=1", count=3)
        life.described("more", "c.mp4")
        (life.home / "in" / "unwatched.mp4").write_bytes(cheap.mp4(b"unwatched"))
        life.described("more", "d.mp4")

    life.play(act)
    first, second = life.emit.named("service.reloaded")
    assert first["changed"] == "disk.low_water_mib, intake.inboxes, log.heartbeat_s"
    assert first["needs_restart"] == "media.keyframe_quality"
    assert second == {"changed": "disk.low_water_mib, intake.inboxes, log.heartbeat_s", "needs_restart": None}
    assert b"unwatched.mp4" not in [seen["path"] for seen in life.emit.named("file.seen")]
    assert len(life.emit.named("job.done")) == 4, "nothing is done twice"
    assert life.manager.states() == ["READY=1", *["RELOADING=1", "READY=1"] * 2, "STOPPING=1"]


BROKEN = {
    "no TOML": ("[intake", "is not valid TOML"),
    "a wrong value": ("[intake]\ninboxes = ['/in']\nsweep_s = -1", "intake.sweep_s = -1"),
    "an unknown key": ("[intake]\ninboxes = ['/in']\nsweeps = 1", "intake.sweeps"),
    "no folder": ("[intake]\ninboxes = []", "Name one."),
    "no such backend's stage": ("[intake]\ninboxes = ['/in']\n[stages.ocr]\nbackends = ['asr.x']", "no backend of the"),
}


@pytest.mark.fault("SIGHUP with a broken file")
def test_a_broken_file_changes_nothing(life: Life) -> None:
    def act(life: Life) -> None:
        for number, (text, _) in enumerate(BROKEN.values(), start=2):
            life.write(text)
            life.hang_up()
            life.manager.until("READY=1", count=number)
        life.described("in", "a.mp4")

    life.play(act)
    causes = [failed["cause"] for failed in life.emit.named("service.reload_failed")]
    assert len(causes) == len(BROKEN)
    for (_, told), cause in zip(BROKEN.values(), causes, strict=True):
        assert told in cause
        assert "reelwatch.toml" in cause or told == "Name one."
    assert not life.emit.named("service.reloaded")
    assert life.manager.states() == ["READY=1", *["RELOADING=1", "READY=1"] * len(BROKEN), "STOPPING=1"]


def test_done_videos_move_out_of_a_folder_that_was_added(life: Life) -> None:
    def act(life: Life) -> None:
        life.described("in", "a.mp4")
        life.inbox("more")
        moving = f'[done]\nafter_done = "move"\nmove_to = "{life.home / "archive"}"\n'
        life.write(life.named("in", "more") + moving)
        life.hang_up()
        life.manager.until("READY=1", count=2)
        life.described("more", "b.mp4")
        life.until((life.home / "archive" / "b.mp4").exists, "it is moved away")
        life.write(life.named("in", "more") + moving.replace("archive", "in/inside"))
        life.hang_up()
        life.manager.until("READY=1", count=3)

    life.play(act)
    (reloaded,) = life.emit.named("service.reloaded")
    assert reloaded["changed"] == "done.after_done, done.move_to, intake.inboxes"
    assert "move_to" in life.emit.named("service.reload_failed")[0]["cause"], "a place it cannot move to"


def test_commands_know_of_folders_that_were_added(life: Life) -> None:
    def act(life: Life) -> None:
        life.inbox("more")
        life.write(life.named("more"))
        life.hang_up()
        life.manager.until("READY=1", count=2)

    life.play(act)
    ledger = read_ledger(life.home / "state" / "ledger.sqlite3")
    start = ledger.service_start()
    ledger.close()
    assert start is not None
    assert start.inboxes == (os.fsencode(life.home / "more"),)


LIVE = {
    "intake.inboxes": True,
    "intake.extensions": True,
    "retry.backoff_s": True,
    "log.level": True,
    "log.format": False,
    "pool.drain_s": True,
    "pool.num_cpus": False,
    "stages.ocr.deadline_base_s": True,
    "stages.ocr.backends": False,
    "stages.ocr.options.language": False,
    "output.dir": False,
    "retention.keyframes_days": True,
    "done.after_done": True,
    "webhook.url": False,
    "privacy.redact": False,
    "profile": False,
}


@pytest.mark.parametrize(("name", "live"), LIVE.items(), ids=LIVE.keys())
def test_what_can_be_changed_while_it_runs(name: str, live: bool) -> None:  # noqa: FBT001 - a table
    assert is_live(tuple(name.split("."))) is live


def test_what_is_in_force_afterwards(life: Life) -> None:
    before = life.load()
    life.write(life.named("in") + "drain_s = 7.0\nobject_store_mib = 2048\n")
    after = life.load()
    assert set(differing(before, after)) == {("pool", "drain_s"), ("pool", "object_store_mib")}
    now = with_live(before, after)
    assert (now.pool.drain_s, now.pool.object_store_mib) == (7.0, before.pool.object_store_mib)
    assert now.output == before.output
    assert with_live(now, before) == before


@pytest.mark.parametrize("hung_up", [True, False], ids=["its terminal is gone", "somebody asks for a reload"])
def test_a_terminal_that_goes_away_ends_it(monkeypatch: pytest.MonkeyPatch, *, hung_up: bool) -> None:
    there = iter([True, not hung_up])
    monkeypatch.setattr(signals, "_has_terminal", lambda: next(there))
    stop = signals.StopSignals(threading.Event())
    stop.install()
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        assert stop.wait(5.0) is hung_up
    finally:
        stop.remove()
    assert (stop.count, stop.name, stop.reload) == ((1, "SIGHUP", False) if hung_up else (0, "", True))


def test_flags_keep_their_precedence(life: Life) -> None:
    """The real command: what was said on its command line stands, whatever the file says later."""
    life.inbox("flagged")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("REELWATCH_")}
    command = [sys.executable, "-m", "service.cli.main", "run", "--config", life.file, "--inbox", life.home / "flagged"]
    process = subprocess.Popen(
        [*command, "--state", life.home / "state", "--output", life.home / "out"],
        env=environ | {"REELWATCH_LOG__FORMAT": '"json"', "REELWATCH_POOL__KIND": '"local"'} | life.manager.environ(),
        stderr=subprocess.PIPE,
    )
    try:
        life.manager.until("READY=1")
        life.inbox("more")
        life.write(life.named("more") + "\n[retry]\nbackoff_s = [1.0]\n")
        process.send_signal(signal.SIGHUP)
        life.manager.until("READY=1", count=2)
    finally:
        process.terminate()
    _, said = process.communicate(timeout=30)
    (reloaded,) = [event for event in map(json.loads, said.splitlines()) if event["event"] == "service.reloaded"]
    assert reloaded["changed"] == "retry.backoff_s"
    assert process.returncode == 0
