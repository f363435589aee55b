"""Digits that are spelled out, one word each, as speech recognisers write what is dictated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

_WORDS = (
    # English; `oh` for zero. Norwegian, Bokmål and Nynorsk, old and new.
    ("zero oh null", "0"),
    ("one en ein ett eitt", "1"),
    ("two to", "2"),
    ("three tre", "3"),
    ("four fire", "4"),
    ("five fem", "5"),
    ("six seks", "6"),
    ("seven sju syv", "7"),
    ("eight åtte", "8"),
    ("nine ni", "9"),
    ("plus pluss", "+"),
)
_VALUES = {word: value for words, value in _WORDS for word in words.split()}
_TOKEN = re.compile(r"\S+")
_EDGES = ".,;:!?-\u2013()\"'\u2026"
_LEAD_IN = frozenset({"to", "en", "one", "oh"})
"""Words before a number that are no digits of it: `send it to nine one two …`."""


def spelled_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield each run of digits of which some are spelled out: its start and end in the text, and its digits.

    A run is as long as it gets, for a number within somebody's counting is not looked for; one that begins with what
    may be no digit is yielded without it too. A `+` can only begin it.
    """
    tokens = [(match, _value(match.group())) for match in _TOKEN.finditer(text)]
    for is_digits, group in groupby(tokens, key=lambda token: token[1] is not None):
        run = [(match, value) for match, value in group if value is not None]
        if is_digits and any(not match.group().strip(_EDGES).isdigit() for match, _ in run):
            leads = run[0][0].group().lower() in _LEAD_IN
            for part in (run, run[1:]) if leads else (run,):
                digits = "".join(value for _, value in part)
                if part and "+" not in digits[1:]:
                    yield part[0][0].start(), part[-1][0].end(), digits


def _value(token: str) -> str | None:
    bare = token.strip(_EDGES).lower()
    return bare if bare.isascii() and bare.isdigit() else _VALUES.get(bare)
