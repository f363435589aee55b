"""The index of words on PostgreSQL: `passages.lexemes`, which the database derives from `words`, under a GIN index.

The configuration `simple` takes every word as it is: they come folded, and are of many languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    Double,
    Select,
    Text,
    func,
    literal,
    literal_column,
    select,
)

from service.ledger.library.asking import Term
from service.ledger.library.tables import passages
from service.ledger.library.word_index import WordIndex

_SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")
_WORDS: ColumnElement[Any] = literal_column("(string_to_array(passages.words, ' '))", ARRAY(Text))
_LEXEMES: ColumnElement[Any] = literal_column("passages.lexemes")


class TextSearch(WordIndex):
    """Ranks by how often and how near (`ts_rank`); unlike BM25 it does not weigh how rare a word is."""

    source = passages
    key = passages.c.passage_id

    def matches(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        """Match any of the phrases."""
        return _LEXEMES.op("@@", is_comparison=True)(_query(terms))

    def rank(self, terms: Sequence[Term]) -> ColumnElement[Any]:
        """Return `ts_rank`, negated."""
        return -func.ts_rank(_LEXEMES, _query(terms))

    def with_passages(self, query: Select[Any]) -> Select[Any]:
        """Return the query: the source is that table."""
        return query

    def said(self, after_s: float | None, before_s: float | None) -> ColumnElement[str]:
        """Cut the array of words where the first is timed at, or later than, either end."""
        first = literal(1) if after_s is None else _from(after_s)
        end = func.cardinality(_WORDS) if before_s is None else func.coalesce(_from(before_s) - 1, 1 << 20)
        return func.array_to_string(_WORDS[first:end], " ")

    def tidy(self, connection: Connection, *, begin: bool) -> bool:
        """Do nothing: the server's own vacuum removes what was deleted."""
        del connection, begin
        return False


def _query(terms: Sequence[Term]) -> ColumnElement[Any]:
    return reduce(lambda one, other: one.op("||")(other), map(_phrase, terms))


def _from(at_s: float) -> ColumnElement[Any]:
    times = func.json_array_elements_text(func.nullif(passages.c.word_times, "").cast(JSON))
    each = times.table_valued("time_s", with_ordinality="place", name="timed").render_derived()
    found = select(func.min(each.c.place)).select_from(each).where(each.c.time_s.cast(Double) >= at_s)
    return found.correlate(passages).scalar_subquery()


def _phrase(term: Term) -> ColumnElement[Any]:
    """Spell a phrase: folded words hold nothing that `to_tsquery` would take for an operator."""
    if not term.prefix:
        return func.phraseto_tsquery(_SIMPLE, " ".join(term.words))
    last = func.to_tsquery(_SIMPLE, f"'{term.words[-1]}':*")
    if len(term.words) == 1:
        return last
    return func.tsquery_phrase(func.phraseto_tsquery(_SIMPLE, " ".join(term.words[:-1])), last)
