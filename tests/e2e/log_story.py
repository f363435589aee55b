"""A day in the life of a service, so that its log says all it can say: what is done to it, step by step.

Each step waits for the line that it is about, so that lines come in an order that the machine's load cannot change.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cheap_hosts import mp4
from processes import MODELS, Home, Service, obey_permissions

SCRIPT = Path(__file__).with_name("log_service.py")
SETTINGS = {
    **{f"REELWATCH_STAGES__{stage}__BACKENDS": "[]" for stage in MODELS if stage not in {"OCR", "AUDIO"}},
    "REELWATCH_RETRY__BACKOFF_S": "[0.1]",
    "REELWATCH_STAGES__DECODE__DEADLINE_BASE_S": "1.0",
    "REELWATCH_STAGES__DECODE__DEADLINE_PER_MEDIA_S": "0.0",
    "REELWATCH_POOL__IDLE_STOP_S": "1.0",
    "REELWATCH_METRICS__LISTEN": '"127.0.0.1:0"',
    "REELWATCH_CONFIG": "settings.toml",
}


@dataclass
class Story:
    """The folders, and every line that was logged, life after life."""

    home: Home
    lines: list[dict[str, Any]]

    @property
    def other(self) -> Path:
        return self.home.path / "other"

    @contextmanager
    def life(self) -> Iterator[Service]:
        """One start of the service; its lines are kept."""
        environ = self.home.environ | {"REELWATCH_INTAKE__INBOXES": json.dumps([str(self.home.inbox), str(self.other)])}
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT)],
            env=environ,
            cwd=self.home.path,
            stderr=subprocess.PIPE,
            preexec_fn=obey_permissions,  # noqa: PLW1509 - it calls prctl(2) and nothing else
        )
        service = Service(process)
        try:
            yield service.ready()
        finally:
            service.kill()
            self.lines += service.events

    def put(self, name: str, content: bytes | None = None) -> Path:
        """Let a video appear whole, as a rename does."""
        away = self.home.path / "away.tmp"
        away.write_bytes(mp4(name.encode()) if content is None else content)
        target = self.home.inbox / name
        target.parent.mkdir(exist_ok=True)
        return away.rename(target)


def told(home: Path) -> Story:
    """Live the story; return every line."""
    story = Story(Home(home, SETTINGS), [])
    story.other.mkdir()
    (home / "settings.toml").touch()
    with story.life() as service:
        for step in STEPS:
            step(story, service)
        story.put("stuck.mp4")
        service.until_event("job.claimed", "stuck.mp4")
    (story.home.inbox / "stuck.mp4").unlink()
    with story.life() as service:
        service.until_event("job.recovered", "stuck.mp4")
        service.until_event("file.gone", "stuck.mp4")
        service.terminate()
    damage(story)
    with story.life() as service:
        service.until_event("ledger.rebuilt")
        service.terminate()
    return story


def described(story: Story, service: Service) -> None:
    story.put("good.mp4")
    service.until_event("job.done", "good.mp4")
    service.until_event("heartbeat")


def doubled(story: Story, service: Service) -> None:
    story.put("twin.mp4", mp4(b"good.mp4"))
    service.until_event("file.duplicate", "twin.mp4")


def described_later(story: Story, service: Service) -> None:
    service.until_event("job.done", "good.mp4", count=2)  # for the second place where its content is
    (story.home.inbox / "good.txt").write_text("Late words", encoding="utf-8")
    service.until_event("job.done", "good.mp4", count=3)


def renamed(story: Story, service: Service) -> None:
    (story.home.inbox / "good.mp4").rename(story.home.inbox / "better.mp4")
    service.until_event("file.moved", "good.mp4")


def not_taken(story: Story, service: Service) -> None:
    story.put("letter.mp4", b"Dear all, this is no video.\n" * 9)
    cut = story.put("cut.mp4", mp4(b"cut")[:60])
    away = story.home.path / "secret.tmp"
    away.write_bytes(mp4(b"secret"))
    away.chmod(0)
    away.rename(story.home.inbox / "secret.mp4")
    private = story.home.path / "private"
    private.mkdir(mode=0)
    private.rename(story.home.inbox / "private")
    service.until_event("file.incomplete", "cut.mp4")
    cut.unlink()
    held = story.put("held.mp4")
    # Opened at once after it appeared: long before it has been quiet for long enough to be taken.
    with held.open("ab"):
        service.until_event("file.waiting", "held.mp4")
    for event, path in NOT_TAKEN.items():
        service.until_event(event, path)


NOT_TAKEN = {
    "file.rejected": "letter.mp4",
    "file.blocked": "secret.mp4",
    "scan.failed": "private",
    "file.gone": "cut.mp4",
    "job.done": "held.mp4",
}


def failed(story: Story, service: Service) -> None:
    for name, end in ENDS.items():
        story.put(name)
        service.until_event(end, name)


ENDS = {
    "passing.mp4": "job.failed",
    "undecodable.mp4": "job.rejected",
    "crashing.mp4": "job.parked",
    "hanging.mp4": "job.done",
    "partial.mp4": "job.done",
    "overwritten.mp4": "job.done",
}


def paused_lost_and_not_watched(story: Story, service: Service) -> None:
    """What needs no work goes on while work is paused."""
    service.until_event("pool.stopped")
    story.home.output.chmod(0o555)
    story.put("late.mp4")
    service.until_event("work.paused")
    moved = story.other.rename(story.other.with_name("elsewhere"))
    story.put("overflow.mp4")
    service.until_event("file.settled", "overflow.mp4")
    (story.home.inbox / "unheard").mkdir()
    story.put("unheard/of.mp4")
    service.until_event("root.lost")
    moved.rename(story.other)
    for event in ("watch.overflow", "root.back", "watch.degraded", "watch.rebuilt"):
        service.until_event(event)
    story.home.output.chmod(0o755)
    for name in ("late.mp4", "overflow.mp4", "unheard/of.mp4"):
        service.until_event("job.done", name)


def reloaded(story: Story, service: Service) -> None:
    """SIGHUP with settings that are right, and with a file that cannot be read."""
    file = story.home.path / "settings.toml"
    for text, event in (("[log]\nheartbeat_s = 30.0\n", "service.reloaded"), ("[log\n", "service.reload_failed")):
        file.write_text(text, encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        service.until_event(event)
    file.write_text("", encoding="utf-8")


STEPS: tuple[Callable[[Story, Service], None], ...] = (
    described,
    doubled,
    described_later,
    renamed,
    reloaded,
    not_taken,
    failed,
    paused_lost_and_not_watched,
)


def damage(story: Story) -> None:
    """Spoil the ledger's file where nobody can use it any more."""
    with closing(os.fdopen(os.open(story.home.path / "state" / "ledger.sqlite3", os.O_WRONLY), "wb")) as file:
        file.write(b"\xff" * 4096)


# What is different in every run, or on every machine.
MEASURED = frozenset(
    {
        *("time", "pid", "job", "seconds", "queued_s", "uptime_s", "free_mib", "address", "count", "version"),
        *("sha256", "video_id", "niceness", "io_class", "cores"),
    }
)


def normalised(line: dict[str, Any], home: Path) -> str:
    """Return a line as JSON, with a word in place of what is different in every run; all of a heartbeat is."""
    kept: dict[str, Any] = {}
    for name, value in line.items():
        measured = name in MEASURED or (line["event"] == "heartbeat" and name not in {"level", "event"})
        kept[name] = f"<{name}>" if measured else _without_places(value, home)
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _without_places(value: Any, home: Path) -> Any:
    if isinstance(value, list):
        return [_without_places(item, home) for item in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"(ledger\.corrupt-)\S+", r"\1<when>", value.replace(str(home), "/home"))
