"""The index of words on SQLite: an FTS5 table over `passages`, which triggers keep in step (migration 0004).

FTS5's `ascii` tokenizer takes the words as they come: between blanks it leaves every letter as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, Text, column, func, literal, literal_column, table

from service.ledger.library import spoken
from service.ledger.library.asking import Term
from service.ledger.library.tables import passages
from service.ledger.library.word_index import WordIndex

_MERGED_PAGES = 500
"""What one step merges; it holds the write lock for a few hundredths of a second."""
_words = table("passage_words", column("rowid", Integer), column("passage_words"))


class Fts5(WordIndex):
    """Ranks by BM25 (https://sqlite.org/fts5.html#the_bm25_function)."""

    source = _words
    key = _words.c.rowid

    def matches(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        """Match any of the phrases."""
        return _words.c.passage_words.op("MATCH", is_comparison=True)(literal(" OR ".join(map(_spelled, terms))))

    def rank(self, terms: Sequence[Term]) -> ColumnElement[Any]:
        """Return BM25, which FTS5 gives negated."""
        del terms  # FTS5 knows what was matched
        return func.bm25(literal_column("passage_words"))

    def with_passages(self, query: Select[Any]) -> Select[Any]:
        """Join them: the index has words alone."""
        return query.join(passages, passages.c.passage_id == self.key)

    def said(self, after_s: float | None, before_s: float | None) -> ColumnElement[str]:
        """Have Python tell (`dialects.sqlite`)."""
        asked = (passages.c.words, passages.c.word_times, after_s, before_s)
        said: ColumnElement[str] = getattr(func, spoken.NAME)(*asked, type_=Text)
        return said

    def tidy(self, connection: Connection, *, begin: bool) -> bool:
        """Merge some pages of the index into one piece.

        What is deleted is only marked, and its words lie on in older pieces until those are merged. A negative number
        begins with all of them; fewer than two changes mean that nothing was left to merge.
        """
        pages = -_MERGED_PAGES if begin else _MERGED_PAGES
        before: int = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
        connection.exec_driver_sql("INSERT INTO passage_words(passage_words, rank) VALUES('merge', ?)", (pages,))
        after: int = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
        return after - before >= 2  # noqa: PLR2004 - as above


def _spelled(term: Term) -> str:
    """Spell a phrase of FTS5: folded words hold no quotation mark."""
    return f'"{" ".join(term.words)}"' + (" *" if term.prefix else "")
