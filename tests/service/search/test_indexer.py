"""The index is brought in step with what lies in the output."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from service.ledger.errors import LedgerBusy
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.library.asking import Listing
from service.ledger.library.indexing import IndexingSide
from service.ledger.library.values import Due, Page
from service.search.entry import entry_of
from service.search.indexer import Change, Indexer, Rebuilt

if TYPE_CHECKING:
    from actors.fusion.published import Published
    from service.ledger.library.values import Entry

GOLDEN = Path(__file__).resolve().parents[2] / "actors" / "fusion" / "golden" / "document.json"


@dataclass
class Place:
    """An output with documents that no job knows, and a ledger."""

    output: Path
    ledger: Ledger

    @property
    def root(self) -> bytes:
        return os.fsencode(self.output)

    def write(self, name: str, *, said: str = "") -> Path:
        path = self.output / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        document = json.loads(GOLDEN.read_text(encoding="utf-8"))
        document["source"]["caption"] = said or name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def listed(self) -> dict[str, str | None]:
        page = self.ledger.library.page(Listing())
        assert isinstance(page, Page)
        return {row.document: row.caption for row in page.rows}

    def look(self, name: str, *, root: bytes | None = None) -> Change:
        return Indexer(self.ledger).look(Due(0, root or self.root, name))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    output = tmp_path / "out"
    output.mkdir()
    made = Place(output, open_ledger(tmp_path / "l.sqlite3", output_root=os.fsencode(output)))
    yield made
    made.ledger.close()


def test_a_look_follows_what_lies_there(place: Place) -> None:
    path = place.write("tips/a", said="first")
    assert [place.look("tips/a"), place.look("tips/a")] == [Change.ADDED, Change.UNCHANGED]
    place.write("tips/a", said="second, longer")
    assert (place.look("tips/a"), place.listed()) == (Change.REPLACED, {"tips/a": "second, longer"})
    path.write_text("{}")
    assert (place.look("tips/a"), place.listed()) == (Change.DROPPED, {})
    path.unlink()
    assert place.look("tips/a") is Change.UNCHANGED


def test_an_output_that_is_not_there_is_not_taken_for_deleted(place: Place) -> None:
    place.write("a")
    place.look("a")
    place.output.rename(place.output.with_name("unmounted"))
    with pytest.raises(FileNotFoundError):
        place.look("a")
    assert place.listed() == {"a": "a"}


def test_of_an_output_that_is_used_no_more_and_gone_nothing_stays(place: Place, tmp_path: Path) -> None:
    old = os.fsencode(tmp_path / "old")
    shutil.copytree(place.output, tmp_path / "old")
    shutil.copy(place.write("a"), tmp_path / "old" / "a.json")
    assert place.look("a", root=old) is Change.ADDED
    shutil.rmtree(tmp_path / "old")
    assert place.look("a", root=old) is Change.DROPPED
    assert place.ledger.library.indexed(old, "a") is None


def test_a_comparison_notes_what_was_changed_or_deleted_by_hand(place: Place) -> None:
    for name in ("same", "changed", "deleted"):
        place.write(name)
        place.look(name)
    place.write("changed", said="something else")
    (place.output / "deleted.json").unlink()
    assert Indexer(place.ledger).compare(0) == (0, 2)
    assert {one.document for one in place.ledger.library.due(limit=9)} == {"changed", "deleted"}


def test_a_comparison_goes_piece_by_piece(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.search.indexer._LOOKED_AT", 2)
    for name in "abc":
        place.look(name) if place.write(name) else None
        place.write(name, said="something else")
    indexer = Indexer(place.ledger)
    after, noted = indexer.compare(0)
    assert (after > 0, noted) == (True, 2)
    assert indexer.compare(after) == (0, 1)


def test_a_rebuild_reads_everything_and_drops_what_is_gone(place: Place) -> None:
    for name in ("a", "tips/b", "tips/2026/c"):
        place.write(name)
    (place.output / "notes.json").write_text('{"no": "document"}')
    (place.output / ".reelwatch-x.json").write_text("{}")
    told: list[int] = []
    first = Indexer(place.ledger).rebuild(told.append)
    assert (first.documents, first.dropped, first.unreadable, told[-1]) == (3, 0, (), 3)
    assert first.passages > 3
    (place.output / "a.json").unlink()
    place.write("tips/b", said="new words")
    assert Indexer(place.ledger).rebuild() == Rebuilt(2, first.passages * 2 // 3, 1)
    assert place.listed() == {"tips/b": "new words", "tips/2026/c": "tips/2026/c"}


def test_what_cannot_be_read_is_counted_and_stays(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("a")
    place.write("b")
    Indexer(place.ledger).rebuild()

    def refuse(root: bytes, name: str) -> None:
        raise PermissionError(13, "refused", f"{root!r}/{name}")

    monkeypatch.setattr("service.search.indexer.published", refuse)
    rebuilt = Indexer(place.ledger).rebuild()
    assert (rebuilt.documents, rebuilt.unreadable, set(place.listed())) == (0, ("a", "b"), {"a", "b"})


@pytest.mark.parametrize("where", ["reading", "writing"])
def test_an_odd_document_keeps_no_other_out(place: Place, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    for name in ("a", "odd", "z"):
        place.write(name)

    def read(found: Published, **values: Any) -> Entry:
        if found.name != "odd":
            return entry_of(found, **values)
        if where == "reading":
            raise OverflowError("an odd document")
        entry = entry_of(found, **values)
        return replace(entry, row=replace(entry.row, views=2**63))

    monkeypatch.setattr("service.search.indexer.entry_of", read)
    rebuilt = Indexer(place.ledger).rebuild()
    assert (rebuilt.documents, rebuilt.unreadable, set(place.listed())) == (2, ("odd",), {"a", "z"})


def test_a_ledger_that_cannot_be_used_ends_a_rebuild(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_arguments: object, **_values: object) -> None:
        raise LedgerBusy("somebody writes")

    place.write("a")
    monkeypatch.setattr(IndexingSide, "put", busy)
    with pytest.raises(LedgerBusy):
        Indexer(place.ledger).rebuild()


def test_an_output_that_cannot_be_read_is_an_error(place: Place) -> None:
    place.output.rmdir()
    with pytest.raises(FileNotFoundError):
        Indexer(place.ledger).rebuild()
