"""`/status`: how the service is doing; and the counting of what was described when."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from service.ledger.live import LiveText
from service.ledger.lock import state_lock
from service.ledger.values import ServiceStart
from service.live.note import ActorNote, JobProgress, LiveNote, StageProgress, StageSetting, Vitals
from service.web.throughput import Span, counted, throughput

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient

NOTE = LiveNote(
    pid=os.getpid(),
    at=2.0,
    started_at=1.0,
    pool_up=True,
    jobs=(JobProgress(job=1, stages=(StageProgress(stage="asr", status="running"),)),),
    actors=(ActorNote(name="speech", state="ready", stages=("vad", "asr"), pid=7, memory_bytes=2**20, starts=2),),
    stages=(StageSetting(stage="asr", available=True, status="done", backend="asr.x", model="m"),),
    vitals=Vitals(at=2.0, memory_bytes={"service": 2**20}, free_bytes={"output": 2**30}, low_water_bytes=2**29),
)


def keep(shelf: Shelf, note: LiveNote = NOTE) -> None:
    inbox, output = os.fsencode(shelf.inbox), os.fsencode(shelf.output)
    shelf.ledger.note_start(ServiceStart((inbox,), ("mp4",), output, "embedded", "k", os.getpid()))
    shelf.ledger.note_live(LiveText(note.pid, note.at, note.model_dump_json(exclude_defaults=True)))


def test_of_a_service_that_runs(client: TestClient, shelf: Shelf) -> None:
    keep(shelf)
    shelf.settle(shelf.drop("a.mp4"))
    with state_lock(shelf.home / "state"):
        told = client.get("/status").json()
    assert (told["counts"], told["documents"], told["profile"]) == ({"queued": 1}, 0, "embedded")
    assert told["inboxes"] == [str(shelf.inbox)]
    service = told["service"]
    assert (service["ready"], service["current"], service["pool_up"]) == (True, True, True)
    assert service["actors"][0] | {"name": "speech", "memory_bytes": 2**20} == service["actors"][0]
    assert service["vitals"]["free_bytes"] == {"output": 2**30}
    assert told["progress"]["jobs"][0]["stages"][0]["status"] == "running"
    assert told["versions"]["python"].startswith("3.")


def test_of_one_that_has_ended_or_never_ran(client: TestClient, shelf: Shelf) -> None:
    nothing = client.get("/status").json()
    assert (nothing["service"]["note_at"], nothing["service"]["stages"]) == (None, [])
    keep(shelf)
    told = client.get("/status").json()
    assert (told["service"]["current"], told["service"]["pool_up"]) == (False, False)
    assert told["service"]["note_at"] == 2.0, "what it said last is still there to be read"
    assert told["progress"] == {"at": None, "jobs": []}, "but what it did then is not done now"


def test_a_note_of_another_process_is_not_the_running_one_s(client: TestClient, shelf: Shelf) -> None:
    keep(shelf, NOTE.model_copy(update={"pid": os.getpid() + 1}))
    with state_lock(shelf.home / "state"):
        assert client.get("/status").json()["service"]["current"] is False


def test_what_became_of_a_note_of_another_version(client: TestClient, shelf: Shelf) -> None:
    shelf.ledger.note_live(LiveText(os.getpid(), 1.0, '{"of": "another version"}'))
    assert client.get("/status").json()["service"]["note_at"] is None


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], (0, 0, 0)),
        ([100.0, 109.9, 110.0, 129.9], (2, 1, 1)),
        ([99.9, 130.0, 5000.0], (0, 0, 0)),
    ],
)
def test_counting_by_steps(times: list[float], expected: tuple[int, ...]) -> None:
    assert counted(times, 100.0, steps=3, step_s=10) == expected


@pytest.mark.parametrize(("span", "steps"), [(Span.HOUR, 60), (Span.DAY, 24), (Span.MONTH, 30)])
def test_throughput(shelf: Shelf, span: Span, steps: int) -> None:
    shelf.done("old.mp4", b"old")
    shelf.clock.advance(40 * 86_400)
    for number in range(3):
        shelf.done(f"{number}.mp4", str(number).encode())
    found = throughput(shelf.ledger, span, now=shelf.clock.wall())
    assert (len(found.counts), found.total, found.counts[-1]) == (steps, 3, 3)
    assert found.start <= shelf.clock.wall() - (steps - 1) * found.step_s


def test_an_unknown_span(client: TestClient, shelf: Shelf) -> None:
    del shelf
    assert client.get("/status", params={"span": "century"}).status_code == 422
