"""The library's values: a document as one row, what is said in it as passages, and answers to questions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """Where a passage stands in its document; the number is part of a passage's key and never changes."""

    SPEECH = 1
    OVERLAY = 2
    CAPTION = 3
    OBJECT = 4
    SIDECAR = 5
    FILE = 6

    @property
    def word(self) -> str:
        """The kind as people write it: `speech`, `overlay`, `caption`, `object`, `sidecar`, `file`."""
        return self.name.lower()


KINDS = {kind.word: kind for kind in Kind}
"""Kinds by the word people write. speech: what is said; overlay: on-screen text; caption: sentences about keyframes;
object: things found in them; sidecar: what the author wrote, the hashtags, the author; file: the file's path."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that is found as one. Times are seconds, None where it has none.

    text: as shown, in NFC. words: what is searched, its words folded and joined by blanks (`service.search.words`).
    word_times: when each of `words` begins, in seconds; empty where that is not known.
    """

    kind: Kind
    text: str
    words: str
    start_s: float | None = None
    end_s: float | None = None
    word_times: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document as the library lists it. None means unknown, as in the document; times are wall-clock seconds.

    document: its name below the output, without `.json`. keyframe: path of a picture below the output.
    folder: of `relative_path`, without a slash at the end; empty at the top. warnings: codes, each once.
    described_at: when what it says was found out; created_at: when it was written.
    file_mark: size and time of the document's file, to see that it was replaced. run_id: as in the document.
    posted_at: UTC as in the document, a date or a time.
    """

    video_id: str
    sha256: str
    document: str
    run_id: str
    file_mark: str
    filename: str
    relative_path: str
    folder: str
    status: str
    duration_s: float
    described_at: float
    created_at: float
    has_audio: bool
    width: int | None = None
    height: int | None = None
    language: str | None = None
    word_count: int | None = None
    shot_count: int = 0
    speaker_count: int | None = None
    keyframe: str | None = None
    caption: str | None = None
    author: str | None = None
    posted_at: str | None = None
    hashtags: tuple[str, ...] = ()
    views: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index holds of one document. The keys are folded, as `service.search.words` folds.

    name_key: orders file names as people do. author_words: as `Passage.words`. tag_keys: the hashtags, each once.
    """

    row: DocumentRow
    passages: tuple[Passage, ...]
    name_key: str
    author_words: str = ""
    tag_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """A document to be looked at. number: of the newest note that asks for it."""

    number: int
    output_root: bytes
    document: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """What was indexed of a document; by it is seen that the file is another one now."""

    document_id: int
    output_root: bytes
    document: str
    file_mark: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page. total: of all pages. next_cursor: asks for the next one; None at the end."""

    rows: tuple[DocumentRow, ...]
    total: int
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class BadCursor:
    """The cursor is none that this listing or search has given; `message` says what to do."""

    message: str = "the cursor is none that this listing gave; begin again without one"


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that documents have, and how many have it; value None: those that have none."""

    value: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What the library can be filtered by, the most frequent first; authors and tags: the first hundred."""

    documents: int
    duration_s: float
    statuses: tuple[Facet, ...]
    languages: tuple[Facet, ...]
    folders: tuple[Facet, ...]
    authors: tuple[Facet, ...]
    tags: tuple[Facet, ...]


class Candidate(NamedTuple):
    """A passage that was found. rank: less is better, as databases rank; kind and document are in its key."""

    passage_id: int
    rank: float
    start_s: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates in their order (`numbers.order_of`). bounded: there are more; the newest documents' were ranked."""

    candidates: tuple[Candidate, ...]
    bounded: bool


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage with the document it stands in."""

    passage_id: int
    passage: Passage
    row: DocumentRow
