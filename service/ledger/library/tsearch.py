"""The index of words on PostgreSQL: `passages.lexemes`, which the database derives from `words`, under a GIN index.

The configuration `simple` takes every word as it is: they come folded, and are of many languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, literal_column

from service.ledger.library.asking import Term
from service.ledger.library.tables import passages
from service.ledger.library.word_index import WordIndex

_SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")
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

    def tidy(self, connection: Connection, *, begin: bool) -> bool:
        """Do nothing: the server's own vacuum removes what was deleted."""
        del connection, begin
        return False


def _query(terms: Sequence[Term]) -> ColumnElement[Any]:
    return reduce(lambda one, other: one.op("||")(other), map(_phrase, terms))


def _phrase(term: Term) -> ColumnElement[Any]:
    """Spell a phrase: folded words hold nothing that `to_tsquery` would take for an operator."""
    if not term.prefix:
        return func.phraseto_tsquery(_SIMPLE, " ".join(term.words))
    last = func.to_tsquery(_SIMPLE, f"'{term.words[-1]}':*")
    if len(term.words) == 1:
        return last
    return func.tsquery_phrase(func.phraseto_tsquery(_SIMPLE, " ".join(term.words[:-1])), last)
