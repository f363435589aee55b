"""The live note as values: written by the service, read by other processes; of it, `at` says when it was true.

Pydantic, because one version's note may be read by another's reader: unknown fields are ignored, missing ones are
filled. Times are Unix times, `*_s` seconds, `*_bytes` bytes. What is not known is None.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PENDING, RUNNING = "pending", "running"
"""A stage that has not begun, and one that is under way; one that has ended has a status of `StageStatus`."""


class _Note(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class StageProgress(_Note):
    """One stage of one video."""

    stage: str = Field(examples=["asr"])
    status: str = Field(examples=["done"], description="pending, running, or how it ended: as in the document")
    backend: str | None = Field(default=None, examples=["asr.pocketsphinx"])
    seconds: float | None = Field(
        default=None, examples=[3.2], description="what it took; a kept result took that long once"
    )
    started_at: float | None = Field(default=None, examples=[1764151203.1], description="while it is under way")
    reason: str | None = Field(default=None, examples=[None], description="why there is no result")

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be expected of it."""
        return self.status not in {PENDING, RUNNING}


class JobProgress(_Note):
    """One video in work: every stage it goes through, in order; `disabled` ones are left out."""

    job: int = Field(examples=[7])
    stages: tuple[StageProgress, ...]

    @property
    def ended(self) -> int:
        """How many stages have ended."""
        return sum(stage.ended for stage in self.stages)


class StageSetting(_Note):
    """One stage as it runs in this service. available: the service has a backend for it, and it works."""

    stage: str = Field(examples=["ocr"])
    available: bool = Field(examples=[True])
    status: str = Field(examples=["done"], description="done, or why it does not run: disabled, unavailable")
    backend: str | None = Field(default=None, examples=["ocr.rapidocr"])
    model: str | None = Field(default=None, examples=["PP-OCRv6"])
    reason: str | None = Field(default=None, examples=[None])


class ActorNote(_Note):
    """One process of models. state: absent (started when there is work), starting, ready, broken."""

    name: str = Field(examples=["speech"])
    state: str = Field(examples=["ready"])
    stages: tuple[str, ...] = Field(examples=[["vad", "asr"]])
    backends: tuple[str, ...] = Field(default=(), examples=[["vad.silero", "asr.pocketsphinx"]])
    models: tuple[str, ...] = Field(default=(), examples=[["silero_vad 6", "en-us"]])
    pid: int | None = Field(default=None, examples=[4720])
    memory_bytes: int | None = Field(default=None, examples=[412_090_368])
    starts: int = Field(default=0, examples=[1], description="since the service started")
    deaths: int = Field(default=0, examples=[0], description="how often it ended by itself")
    doing: str | None = Field(default=None, examples=["asr"], description="the stage under way; null when it waits")
    reason: str | None = Field(default=None, examples=[None], description="why it does not work")


class InboxNote(_Note):
    """One watched folder. path: for people."""

    path: str = Field(examples=["/srv/videos/inbox"])
    lost: str | None = Field(default=None, examples=[None], description="why it cannot be used")
    watched: bool = Field(examples=[True], description="the kernel tells of changes; else only scans find them")
    sweep_s: float | None = Field(default=None, examples=[0.012], description="what the last full reading took")


class Vitals(_Note):
    """The figures of the heartbeat that change slowly. at: when they were taken."""

    at: float = Field(examples=[1764151200.0])
    memory_bytes: dict[str, int] = Field(
        default_factory=dict,
        examples=[{"service": 88_000_000, "speech": 412_090_368}],
        description="resident, by process: `service`, actors, `other`",
    )
    free_bytes: dict[str, int] = Field(default_factory=dict, examples=[{"output": 10**11, "state": 10**11}])
    low_water_bytes: int | None = Field(default=None, examples=[536_870_912], description="below it work pauses")
    inboxes: tuple[InboxNote, ...] = ()


class LiveNote(_Note):
    """What the service is doing."""

    pid: int = Field(examples=[4711])
    at: float = Field(examples=[1764151205.0])
    started_at: float = Field(examples=[1764151200.0])
    pool_up: bool = Field(examples=[True], description="the processes of models are up or coming up")
    jobs: tuple[JobProgress, ...] = ()
    actors: tuple[ActorNote, ...] = ()
    stages: tuple[StageSetting, ...] = ()
    vitals: Vitals | None = None


def parsed(text: str) -> LiveNote | None:
    """Read a note; None for one that another version wrote in a way this one does not understand."""
    try:
        return LiveNote.model_validate_json(text)
    except ValidationError:
        return None


def changes(note: LiveNote) -> tuple[Any, ...]:
    """Return what makes a note worth writing anew at once: everything but times and figures."""
    jobs = tuple((job.job, tuple(stage.status for stage in job.stages)) for job in note.jobs)
    actors = tuple((actor.name, actor.state, actor.doing, actor.pid) for actor in note.actors)
    return jobs, actors, note.stages
