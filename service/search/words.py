"""Words: how a text is cut into them and how they are folded, the same for what is indexed and what is looked for.

Case is folded and composed characters are one (NFC), but a letter with a mark stays another letter: å is not a, ø is
not o. The index holds the folded words, so that every database finds the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from unicodedata import category

_MARKED = ((0x0300, 0x0370), (0x0591, 0x05C8), (0x0610, 0x061B), (0x064B, 0x0660), (0x0670, 0x0671), (0x0900, 0x0F00))
"""Combining marks, and blocks of scripts whose vowels are marks, which `\\w` leaves out."""
_MARKS = "".join(sign for first, end in _MARKED for sign in map(chr, range(first, end)) if category(sign)[0] == "M")
_NO_DIGITS = "".join(sign for sign in map(chr, range(0x20000)) if category(sign) == "No")
"""², ½, ① (Unicode's category No, all in the first two planes): part of a word to `\\w`, and not to PostgreSQL."""
_IDEOGRAMS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Scripts that put no blanks between words: each character is taken for one, so that a part of a sentence is found."""
_WORD = re.compile(f"[{_IDEOGRAMS}]|(?:(?![{_IDEOGRAMS}{_NO_DIGITS}])[^\\W_]|[{_MARKS}])+")
_NORWEGIAN = str.maketrans({"æ": "{", "ø": "|", "å": "}", "ä": "{", "ö": "|"})
"""After z, in this order, as ISO 646-NO has them; ä and ö beside their Norwegian sisters."""
_NUMBER = re.compile(r"[0-9]+")
_DIGITS = 12
_LONGEST = 255
"""Characters of a word: databases refuse to index what is much longer, and nobody looks for it."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: its place there, [start, end) in characters, and how it is looked for."""

    start: int
    end: int
    folded: str


def composed(text: str) -> str:
    """Return the text in NFC, to which places refer, without what no database takes (NUL, lone surrogates)."""
    plain = unicodedata.normalize("NFC", text).replace("\x00", "")
    return plain.encode("utf-8", "ignore").decode()


def words_of(text: str) -> list[Word]:
    """Cut a composed text into words."""
    return [Word(found.start(), found.end(), fold(found.group())[:_LONGEST]) for found in _WORD.finditer(text)]


def folded_words(text: str) -> tuple[str, ...]:
    """Return the folded words of any text."""
    return tuple(word.folded for word in words_of(composed(text)))


def fold(word: str) -> str:
    """Fold case (Unicode's full folding: ß is ss)."""
    return word if word.isascii() and word.islower() else unicodedata.normalize("NFC", word.casefold())


def name_key(name: str) -> str:
    """Return a key that orders names as people do: numbers by value, case aside, æ ø å after z."""
    plain = fold(composed(name)).translate(_NORWEGIAN)
    return _NUMBER.sub(lambda found: found.group().lstrip("0").rjust(_DIGITS, "0"), plain)
