"""A library with documents in it: really described ones, or many that are only in the index."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shelf import Shelf

from actors.fusion.published import published
from service.search.entry import entry_of
from service.search.indexer import Indexer


def index(shelf: Shelf) -> None:
    Indexer(shelf.ledger).rebuild()


def put_many(shelf: Shelf, number: int, **changes: Any) -> None:
    """Have the index hold copies of one described video under names of their own."""
    job = shelf.described("first.mp4")
    found = published(job.output_root or b"", job.document or "")
    assert found is not None
    entry = entry_of(found, file_mark="0-0", described_at=0.0)
    entries = [
        replace(entry, row=replace(entry.row, **_named(place) | changes), name_key=f"{place:05d}.mp4")
        for place in range(number)
    ]
    shelf.ledger.library.put(job.output_root or b"", entries)


def _named(place: int) -> dict[str, Any]:
    return {
        "video_id": f"{place:016x}",
        "sha256": f"{place:064x}",
        "document": f"d{place}",
        "filename": f"{place:05d}.mp4",
        "described_at": 1_700_000_000.0 + place,
    }
