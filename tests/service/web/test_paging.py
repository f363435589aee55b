"""Pages by cursor, walked from the first to the last: each row is on one of them, once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from indexed import put_many

from service.intake.ports import Generation, Settled

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient

FEW = 40
MANY = pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])


def queue_many(shelf: Shelf, number: int) -> None:
    """Have jobs that changed at one moment: nothing but their numbers tells them apart."""
    root = os.fsencode(shelf.inbox)
    shelf.ledger.intake.enqueue(
        [Settled(root, b"%d.mp4" % n, Generation(1, n + 1, 1, 1, f"{n:064x}")) for n in range(number)]
    )


@pytest.mark.parametrize("rows", [FEW, MANY])
@pytest.mark.parametrize(
    ("address", "fill", "name"),
    [("/jobs", queue_many, "job"), ("/documents", put_many, "video_id")],
    ids=["jobs", "documents"],
)
def test_as_many_pages_as_rows(
    client: TestClient, shelf: Shelf, rows: int, address: str, fill: Callable[[Shelf, int], None], name: str
) -> None:
    fill(shelf, rows)
    asked: dict[str, str | int] = {"limit": 1} | ({"state": "queued"} if address == "/jobs" else {})
    seen: list[object] = []
    for _ in range(rows):
        page = client.get(address, params=asked).json()
        seen += [row[name] for row in page[address[1:]]]
        asked |= {"cursor": page["next"]}
    assert page["next"] is None
    assert len(seen) == len(set(seen)) == rows
