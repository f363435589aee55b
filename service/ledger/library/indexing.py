"""The library's side towards whoever indexes: what is to be looked at, what a document says, what is gone."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, exists, select, type_coerce, update

from service.ledger.afterwork_values import DOCUMENT
from service.ledger.library.numbers import keys_of, passage_number
from service.ledger.library.tables import index_due, library, library_tags, passages
from service.ledger.library.values import DocumentRow, Due, Entry, Indexed, Passage
from service.ledger.library.word_index import word_index
from service.ledger.side import Side
from service.ledger.states import State
from service.ledger.tables import jobs

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ROW_FIELDS = tuple(field.name for field in fields(DocumentRow))
_INDEXED = select(*(library.c[field.name] for field in fields(Indexed)))
_NOTES = select(index_due.c.due_id, index_due.c.output_root, index_due.c.document).order_by(index_due.c.due_id.desc())
_CHUNK = 500
_HAS_DOCUMENT = (
    jobs.c.document.is_not(None),
    jobs.c.output_root.is_not(None),
    jobs.c.state != State.SUPERSEDED,
    type_coerce(jobs.c.purged, Text).not_like(f'%"{DOCUMENT}"%'),
)


@dataclass(frozen=True)
class IndexingSide(Side):
    """Changes of the index; each document's are one transaction, with the notes that asked for it."""

    def due(self, *, limit: int) -> list[Due]:
        """Return documents that are to be looked at, those noted last first: who has just dropped a video waits.

        Reads from the end of the notes as far as it has to, however many there are.
        """
        found: dict[tuple[bytes, str], Due] = {}
        notes = _NOTES
        with self.database.read() as connection:
            while len(found) < limit and (some := connection.execute(notes.limit(_CHUNK)).all()):
                for number, root, document in some:
                    found.setdefault((root, document), Due(number, root, document))
                notes = _NOTES.where(index_due.c.due_id < some[-1].due_id)
        return list(found.values())[:limit]

    def note_due(self, documents: Iterable[tuple[bytes, str]]) -> None:
        """Have documents, by output and name, looked at."""
        values = [{"output_root": root, "document": document} for root, document in documents]
        if values:
            with self.database.write() as connection:
                connection.execute(index_due.insert(), values)

    def note_missing(self) -> int:
        """Have every document looked at that a job has and the index has not; return how many."""
        mine = (library.c.output_root == jobs.c.output_root, library.c.document == jobs.c.document)
        noted = (index_due.c.output_root == jobs.c.output_root, index_due.c.document == jobs.c.document)
        missing = select(jobs.c.output_root, jobs.c.document).distinct()
        missing = missing.where(*_HAS_DOCUMENT, ~exists().where(*mine), ~exists().where(*noted))
        with self.database.read() as connection:
            found = [(root, document) for root, document in connection.execute(missing)]
        self.note_due(found)
        return len(found)

    def indexed(self, output_root: bytes, document: str) -> Indexed | None:
        """Return what was indexed of a document, None when nothing was."""
        with self.database.read() as connection:
            row = connection.execute(_INDEXED.where(*_is(output_root, document))).one_or_none()
        return None if row is None else Indexed(*row)

    def indexed_after(self, document_id: int, *, limit: int) -> list[Indexed]:
        """Return what was indexed of the documents, of all outputs, with numbers above this one."""
        later = _INDEXED.where(library.c.document_id > document_id).order_by(library.c.document_id).limit(limit)
        with self.database.read() as connection:
            return [Indexed(*row) for row in connection.execute(later)]

    def described_at(self, output_root: bytes, documents: Collection[str]) -> dict[str, tuple[str, float | None]]:
        """Return of each document that a job has: the job's `run_id`, and when what it says was found out."""
        found = select(jobs.c.document, jobs.c.job_id, jobs.c.run, jobs.c.described_at)
        found = found.where(jobs.c.output_root == output_root, *_HAS_DOCUMENT).order_by(jobs.c.job_id)
        wanted, known = list(documents), dict[str, tuple[str, float | None]]()
        with self.database.read() as connection:
            for start in range(0, len(wanted), _CHUNK):
                rows = connection.execute(found.where(jobs.c.document.in_(wanted[start : start + _CHUNK])))
                known |= {name: (f"{job_id}.{run}", at) for name, job_id, run, at in rows}
        return known

    def put(self, output_root: bytes, entries: Sequence[Entry], *, upto: int | None = None) -> None:
        """Let the index hold this of these documents, instead of what it held; one transaction.

        upto: the number of the newest note that this answers; None answers none.
        """
        with self.database.write() as connection:
            for entry in entries:
                _put(connection, output_root, entry)
                _answer(connection, output_root, entry.row.document, upto=upto)

    def drop(self, output_root: bytes, document: str, *, upto: int | None = None) -> bool:
        """Let the index hold nothing of a document; return whether it held something. upto: as in `put`."""
        with self.database.write() as connection:
            number = _number(connection, output_root, document)
            if number is not None:
                _clear(connection, number)
                connection.execute(library.delete().where(library.c.document_id == number))
            _answer(connection, output_root, document, upto=upto)
        return number is not None

    def leave(self, due: Due) -> None:
        """Note that a document was looked at and is what was indexed."""
        with self.database.write() as connection:
            _answer(connection, due.output_root, due.document, upto=due.number)

    def tidy(self, *, begin: bool) -> bool:
        """Have a little more of what was dropped vanish from the index of words; say whether more is to be done."""
        with self.database.write() as connection:
            return word_index(connection).tidy(connection, begin=begin)

    def scrub(self) -> None:
        """Have nothing of what was dropped remain in the log (`RetentionSide.scrub`)."""
        self.database.scrub([library, library_tags, passages])


def _is(output_root: bytes, document: str) -> tuple[Any, Any]:
    return library.c.output_root == output_root, library.c.document == document


def _number(connection: Connection, output_root: bytes, document: str) -> int | None:
    found: int | None = connection.scalar(select(library.c.document_id).where(*_is(output_root, document)))
    return found


def _put(connection: Connection, output_root: bytes, entry: Entry) -> None:
    values = {name: getattr(entry.row, name) for name in _ROW_FIELDS}
    values |= {"name_key": entry.name_key, "author_words": entry.author_words}
    number = _number(connection, output_root, entry.row.document)
    if number is None:
        added = connection.execute(library.insert().values(output_root=output_root, **values))
        number = added.inserted_primary_key[0] if added.inserted_primary_key is not None else None
        assert number is not None, "the database numbers the row"  # noqa: S101 - for the type checker
    else:
        _clear(connection, number)
        connection.execute(update(library).where(library.c.document_id == number).values(values))
    rows = list(_passage_rows(number, entry.passages))
    if rows:
        connection.execute(passages.insert(), rows)
    if entry.tag_keys:
        mine = {"output_root": output_root, "document_id": number}
        connection.execute(library_tags.insert(), [{**mine, "tag": tag} for tag in entry.tag_keys])


def _passage_rows(number: int, found: Iterable[Passage]) -> Iterator[dict[str, Any]]:
    for kind, alike in groupby(sorted(found, key=lambda passage: passage.kind), key=lambda passage: passage.kind):
        for place, passage in enumerate(alike):
            yield {
                "passage_id": passage_number(number, kind, place),
                "start_s": passage.start_s,
                "end_s": passage.end_s,
                "text": passage.text,
                "words": passage.words,
                "word_times": json.dumps(passage.word_times, separators=(",", ":")) if passage.word_times else "",
            }


def _clear(connection: Connection, number: int) -> None:
    first, end = keys_of(number)
    connection.execute(passages.delete().where(passages.c.passage_id >= first, passages.c.passage_id < end))
    connection.execute(library_tags.delete().where(library_tags.c.document_id == number))


def _answer(connection: Connection, output_root: bytes, document: str, *, upto: int | None) -> None:
    if upto is not None:
        mine = (index_due.c.output_root == output_root, index_due.c.document == document)
        connection.execute(index_due.delete().where(*mine, index_due.c.due_id <= upto))
