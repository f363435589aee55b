"""The library's side towards pages that list documents: filtered, sorted, paged by cursor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Double, Integer, and_, func, or_, select

from service.ledger import cursor as cursors
from service.ledger.library.asking import MOST_ROWS, Listing, Sort
from service.ledger.library.conditions import on_documents, on_text
from service.ledger.library.tables import library, library_tags
from service.ledger.library.values import BadCursor, DocumentRow, Facet, Facets, Page
from service.ledger.library.word_index import word_index
from service.ledger.side import Side

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement, Connection

    from service.ledger.cursor import Key

ROW_COLUMNS = tuple(library.c[field.name] for field in fields(DocumentRow))
_COLUMNS: dict[Sort, Column[Any]] = {
    Sort.DESCRIBED: library.c.described_at,
    Sort.NAME: library.c.name_key,
    Sort.DURATION: library.c.duration_s,
    Sort.WORDS: library.c.word_count,
    Sort.SHOTS: library.c.shot_count,
    Sort.VIEWS: library.c.views,
    Sort.POSTED: library.c.posted_at,
}
_FACETS_AT_MOST = 100
_GROUPED = (library.c.status, library.c.language, library.c.folder)
_GROUPS = select(*_GROUPED, func.count(), func.sum(library.c.duration_s)).group_by(*_GROUPED)
"""One pass over the documents counts for three lists: a pass costs more than what is grouped in it."""


@dataclass(frozen=True)
class ListingSide(Side):
    """Questions about the documents of this output; none changes anything, and none waits for a writer."""

    def page(self, listing: Listing, *, cursor: str | None = None) -> Page | BadCursor:
        """Return a page of documents; `BadCursor` for a cursor that another order, or nobody, has given.

        Pages stand still: what is added or removed meanwhile neither repeats nor hides a row that was there throughout.
        Raises `ValueError` for a limit that is not within 1 and `MOST_ROWS`.
        """
        if not 1 <= listing.limit <= MOST_ROWS:
            raise ValueError(f"a page has 1 to {MOST_ROWS} rows, not {listing.limit}")
        after = None if cursor is None else _decoded(cursor, listing)
        if cursor is not None and after is None:
            return BadCursor()
        where = on_documents(listing.filters, output_root=self._output_root)
        with self.database.read() as connection:
            if listing.text is not None:
                where += on_documents(listing.text.filters, output_root=self._output_root)
                where += on_text(listing.text, word_index(connection))
            total = connection.scalar(select(func.count()).select_from(library).where(*where)) or 0
            found = _rows(connection, where, listing, after)
        return _paged(found, total, listing)

    def document(self, video_id: str) -> DocumentRow | None:
        """Return the document of a video; of several copies the one indexed first. None when there is none."""
        here = (library.c.video_id == video_id, library.c.output_root == self._output_root)
        with self.database.read() as connection:
            row = connection.execute(select(*ROW_COLUMNS).where(*here).order_by(library.c.document_id).limit(1)).first()
        return None if row is None else DocumentRow(*row)

    def facets(self) -> Facets:
        """Return what the documents can be filtered by."""
        here = library.c.output_root == self._output_root
        with self.database.read() as connection:
            groups = connection.execute(_GROUPS.where(here)).all()
            return Facets(
                documents=sum(number for *_, number, _ in groups),
                duration_s=sum(seconds for *_, seconds in groups),
                statuses=_summed((status, number) for status, _, _, number, _ in groups),
                languages=_summed((language, number) for _, language, _, number, _ in groups),
                folders=_summed((folder, number) for _, _, folder, number, _ in groups),
                authors=_counted(connection, library.c.author, [here, library.c.author.is_not(None)]),
                tags=_counted(connection, library_tags.c.tag, [library_tags.c.output_root == self._output_root]),
            )

    @property
    def _output_root(self) -> bytes:
        if self.output_root is None:
            raise ValueError("the ledger was opened without an output root, which the library needs")
        return self.output_root


def _rows(
    connection: Connection, where: list[ColumnElement[bool]], listing: Listing, after: tuple[Key, int] | None
) -> list[Any]:
    """Return one row more than the page has: first those that have a value to sort by, then those that have none."""
    column, limit = _COLUMNS[listing.sort], listing.limit + 1
    found: list[Any] = []
    if after is None or after[0] is not None:
        there = [*where, column.is_not(None)] + ([] if after is None else [_behind(column, after, listing)])
        found = _select(connection, there, listing, column, limit=limit)
    if len(found) < limit and column.nullable:
        number = after[1] if after is not None and after[0] is None else None
        absent = [*where, column.is_(None)] + ([] if number is None else [_beyond(number, listing)])
        found += _select(connection, absent, listing, None, limit=limit - len(found))
    return found


def _select(
    connection: Connection,
    where: list[ColumnElement[bool]],
    listing: Listing,
    column: Column[Any] | None,
    *,
    limit: int,
) -> list[Any]:
    keys = [library.c.document_id] if column is None else [column, library.c.document_id]
    order = [key.desc() if listing.descending else key.asc() for key in keys]
    query = select(*ROW_COLUMNS, library.c.document_id, _COLUMNS[listing.sort]).where(*where)
    return list(connection.execute(query.order_by(*order).limit(limit)))


def _behind(column: Column[Any], after: tuple[Key, int], listing: Listing) -> ColumnElement[bool]:
    value, number = after
    further = column < value if listing.descending else column > value
    return or_(further, and_(column == value, _beyond(number, listing)))


def _beyond(number: int, listing: Listing) -> ColumnElement[bool]:
    return library.c.document_id < number if listing.descending else library.c.document_id > number


def _paged(found: list[Any], total: int, listing: Listing) -> Page:
    rows = found[: listing.limit]
    following = None
    if len(found) > listing.limit:
        *_, number, value = rows[-1]
        following = cursors.encode(_about(listing), value, number)
    return Page(tuple(DocumentRow(*row[:-2]) for row in rows), total, following)


def _decoded(cursor: str, listing: Listing) -> tuple[Key, int] | None:
    keys = cursors.decode(cursor, _about(listing), (*_kinds(_COLUMNS[listing.sort]), type(None)), (cursors.INT4,))
    if keys is None or not isinstance(keys[1], int):
        return None
    return keys[0], keys[1]


def _kinds(column: Column[Any]) -> tuple[cursors.Kind, ...]:
    if isinstance(column.type, Integer):
        return (cursors.INT8 if isinstance(column.type, BigInteger) else cursors.INT4,)
    return (float, cursors.INT8) if isinstance(column.type, Double) else (str,)


def _about(listing: Listing) -> str:
    return f"{listing.sort.value}{'-' if listing.descending else '+'}"


def _summed(counts: Iterable[tuple[str | None, int]]) -> tuple[Facet, ...]:
    sums: Counter[str | None] = Counter()
    for value, number in counts:
        sums[value] += number
    order = sorted(sums.items(), key=lambda item: (-item[1], item[0] or ""))
    return tuple(Facet(value, number) for value, number in order[:_FACETS_AT_MOST])


def _counted(connection: Connection, column: ColumnElement[Any], where: list[ColumnElement[bool]]) -> tuple[Facet, ...]:
    number = func.count()
    query = select(column, number).where(*where).group_by(column).order_by(number.desc(), column).limit(_FACETS_AT_MOST)
    return tuple(Facet(value, count) for value, count in connection.execute(query))
