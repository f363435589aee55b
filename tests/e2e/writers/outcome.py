"""What became of one writer's video, and what is wrong with it, if anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from writers.scene import Scene

from service.ledger.values import Job

TAKEN = ("file.settled", "job.claimed", "job.done")
ENDING = frozenset({"job.done", "job.failed", "job.rejected", "job.parked", "file.rejected"})
TELLING = ENDING | {*TAKEN, "job.superseded", "job.retry"}


@dataclass(frozen=True)
class Outcome:
    """What the ledger and the log say of one writer's video. Times are wall-clock seconds.

    changed_at: when anything last changed about the file; the kernel's word (ctime), or the writer's own.
    told: the events about work on any file in the writer's folder, by its absolute path.
    """

    scene: Scene
    jobs: tuple[Job, ...]
    changed_at: float
    document_sha256: str
    told: Mapping[str, list[str]]

    @property
    def job(self) -> Job:
        return self.jobs[-1]

    @property
    def queued_after_s(self) -> float:
        return (self.job.queued_at or 0.0) - self.changed_at

    @property
    def claimed_after_s(self) -> float:
        return (self.job.claimed_at or 0.0) - self.changed_at

    def troubles(self) -> list[str]:
        """Say what is not as it must be: taken once for each complete content, whole, and never too early."""
        scene, job = self.scene, self.job
        claimed = [one for one in self.jobs if one.claimed_at is not None]
        expected = {str(scene.target): [*TAKEN] * scene.writer.generations}
        found = {
            f"the job is {job.state}, after {job.attempts} attempts, run {job.run}": (
                (job.state, job.attempts, job.run) != ("done", 1, 0)
            ),
            f"other bytes were taken than the source has, {job.size} of them": not (
                self.document_sha256 == job.sha256 == scene.sha256
            ),
            f"it was taken {-self.queued_after_s:.3f} s before its writer had finished": self.queued_after_s < 0,
            f"{len(claimed)} contents were worked on": len(claimed) != 1,
            f"the log tells of {dict(self.told)}": self.told != expected,
            f"unfinished content was not refused: {scene.waited}": bool(scene.waited) != scene.writer.aborts,
        }
        return [what for what, wrong in found.items() if wrong]
