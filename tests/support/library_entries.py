"""Entries of an index, made with few words."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from service.ledger.library.values import DocumentRow, Entry, Kind, Passage
from service.search.words import folded_words, name_key

if TYPE_CHECKING:
    from service.ledger.ledger import Ledger

OUTPUT = b"/out"
OTHER_OUTPUT = b"/elsewhere"


def said(text: str, start_s: float | None = 0.0, end_s: float | None = None, *, kind: Kind = Kind.SPEECH) -> Passage:
    return Passage(kind, text, " ".join(folded_words(text)), start_s, end_s)


def entry(document: str, *passages: Passage, tags: tuple[str, ...] = (), **values: Any) -> Entry:
    """What the index holds of a document that says this."""
    sha256 = hashlib.sha256(document.encode()).hexdigest()
    path = f"{document}.mp4"
    given: dict[str, Any] = {
        "video_id": sha256[:16],
        "sha256": sha256,
        "document": document,
        "run_id": "1.0",
        "file_mark": "1:1",
        "filename": path.rpartition("/")[2],
        "relative_path": path,
        "folder": path.rpartition("/")[0],
        "status": "complete",
        "duration_s": 10.0,
        "described_at": 100.0,
        "created_at": 100.0,
        "has_audio": True,
        "hashtags": tags,
    }
    row = DocumentRow(**given | values)
    author = " ".join(folded_words(row.author or ""))
    return Entry(row, passages, name_key(row.filename), author, tags)


def fill(ledger: Ledger, *entries: Entry, output_root: bytes = OUTPUT) -> None:
    """Let the index hold these."""
    ledger.library.put(output_root, entries)
