"""`/jobs`: pages of them, one of them, and trying again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from service.ledger.live import LiveText
from service.ledger.lock import state_lock
from service.ledger.values import ServiceStart
from service.live.note import JobProgress, LiveNote, StageProgress

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient


def test_pages_hold_every_job_once_those_changed_last_first(client: TestClient, shelf: Shelf) -> None:
    for number in range(7):
        shelf.done(f"{number}.mp4", str(number).encode())
        shelf.clock.advance(1)
    seen, cursor = [], None
    while True:
        page = client.get("/jobs", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [job["filename"] for job in page["jobs"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"{number}.mp4" for number in reversed(range(7))]


def test_by_state(client: TestClient, shelf: Shelf) -> None:
    shelf.done("a.mp4")
    shelf.settle(shelf.drop("b.mp4", b"b"))
    found = client.get("/jobs", params={"state": ["queued", "running"]}).json()["jobs"]
    assert [(job["filename"], job["state"]) for job in found] == [("b.mp4", "queued")]


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WzEsMl0", "WyJhIiwxXQ", "é", "[" * 2000])
def test_a_cursor_of_somebody_elses(client: TestClient, cursor: str) -> None:
    answer = client.get("/jobs", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:reelwatch:bad_cursor")


def test_one(client: TestClient, shelf: Shelf) -> None:
    job = shelf.done("tips/blåbær.mp4")
    found = client.get(f"/jobs/{job.job_id}").json()
    assert (found["filename"], found["state"], found["document"]) == ("blåbær.mp4", "done", "tips/blåbær")
    assert client.get("/jobs/999").json()["type"] == "urn:reelwatch:unknown_job"
    assert client.get("/jobs/x").status_code == 422


def test_retry(client: TestClient, shelf: Shelf) -> None:
    job = shelf.claimed("a.mp4")
    shelf.ledger.reject(job.job_id, reason="no_stream", detail="there is no picture and no sound in it")
    answer = client.post(f"/jobs/{job.job_id}/retry")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    again = client.post(f"/jobs/{job.job_id}/retry")
    assert (again.status_code, again.json()["type"]) == (409, "urn:reelwatch:nothing_to_retry")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("blåbær", ["Blåbær 1.mp4"]),
        ("MP4 tips", ["Blåbær 1.mp4"]),
        ("%", []),
        ("' OR 1=1", []),
        ("  ", ["b.mp4", "Blåbær 1.mp4"]),
    ],
)
def test_by_name(client: TestClient, shelf: Shelf, name: str, found: list[str]) -> None:
    shelf.done("tips/Blåbær 1.mp4")
    shelf.clock.advance(1)
    shelf.settle(shelf.drop("b.mp4", b"b"))
    assert [job["filename"] for job in client.get("/jobs", params={"name": name}).json()["jobs"]] == found


def test_pages_of_a_name(client: TestClient, shelf: Shelf) -> None:
    for number in range(5):
        shelf.done(f"{'x' if number % 2 else 'y'}{number}.mp4", str(number).encode())
        shelf.clock.advance(1)
    first = client.get("/jobs", params={"name": "y", "limit": 2}).json()
    rest = client.get("/jobs", params={"name": "y", "limit": 2, "cursor": first["next"]}).json()
    assert [job["filename"] for job in first["jobs"] + rest["jobs"]] == ["y4.mp4", "y2.mp4", "y0.mp4"]
    assert rest["next"] is None


def test_one_in_work_tells_its_stages(client: TestClient, shelf: Shelf) -> None:
    job = shelf.claimed("a.mp4")
    assert client.get(f"/jobs/{job.job_id}").json()["progress"] is None, "nobody has told yet"
    stages = (
        StageProgress(stage="asr", status="running", started_at=2.0),
        StageProgress(stage="ocr", status="pending"),
    )
    note = LiveNote(
        pid=os.getpid(), at=2.0, started_at=1.0, pool_up=True, jobs=(JobProgress(job=job.job_id, stages=stages),)
    )
    shelf.ledger.note_live(LiveText(note.pid, note.at, note.model_dump_json()))
    start = ServiceStart((os.fsencode(shelf.inbox),), ("mp4",), os.fsencode(shelf.output), "embedded", "k", os.getpid())
    shelf.ledger.note_start(start)
    with state_lock(shelf.home / "state"):
        told = client.get(f"/jobs/{job.job_id}").json()
    assert [(stage["stage"], stage["status"]) for stage in told["progress"]["stages"]] == [
        ("asr", "running"),
        ("ocr", "pending"),
    ]
    assert client.get(f"/jobs/{job.job_id}").json()["progress"] is None, "the service that told it has ended"


def test_why_one_waits(client: TestClient, shelf: Shelf) -> None:
    job = shelf.settle(shelf.drop("a.mp4"))
    told = client.get(f"/jobs/{job.job_id}").json()
    assert (told["why"], told["retriable"]) == ("Complete; the service is not running", False)
    assert "reelwatch run" in told["remedy"]
