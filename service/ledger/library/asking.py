"""What is asked of the library: which documents, in which order, and which words in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from service.ledger.library.values import Kind

MOST_ROWS = 200
"""The longest page of a listing or of search results."""


class Sort(StrEnum):
    """What a listing is ordered by; what has no value comes last, whatever the direction."""

    DESCRIBED = "described"
    NAME = "name"
    DURATION = "duration"
    WORDS = "words"
    SHOTS = "shots"
    VIEWS = "views"
    POSTED = "posted"


UNKNOWN = "none"
"""As a language: documents whose language is not known."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents are meant; None and empty ask for nothing. Ranges include both ends.

    language: one of these codes, `UNKNOWN` among them. folder: this one and those below. author: a run of folded words
    of the author's name. tags: folded, all of them.
    """

    status: str | None = None
    language: tuple[str, ...] = ()
    folder: str | None = None
    author: str | None = None
    tags: tuple[str, ...] = ()
    duration_from_s: float | None = None
    duration_to_s: float | None = None
    has_words: bool | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words that follow each other; with `prefix`, the last may go on."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class TextQuery:
    """What is looked for: of each alternative group of terms one occurs in the video, and none of `excluded` does.

    kinds: where it is looked for; empty for everywhere. after_s, before_s: it is said in [after, before), by the times
    of its words where these are known; else, and without words, its passage begins then. Neither limits `excluded`.
    """

    required: tuple[tuple[Term, ...], ...] = ()
    excluded: tuple[Term, ...] = ()
    kinds: tuple[Kind, ...] = ()
    after_s: float | None = None
    before_s: float | None = None
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a page of the library shows. text: only videos in which this is found."""

    filters: Filters = field(default_factory=Filters)
    text: TextQuery | None = None
    sort: Sort = Sort.DESCRIBED
    descending: bool = True
    limit: int = 50
