"""The query language: what people type, read into a query. No input is an error of a database, and few are errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from service.ledger.library.asking import UNKNOWN, Term, TextQuery
from service.ledger.library.values import KINDS, Kind
from service.search.entry import tag_key
from service.search.times import seconds_of
from service.search.words import composed, folded_words

MOST_CHARACTERS, MOST_WORDS = 1_000, 64
"""What is longer was pasted by mistake; a bound keeps it from costing seconds."""
_PIECE = re.compile(r'(?P<sign>-?)(?:(?P<key>[A-Za-z]+):)?(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<word>\S+))(?P<star>\*?)')
_STATUSES = ("complete", "partial")


@dataclass(frozen=True, slots=True)
class QueryError:
    """Why a query cannot be understood. position: of what is meant, in characters from 0; remedy: what to do."""

    message: str
    position: int
    remedy: str

    def __str__(self) -> str:
        return f"{self.message} (at character {self.position + 1}): {self.remedy}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """One piece of a query: a word, a phrase or a filter, as typed."""

    position: int
    negated: bool
    key: str | None
    text: str
    quoted: bool
    starred: bool


@dataclass
class _Reading:
    """What has been read so far. joining: an OR is open, and the next term is another alternative of the last group.

    negated: the last term was one that must not be there.
    """

    groups: list[list[Term]] = field(default_factory=list)
    excluded: list[Term] = field(default_factory=list)
    query: TextQuery = field(default_factory=TextQuery)
    joining: bool = False
    negated: bool = False

    def add(self, term: Term, *, negated: bool) -> None:
        """Take up words that are looked for, or must not be there."""
        if negated:
            self.excluded.append(term)
        elif self.joining and self.groups:
            self.groups[-1].append(term)
        else:
            self.groups.append([term])
        self.joining, self.negated = False, negated

    def filter(self, **values: object) -> None:
        """Take up a condition on documents."""
        self.query = replace(self.query, filters=replace(self.query.filters, **values))  # type: ignore[arg-type] # names and values are those of `_FILTERS`


def parse(text: str) -> TextQuery | QueryError:
    """Read a query.

    Words (all must occur in the video), "phrases", `-not`, `this OR that`, `prefix*`; `kind:overlay,speech`,
    `before:3s`, `after:1:05` (when it is said, or its passage begins), `lang:no`, `author:name`, `tag:name` or `#name`,
    `in:folder`, `status:partial`. Anything else is text.
    """
    if len(text) > MOST_CHARACTERS:
        return QueryError("the query is too long", MOST_CHARACTERS, f"use at most {MOST_CHARACTERS} characters")
    reading = _Reading()
    for piece in _pieces(composed(text)):
        wrong = _read(piece, reading)
        if wrong is not None:
            return wrong
    if sum(len(term.words) for term in [*reading.excluded, *(term for group in reading.groups for term in group)]) > (
        MOST_WORDS
    ):
        return QueryError("the query has too many words", 0, f"use at most {MOST_WORDS} words")
    query = replace(
        reading.query, required=tuple(tuple(group) for group in reading.groups), excluded=tuple(reading.excluded)
    )
    return query if query != TextQuery() else QueryError("there is nothing to look for", 0, "type a word")


def _pieces(text: str) -> list[_Piece]:
    return [
        _Piece(
            position=found.start(),
            negated=found["sign"] == "-",
            key=found["key"],
            text=found["phrase"] if found["phrase"] is not None else found["word"],
            quoted=found["phrase"] is not None,
            starred=bool(found["star"]) or (found["phrase"] or found["word"] or "").endswith("*"),
        )
        for found in _PIECE.finditer(text)
    ]


def _read(piece: _Piece, reading: _Reading) -> QueryError | None:
    if piece.key is None and not piece.quoted and piece.text == "OR" and not piece.negated:
        reading.joining = bool(reading.groups)
        return _wrong(piece, *_OR_NOT) if reading.negated else None
    read = _FILTERS.get((piece.key or "").lower())
    if read is None and piece.key is None and not piece.quoted and _TAG.fullmatch(piece.text):
        read, piece = _tag, replace(piece, key="#", text=piece.text[1:])
    if read is not None:
        if piece.negated:
            return _wrong(piece, "a filter cannot be turned round with -", "leave the - out, or exclude a word")
        return read(piece, reading)
    said = piece.text if piece.key is None else f"{piece.key} {piece.text}"
    words = folded_words(said)
    if words and piece.negated and reading.joining:
        return _wrong(piece, *_OR_NOT)
    if words:
        reading.add(Term(words, prefix=piece.starred), negated=piece.negated)
    return None


_TAG = re.compile(r"#\w+")
_OR_NOT = (
    "OR joins words of which one is looked for, and - excludes a word",
    "leave out the OR, or look for each in turn",
)


def _wrong(piece: _Piece, message: str, remedy: str) -> QueryError:
    return QueryError(message, piece.position, remedy)


def _kind(piece: _Piece, reading: _Reading) -> QueryError | None:
    found: list[Kind] = []
    for word in piece.text.lower().split(","):
        if word not in KINDS:
            return _wrong(piece, f"there is no kind {word!r}", f"use one of {', '.join(KINDS)}")
        found.append(KINDS[word])
    reading.query = replace(reading.query, kinds=tuple(dict.fromkeys(found)))
    return None


def _before(piece: _Piece, reading: _Reading) -> QueryError | None:
    seconds = seconds_of(piece.text)
    if seconds is None:
        return _no_time(piece)
    reading.query = replace(reading.query, before_s=seconds)
    return None


def _after(piece: _Piece, reading: _Reading) -> QueryError | None:
    seconds = seconds_of(piece.text)
    if seconds is None:
        return _no_time(piece)
    reading.query = replace(reading.query, after_s=seconds)
    return None


def _no_time(piece: _Piece) -> QueryError:
    return _wrong(piece, f"{piece.text!r} is no time", "write 3s, 1:05, 1m5s or 90")


def _language(piece: _Piece, reading: _Reading) -> QueryError | None:
    codes = tuple(code for code in piece.text.lower().split(",") if code)
    if not codes:
        return _wrong(piece, "no language is named", f"write a code such as lang:no, or lang:{UNKNOWN}")
    reading.filter(language=codes)
    return None


def _author(piece: _Piece, reading: _Reading) -> QueryError | None:
    words = folded_words(piece.text)
    if not words:
        return _wrong(piece, "no author is named", 'write author:kari or author:"Kari Nordmann"')
    reading.filter(author=" ".join(words))
    return None


def _tag(piece: _Piece, reading: _Reading) -> QueryError | None:
    tag = tag_key(piece.text)
    if not tag:
        return _wrong(piece, "no hashtag is named", "write tag:recipe or #recipe")
    reading.filter(tags=(*reading.query.filters.tags, tag))
    return None


def _folder(piece: _Piece, reading: _Reading) -> QueryError | None:
    folder = piece.text.strip("/")
    if not folder:
        return _wrong(piece, "no folder is named", "write in:tips or in:tips/2026, as below the inbox")
    reading.filter(folder=folder)
    return None


def _status(piece: _Piece, reading: _Reading) -> QueryError | None:
    if piece.text.lower() not in _STATUSES:
        return _wrong(piece, f"there is no status {piece.text!r}", f"use one of {', '.join(_STATUSES)}")
    reading.filter(status=piece.text.lower())
    return None


_FILTERS: Mapping[str, Callable[[_Piece, _Reading], QueryError | None]] = {
    "kind": _kind,
    "before": _before,
    "after": _after,
    "lang": _language,
    "language": _language,
    "author": _author,
    "tag": _tag,
    "in": _folder,
    "status": _status,
}
"""Each filter's word, and what reads it."""
