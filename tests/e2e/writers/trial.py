"""All writers at work at once in one inbox of the real service, and what became of each."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from processes import WITHOUT_MODELS, Home, Service, until
from writers.catalogue import SERVERS
from writers.outcome import ENDING, TELLING, Outcome
from writers.scene import Ledger, Scene, Writer
from writers.servers import Servers
from writers.videos import Videos

from service.configuration import load
from service.logs.vocabulary import EVENTS, LEVELS

ENDED = frozenset({"done", "duplicate", "rejected", "failed", "parked", "superseded", "gone"})
_WITHIN_S = 180.0


def settings() -> dict[str, str]:
    """Decoding and fusion only; intake as it is by default, against the haste of other tests."""
    intake = load({}).configuration.intake
    windows = ("quiet_local_s", "quiet_network_s", "foreign_quiet_s", "sweep_s")
    as_shipped = {f"REELWATCH_INTAKE__{name.upper()}": str(getattr(intake, name)) for name in windows}
    return WITHOUT_MODELS | as_shipped


class Work(threading.Thread):
    """One writer at work."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(name=scene.writer.name, daemon=True)
        self.scene = scene
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.scene.writer.write(self.scene)
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread; a test's failure is one
            self.error = error


class Trial:
    """A context in which the chosen writers write, all at once or each when it is asked for."""

    def __init__(self, folder: Path, writers: Iterable[Writer], *, at_once: bool = True) -> None:
        self._folder = folder
        self._at_once = at_once
        self.home = Home(folder / "home", settings())
        self.ledger = Ledger(self.home)
        self._servers = Servers(_made(folder / "servers"), served=folder)
        self._work = {writer.name: writer for writer in writers}
        self.at_work: dict[str, Work] = {}

    def __enter__(self) -> Self:
        videos = Videos(_made(self._folder / "videos"))
        writers = [writer for writer in self._work.values() if writer.missing() is None]
        sources = {writer.name: videos.make(writer.slug, writer.suffix) for writer in writers}
        try:
            for name in sorted({writer.server for writer in writers if writer.server is not None}):
                self._servers.start(name, SERVERS[name])
            if any(writer.mount for writer in writers):
                inboxes = [str(self.home.inbox), str(self._servers.mounted_inbox)]
                self.home.settings = self.home.settings | {"REELWATCH_INTAKE__INBOXES": json.dumps(inboxes)}
            self.service = self._servers.stack.enter_context(self.home.service()).ready()
        except BaseException:
            self._servers.close()
            raise
        for writer in writers:
            self.at_work[writer.name] = Work(self._scene(writer, sources[writer.name], self.service))
        for work in self.at_work.values() if self._at_once else ():
            work.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.close()
        for large in (self._folder / "videos", self._folder / "away", self.home.inbox):
            shutil.rmtree(large, ignore_errors=True)

    def _scene(self, writer: Writer, source: Path, service: Service) -> Scene:
        folder = self._servers.mounted_inbox if writer.mount else _made(self.home.inbox / writer.slug)
        target = folder / f"{writer.slug}{writer.suffix}"
        away = _made(self._folder / "away" / writer.slug)
        return Scene(writer, source, folder, away, target, self.ledger, service, self._servers)

    def outcome(self, writer: Writer) -> Outcome:
        """Wait for a writer, and for what the service makes of its video."""
        work = self.at_work[writer.name]
        if not self._at_once:
            work.start()
        work.join(timeout=_WITHIN_S)
        assert not work.is_alive(), f"{writer.name} has not ended"
        if work.error is not None:
            raise work.error
        scene = work.scene

        def ended() -> bool:
            job = scene.job()
            return job is not None and job.state in ENDED and (job.state != "done" or job.sha256 == scene.sha256)

        until(ended, f"{scene.target.name} is taken, but {scene.job()}", within_s=_WITHIN_S)
        jobs = tuple(self.ledger.jobs(scene.target))
        document = self.home.document(jobs[-1].document)
        sha256 = document.source.sha256 if document is not None else ""
        # The document is on disk a moment before the log says so.
        until(lambda: self._endings_told(scene) >= writer.generations, "the log tells of the end")
        return Outcome(scene, jobs, scene.ended_at or scene.target.stat().st_ctime, sha256, self.told(scene))

    def _endings_told(self, scene: Scene) -> int:
        return sum(event in ENDING for event in self.told(scene).get(str(scene.target), ()))

    def strange_events(self) -> list[dict[str, Any]]:
        """What the log tells, about whatever, that no writer here gives a reason for."""
        expected = {"file.incomplete", "file.never_settles", "watch.degraded"}
        levels = {name for name, event in EVENTS.items() if LEVELS[event.level] >= LEVELS["warning"]}
        return [event for event in list(self.service.events) if event["event"] in levels - expected]

    def told(self, scene: Scene) -> dict[str, list[str]]:
        """What the log told of work on the files in a writer's folder: its events, by path."""
        found: dict[str, list[str]] = {}
        for event in list(self.service.events):
            path = f"{event.get('root', self.home.inbox)}/{event.get('path', '')}"
            if path.startswith(f"{scene.folder}/") and event["event"] in TELLING:
                found.setdefault(path, []).append(event["event"])
        return found


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
