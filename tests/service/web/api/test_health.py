"""`/health`: with a service, without one, without a ledger."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from service.ledger.lock import state_lock
from service.ledger.values import ServiceStart, WorkPause

if TYPE_CHECKING:
    from pathlib import Path

    from shelf import MakeClient, Shelf
    from starlette.testclient import TestClient


def start(shelf: Shelf) -> ServiceStart:
    return ServiceStart((os.fsencode(shelf.inbox),), ("mp4",), os.fsencode(shelf.output), "embedded", "k", os.getpid())


def test_ready_while_the_service_runs(client: TestClient, shelf: Shelf) -> None:
    shelf.ledger.note_start(start(shelf))
    with state_lock(shelf.home / "state"):
        assert client.get("/health").json() | {"version": "", "started_at": 0} == {
            "live": True,
            "ready": True,
            "reasons": [],
            "version": "",
            "service_pid": os.getpid(),
            "started_at": 0,
            "profile": "embedded",
        }
        assert client.get("/health/ready").status_code == 200
        shelf.ledger.note_pause(WorkPause("disk_full", os.fsencode(shelf.output), 512))
        paused = client.get("/health/ready")
        assert paused.status_code == 503
        assert "disk_full" in paused.json()["reasons"][0]


def test_not_ready_where_the_service_works_elsewhere(client: TestClient, shelf: Shelf) -> None:
    """With the ledger on a server, what a web face of another host receives would never be described."""
    shelf.ledger.note_start(replace(start(shelf), host="studio", state_id="f" * 32))
    with state_lock(shelf.home / "state"):
        answer = client.get("/health/ready").json()
        assert (answer["ready"], answer["service_pid"]) == (False, None)
        assert "works on studio in another state directory" in answer["reasons"][0]


def test_not_ready_without_one(client: TestClient, shelf: Shelf) -> None:
    shelf.ledger.note_start(start(shelf))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert "reelwatch run" in answer.json()["reasons"][0]
    assert client.get("/health").status_code == 200


def test_without_a_ledger_and_once_there_is_one(make_client: MakeClient, tmp_path: Path, empty_ledger: Path) -> None:
    client = make_client()
    assert "no ledger here yet" in client.get("/health").json()["reasons"][0]
    answer = client.get("/jobs")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:reelwatch:ledger_unavailable")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ledger.sqlite3").write_bytes(empty_ledger.read_bytes())
    assert client.get("/jobs").json() == {"jobs": [], "next": None}
