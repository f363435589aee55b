"""Which documents a request means: filters and words, the same wherever documents are listed or exported."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Depends, Query

from service.ledger.library.asking import Filters, TextQuery
from service.search.entry import tag_key
from service.search.language import QueryError, parse
from service.search.words import folded_words
from service.web.problems import FieldProblem, Refusal

LONGEST = 1000
_SECONDS = {"ge": 0, "le": 1e9, "allow_inf_nan": False, "description": "how long the video is, in seconds"}
Words = Annotated[
    str | None, Query(max_length=LONGEST, description="only videos in which this is found; as in `/search`")
]
Languages = Annotated[
    list[str] | None, Query(max_length=50, description="codes as in the documents (`no`, `en`); `none` for unknown")
]
Folder = Annotated[
    str | None, Query(max_length=LONGEST, description="below the watched folder, with those below it: `tips/2026`")
]
Author = Annotated[str | None, Query(max_length=LONGEST, description="words of the author's name: `kari`")]
Tags = Annotated[list[str] | None, Query(max_length=50, description="hashtags (`recipe`); all of them")]
Seconds = Annotated[float | None, Query(**_SECONDS)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The documents that are meant. text: only those in which it is found."""

    filters: Filters = field(default_factory=Filters)
    text: TextQuery | None = None


def chosen(  # noqa: PLR0913 - a parameter for each thing that can be asked
    *,
    q: Words = None,
    status: Literal["complete", "partial"] | None = None,
    language: Languages = None,
    folder: Folder = None,
    author: Author = None,
    tag: Tags = None,
    duration_from: Seconds = None,
    duration_to: Seconds = None,
    has_words: bool | None = None,
) -> Chosen:
    """Read a choice from a request's query; raises `Refusal` (400) where a part of it cannot be understood."""
    filters = Filters(
        status=status,
        language=tuple(language or ()),
        folder=(folder or "").strip("/") or None,
        author=_author(author or ""),
        tags=tuple(_tag(one) for one in tag or () if one.strip()),
        duration_from_s=duration_from,
        duration_to_s=duration_to,
        has_words=has_words,
    )
    return Chosen(filters, None if q is None or not q.strip() else understood(q))


def understood(text: str) -> TextQuery:
    """Return what a query asks for; raises `Refusal` (400) that says where it cannot be understood."""
    query = parse(text)
    if isinstance(query, QueryError):
        where = FieldProblem(where=f"query.q.{query.position}", message=f"{query.message}: {query.remedy}")
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad_query", f"{query}.", errors=(where,))
    return query


def _author(given: str) -> str | None:
    words = " ".join(folded_words(given))
    if given.strip() and not words:
        raise _names_nothing("author", "no author is named: a name has letters or digits")
    return words or None


def _tag(given: str) -> str:
    key = tag_key(given.strip())
    if not key:
        raise _names_nothing("tag", "no hashtag is named: write tag=recipe")
    return key


def _names_nothing(parameter: str, message: str) -> Refusal:
    where = FieldProblem(where=f"query.{parameter}", message=message)
    return Refusal(HTTPStatus.BAD_REQUEST, "bad_filter", f"{message}.", errors=(where,))


GivenChoice = Annotated[Chosen, Depends(chosen)]
"""The type of an endpoint's parameter that says which documents are meant."""
