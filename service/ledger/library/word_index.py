"""The database's own index of words over `passages`: FTS5 on SQLite, `tsvector` on PostgreSQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select

from service.ledger.dialects import chosen
from service.ledger.library.asking import Term


class WordIndex(ABC):
    """What a search needs of one. The words come folded and separated by blanks, so that both find the same."""

    source: FromClause
    """The table that is searched."""
    key: ColumnElement[int]
    """Its `passages.passage_id`."""

    @abstractmethod
    def matches(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        """Select the passages in which one of the terms occurs."""

    @abstractmethod
    def rank(self, terms: Sequence[Term]) -> ColumnElement[Any]:
        """Return how well a passage matches: less is better."""

    @abstractmethod
    def with_passages(self, query: Select[Any]) -> Select[Any]:
        """Let a query over the source read the columns of `passages` as well."""

    @abstractmethod
    def said(self, after_s: float | None, before_s: float | None) -> ColumnElement[str]:
        """Return which words of a passage are said in [after, before), joined by blanks (`spoken`)."""

    @abstractmethod
    def tidy(self, connection: Connection, *, begin: bool) -> bool:
        """Have a little more of what was dropped vanish for good; say whether more is to be done."""


def word_index(connection: Connection) -> WordIndex:
    """Return the index of the database that a connection leads to."""
    from service.ledger.library.fts5 import Fts5  # noqa: PLC0415 - they stand on this module
    from service.ledger.library.tsearch import TextSearch  # noqa: PLC0415 - as above

    return chosen(connection, sqlite=Fts5(), postgresql=TextSearch())
