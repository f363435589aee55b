"""The library's side towards search: which passages a query finds, and what stands in them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, literal, select

from service.ledger.library import conditions
from service.ledger.library.asking import Filters, TextQuery
from service.ledger.library.listing import ROW_COLUMNS, ListingSide
from service.ledger.library.numbers import document_column, document_of, keys_of, kind_of, order_of
from service.ledger.library.tables import library, passages
from service.ledger.library.values import Candidate, DocumentRow, Found, FoundPassage, Passage
from service.ledger.library.word_index import word_index

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

    from service.ledger.library.word_index import WordIndex

RANKED_AT_MOST = 2_000
"""Of a word that occurs more often, the newest passages are ranked: nobody reads further, and it takes a while."""
_PASSAGE = (*(passages.c[name] for name in ("passage_id", "start_s", "end_s", "text", "words", "word_times")),)


@dataclass(frozen=True)
class SearchSide(ListingSide):
    """Questions about words; none changes anything, and none waits for a writer."""

    def find(self, query: TextQuery) -> Found:
        """Return the passages in which words of the query occur, in videos in which all of them do, the best first.

        A query without words finds every passage where and when it looks, those of the newest documents first.
        """
        with self.database.read() as connection:
            words = word_index(connection)
            found, key = self._ranked(query, words) if query.required else self._unranked(query, words)
            newest = found.order_by(key.desc()).limit(RANKED_AT_MOST + 1)
            rows = [Candidate(*row) for row in connection.execute(newest)]
            bounded = len(rows) > RANKED_AT_MOST
            if bounded:
                rows = _whole(rows) or _from_its_beginning(connection, found, key, rows[0])
        return Found(tuple(sorted(rows, key=order_of)), bounded)

    def passages(self, keys: Collection[int]) -> dict[int, FoundPassage]:
        """Return passages with their documents, by key; those that are gone meanwhile are left out."""
        home = document_column(passages.c.passage_id) == library.c.document_id
        query = select(*_PASSAGE, *ROW_COLUMNS).join(library, home).where(passages.c.passage_id.in_(list(keys)))
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return {row[0]: _found(row) for row in rows}

    def _ranked(self, query: TextQuery, words: WordIndex) -> tuple[Select[Any], ColumnElement[int]]:
        key, terms = words.key, [term for alternatives in query.required for term in alternatives]
        found = select(key, words.rank(terms), passages.c.start_s).select_from(words.source)
        found = words.with_passages(found).where(words.matches(terms), *conditions.on_passages(query, key))
        if conditions.is_timed(query):
            found = found.where(conditions.on_times(query, terms, words))
        return found.where(*self._within(query, key, words)), key

    def _unranked(self, query: TextQuery, words: WordIndex) -> tuple[Select[Any], ColumnElement[int]]:
        key = passages.c.passage_id
        where = (*conditions.on_passages(query, key), *conditions.on_starts(query))
        return select(key, literal(0.0), passages.c.start_s).where(*where, *self._within(query, key, words)), key

    def _within(self, query: TextQuery, key: ColumnElement[int], words: WordIndex) -> list[ColumnElement[bool]]:
        """Return the conditions on the document in which a passage stands."""
        place = document_column(key)
        mine = conditions.on_documents(query.filters, output_root=self._output_root)
        # Without a filter nearly every document is meant, and to look each up costs less than to list them all.
        everywhere = query.filters == Filters()
        where: list[ColumnElement[bool]] = [
            exists().where(library.c.document_id == place, *mine).correlate_except(library)
            if everywhere
            else conditions.among(place, select(library.c.document_id).where(*mine))
        ]
        if len(query.required) > 1:
            where += [
                conditions.among(place, conditions.documents_with(terms, query, words)) for terms in query.required
            ]
        return [*where, *conditions.on_excluded(place, query, words)]


def _whole(newest: Sequence[Candidate]) -> list[Candidate]:
    """Leave out the document of the last, of which earlier passages were left out."""
    last = document_of(newest[-1].passage_id)
    return [one for one in newest if document_of(one.passage_id) != last]


def _from_its_beginning(
    connection: Connection, found: Select[Any], key: ColumnElement[int], one: Candidate
) -> list[Candidate]:
    """Return the first passages of a document that alone has more than are ranked."""
    first, end = keys_of(document_of(one.passage_id))
    earliest = found.where(key >= first, key < end).order_by(key).limit(RANKED_AT_MOST)
    return [Candidate(*row) for row in connection.execute(earliest)]


def _found(row: Any) -> FoundPassage:
    key, start_s, end_s, text, folded, times = row[: len(_PASSAGE)]
    word_times = tuple(json.loads(times)) if times else ()
    passage = Passage(kind_of(key), text, folded, start_s, end_s, word_times)
    return FoundPassage(key, passage, DocumentRow(*row[len(_PASSAGE) :]))
