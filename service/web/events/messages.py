"""What the events say. Each is a state, not a step: whoever missed some is right again with the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from service.ledger.states import State
from service.live.note import ActorNote, JobProgress, StageSetting, Vitals
from service.web.api.entries import JobEntry
from service.web.api.request_entries import RequestEntry, request_entry

if TYPE_CHECKING:
    from service.ledger.request_values import Request
    from service.web.outlook import Outlook


class ServiceState(BaseModel):
    """Event `service`: whether a video dropped now is described, and what works on it.

    note_at: when the service last said what it is doing (Unix time). current: the one that runs has said it; otherwise
    actors, stages and vitals are those of one that has ended.
    """

    ready: bool = Field(examples=[True])
    reasons: list[str] = Field(examples=[[]], description="why it is not ready, a sentence each")
    pid: int | None = Field(examples=[4711])
    started_at: float | None = Field(examples=[1764151200.0])
    pool_up: bool = Field(examples=[True], description="the processes of models are up or coming up")
    current: bool = Field(examples=[True])
    note_at: float | None = Field(examples=[1764151205.0])
    actors: list[ActorNote]
    stages: list[StageSetting]
    vitals: Vitals | None


class Progress(BaseModel):
    """Event `progress`: every video in work with its stages. at: when that was so."""

    at: float | None = Field(examples=[1764151205.0])
    jobs: list[JobProgress]


class JobChanges(BaseModel):
    """Event `jobs`: how many videos are in which state, and those of which something has changed.

    reset: more may have changed than `changed` says (the first event, a long absence, a ledger begun anew, a great many
    changes): read `/jobs` again.
    """

    counts: dict[State, int] = Field(examples=[{"done": 120, "running": 2}])
    changed: list[JobEntry]
    reset: bool = Field(examples=[False])


class Requests(BaseModel):
    """Event `requests`: what was asked for and is on its way, or came to nothing in the last day; the newest 50.

    What is no longer among them is taken: its job is told of instead.
    """

    requests: list[RequestEntry]


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it is sent. id: where the stream stands with it, for `Last-Event-ID`."""

    kind: str
    data: str
    id: str

    def encoded(self) -> bytes:
        """Return the event in the form of the standard (html.spec.whatwg.org, 9.2.5); JSON has no line breaks."""
        return f"id: {self.id}\nevent: {self.kind}\ndata: {self.data}\n\n".encode()


def service_state(outlook: Outlook) -> ServiceState:
    """Return what a look says of the service."""
    found, note = outlook.liveness, outlook.note
    return ServiceState(
        ready=found.ready,
        reasons=list(found.reasons),
        pid=found.pid,
        started_at=None if found.start is None else found.start.started_at,
        pool_up=note is not None and outlook.current and note.pool_up,
        current=outlook.current,
        note_at=None if note is None else note.at,
        actors=[] if note is None else list(note.actors),
        stages=[] if note is None else list(note.stages),
        vitals=None if note is None else note.vitals,
    )


def progress(outlook: Outlook) -> Progress:
    """Return what a look says of the videos in work."""
    if outlook.note is None or not outlook.current:
        return Progress(at=None, jobs=[])
    return Progress(at=outlook.note.at, jobs=list(outlook.note.jobs))


def requests(found: list[Request]) -> Requests:
    """Return what a look says of what was asked for."""
    return Requests(requests=[request_entry(asked) for asked in found])
