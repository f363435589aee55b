"""What a listing or a search asks for, as conditions of SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, not_, or_, select, true

from service.ledger.library.asking import UNKNOWN, Filters, Term, TextQuery
from service.ledger.library.numbers import document_column, kind_column
from service.ledger.library.tables import library, library_tags, passages
from service.ledger.library.word_index import WordIndex


def on_documents(filters: Filters, *, output_root: bytes) -> list[ColumnElement[bool]]:
    """Return the conditions on rows of `library`."""
    return [library.c.output_root == output_root, *_plain(filters), *_ranges(filters)]


def on_text(query: TextQuery, words: WordIndex) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on rows of `library` under which the text is found in a document."""
    for terms in query.required:
        yield among(library.c.document_id, documents_with(terms, query, words))
    if not query.required and is_limited(query):
        key = passages.c.passage_id
        somewhere = select(document_column(key)).where(*on_passages(query, key), *on_starts(query))
        yield among(library.c.document_id, somewhere)
    yield from on_excluded(library.c.document_id, query, words)


def on_excluded(document: ColumnElement[int], query: TextQuery, words: WordIndex) -> Iterator[ColumnElement[bool]]:
    """Yield that a document has nothing that is excluded, wherever and whenever: kinds and times say what is sought."""
    if query.excluded:
        yield not_(among(document, documents_with(query.excluded, TextQuery(), words)))


def among(document: ColumnElement[int], documents: Select[Any]) -> ColumnElement[bool]:
    """Select what is one of these documents, which are listed once.

    PostgreSQL would make a join of a plain IN, and guess how many passages have a word; where it guessed wrong, two
    frequent words took minutes. What is asked whether it is true is no join.
    """
    return document.in_(documents).is_(true())


def documents_with(terms: Sequence[Term], query: TextQuery, words: WordIndex) -> Select[Any]:
    """Select the documents in which one of the terms occurs, where and when the query looks."""
    found = select(document_column(words.key)).select_from(words.source).where(words.matches(terms))
    if is_timed(query):
        found = words.with_passages(found).where(on_times(query, terms, words))
    return found.where(*on_passages(query, words.key)).correlate(None)


def on_passages(query: TextQuery, key: ColumnElement[int]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on the key of a passage."""
    if query.kinds:
        yield kind_column(key).in_([int(kind) for kind in query.kinds])


def on_times(query: TextQuery, terms: Sequence[Term], words: WordIndex) -> ColumnElement[bool]:
    """Select the passages in which a term is said in time, if its words are timed; else those that begin in time."""
    at, starts = passages.c, and_(*on_starts(query))
    begun = true() if query.before_s is None else at.start_s < query.before_s
    unfinished = true() if query.after_s is None else or_(at.start_s >= query.after_s, at.end_s >= query.after_s)
    # Most passages lie on one side as a whole: the words of the others alone are looked at one by one.
    whole = starts if query.before_s is None else and_(starts, at.end_s <= query.before_s)
    said = literal(" ") + words.said(query.after_s, query.before_s) + literal(" ")
    some = or_(*(said.contains(_spelled(term), autoescape=True) for term in terms))
    return and_(begun, unfinished, or_(whole, case((at.word_times == "", starts), else_=some)))


def _spelled(term: Term) -> str:
    return f" {' '.join(term.words)}" + ("" if term.prefix else " ")


def on_starts(query: TextQuery) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on when a passage begins."""
    yield true()
    if query.after_s is not None:
        yield passages.c.start_s >= query.after_s
    if query.before_s is not None:
        yield passages.c.start_s < query.before_s


def is_timed(query: TextQuery) -> bool:
    """Whether the query asks when something begins."""
    return query.after_s is not None or query.before_s is not None


def is_limited(query: TextQuery) -> bool:
    """Whether the query asks where or when, so that it says something even without words."""
    return bool(query.kinds) or is_timed(query)


def _plain(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.status is not None:
        yield library.c.status == filters.status
    if filters.language:
        yield _in_language(filters.language)
    if filters.folder:
        # Everything that begins with the folder and a slash: "0" follows "/" in every encoding of ASCII.
        below = and_(library.c.folder >= f"{filters.folder}/", library.c.folder < f"{filters.folder}0")
        yield or_(library.c.folder == filters.folder, below)
    if filters.author is not None:
        padded = literal(" ") + library.c.author_words + literal(" ")
        yield padded.contains(f" {filters.author} ", autoescape=True)
    for tag in filters.tags:
        mine = (library_tags.c.output_root == library.c.output_root, library_tags.c.tag == tag)
        yield exists().where(*mine, library_tags.c.document_id == library.c.document_id)
    if filters.has_words is not None:
        # Spelled so that nothing chooses the index of the order by words, where counting would read every row.
        spoken = func.coalesce(library.c.word_count, 0)
        yield spoken > 0 if filters.has_words else spoken == 0


def _in_language(codes: Iterable[str]) -> ColumnElement[bool]:
    known = [code for code in codes if code != UNKNOWN]
    return or_(library.c.language.in_(known), *([library.c.language.is_(None)] if UNKNOWN in codes else []))


def _ranges(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.duration_from_s is not None:
        yield library.c.duration_s >= filters.duration_from_s
    if filters.duration_to_s is not None:
        yield library.c.duration_s <= filters.duration_to_s
