"""Text as it may stand in a document: cleaned, joined with sane spaces, searched for hashtags."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

# Ideographic comma and full stop, and the full-width forms of ! ? , : ;
_WIDE_MARKS = "\u3001\u3002\uff01\uff1f\uff0c\uff1a\uff1b"
_APOSTROPHE = "['\u2019]"
# Quotation marks are left alone: which side of a word they stand on differs from language to language.
_CLOSING = re.compile(
    rf"^(?:[,.!?;:%)\]}}\u2026{_WIDE_MARKS}]+|{_APOSTROPHE}(?:s|t|re|ve|ll|d|m)|n{_APOSTROPHE}t)$", re.IGNORECASE
)
_OPENING = re.compile(r"[(\[{\u00bf\u00a1]$")
# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, kana, bopomofo, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED_START = re.compile(f"^[{_UNSPACED}]")
_UNSPACED_END = re.compile(f"[{_UNSPACED}{_WIDE_MARKS}]$")
_HASHES = "#\uff03"
_JOINERS = "\u200c\u200d"


def clean(text: str) -> str:
    """Return text without control characters; line breaks become LF, halves of surrogate pairs U+FFFD."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_printable(unified)).strip()


def clean_line(text: str) -> str:
    """Return `clean` text on one line, with single spaces."""
    return " ".join(clean(text).split())


def _printable(text: str) -> Iterator[str]:
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            yield "\ufffd"
        elif category != "Cc" or character in "\n\t":
            yield character


def join_words(words: Iterable[str]) -> str:
    """Join words by spaces, but not before closing or after opening punctuation, nor in scripts that have none."""
    pieces: list[str] = []
    for word in words:
        if pieces and not _touch(pieces[-1], word):
            pieces.append(" ")
        pieces.append(word)
    return "".join(pieces)


def _touch(before: str, word: str) -> bool:
    if _CLOSING.search(word) or _OPENING.search(before):
        return True
    return bool(_UNSPACED_END.search(before) and _UNSPACED_START.search(word))


def hashtags(caption: str) -> list[str]:
    """Return the hashtags of a caption without their signs, in order.

    As platforms do (Unicode UAX 31, hashtag identifiers): letters, marks, digits and underscores of any script, at
    least one of them no digit; a sign inside a word or an HTML entity starts none.
    """
    found: list[str] = []
    end = 0
    for position, character in enumerate(caption):
        # A tag may follow another one directly: `#this#that`.
        if character in _HASHES and (position == end or not _inside_word(caption, position)):
            end = _tag_end(caption, position + 1)
            tag = unicodedata.normalize("NFC", caption[position + 1 : end].strip(_JOINERS))
            if tag and not tag.isdigit():
                found.append(tag)
    return found


def unique_hashtags(tags: Iterable[str]) -> tuple[str, ...]:
    """Drop the signs and repetitions (without regard to case); the first spelling stands."""
    first: dict[str, str] = {}
    for tag in tags:
        bare = unicodedata.normalize("NFC", tag.lstrip(_HASHES))
        if bare:
            first.setdefault(bare.casefold(), bare)
    return tuple(first.values())


def _inside_word(caption: str, position: int) -> bool:
    before = caption[position - 1] if position else " "
    return before == "&" or before in _HASHES or (_is_word(before) and not _UNSPACED_START.match(before))


def _tag_end(caption: str, start: int) -> int:
    end = start
    while end < len(caption) and (_is_word(caption[end]) or caption[end] in _JOINERS):
        end += 1
    return end


def _is_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def encodable(text: str) -> str:
    """Return a name as it is, but for bytes that are not UTF-8 (PEP 383), which are written as backslash escapes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
