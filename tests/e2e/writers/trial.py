"""All writers at work at once in one inbox of the real service, and what became of each."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from processes import WITHOUT_MODELS, Home, Service, until
from writers.catalogue import SERVERS
from writers.scene import Ledger, Scene, Writer
from writers.servers import Servers
from writers.videos import Videos

from service.configuration import load
from service.ledger.values import Job

_WITHIN_S = 180.0


def settings() -> dict[str, str]:
    """Decoding and fusion only; intake as it is by default, against the haste of other tests."""
    intake = load({}).configuration.intake
    windows = ("quiet_local_s", "quiet_network_s", "foreign_quiet_s", "sweep_s")
    as_shipped = {f"REELWATCH_INTAKE__{name.upper()}": str(getattr(intake, name)) for name in windows}
    return WITHOUT_MODELS | as_shipped


@dataclass(frozen=True)
class Outcome:
    """What the ledger and the log say of one writer's video. Times are wall-clock seconds.

    changed_at: when anything last changed about the file; the kernel's word (ctime), or the writer's own.
    """

    scene: Scene
    jobs: tuple[Job, ...]
    changed_at: float
    document_sha256: str

    @property
    def job(self) -> Job:
        return self.jobs[-1]

    @property
    def queued_after_s(self) -> float:
        assert self.job.queued_at is not None
        return self.job.queued_at - self.changed_at

    @property
    def claimed_after_s(self) -> float:
        assert self.job.claimed_at is not None
        return self.job.claimed_at - self.changed_at


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
    """A context in which the chosen writers write."""

    def __init__(self, folder: Path, writers: Iterable[Writer]) -> None:
        self._folder = folder
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
        for work in self.at_work.values():
            work.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.close()

    def _scene(self, writer: Writer, source: Path, service: Service) -> Scene:
        folder = self._servers.mounted_inbox if writer.mount else _made(self.home.inbox / writer.slug)
        target = folder / f"{writer.slug}{writer.suffix}"
        away = _made(self._folder / "away" / writer.slug)
        return Scene(writer, source, folder, away, target, self.ledger, service, self._servers)

    def outcome(self, writer: Writer) -> Outcome:
        """Wait for a writer, and for what the service makes of its video."""
        work = self.at_work[writer.name]
        work.join(timeout=_WITHIN_S)
        assert not work.is_alive(), f"{writer.name} has not ended"
        if work.error is not None:
            raise work.error
        scene = work.scene

        def ended() -> bool:
            jobs = self.ledger.jobs(scene.target)
            return bool(jobs) and jobs[-1].state not in {"waiting", "incomplete", "queued", "running"}

        until(ended, f"{scene.target.name} is taken, but {self.ledger.jobs(scene.target)}", within_s=_WITHIN_S)
        jobs = tuple(self.ledger.jobs(scene.target))
        document = self.home.document(jobs[-1].document)
        sha256 = document.source.sha256 if document is not None else ""
        return Outcome(scene, jobs, scene.ended_at or scene.target.stat().st_ctime, sha256)

    def told(self, scene: Scene) -> dict[str, list[str]]:
        """What the log told of every file in a writer's folder: its events, by path."""
        found: dict[str, list[str]] = {}
        for event in list(self.service.events):
            path = f"{event.get('root', self.home.inbox)}/{event.get('path', '')}"
            if path.startswith(f"{scene.folder}/"):
                found.setdefault(path, []).append(event["event"])
        return found


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
