"""`/jobs`: pages of them, one of them, and trying again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
