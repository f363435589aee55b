"""Names in the log: readable, on one line, and none lost."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.logs import readable

SPELLINGS = {
    "plain": (b"clip.mp4", "clip.mp4"),
    "emoji": ("🎬.mp4".encode(), "🎬.mp4"),
    "newline": (b"a\nb.mp4", r"a\nb.mp4"),
    "escape sequence": (b"\x1b[31mred.mp4", r"\u001b[31mred.mp4"),
    "not UTF-8": (b"caf\xe9.mp4", r"caf\xe9.mp4"),
    "backslash": (b"a\\xe9.mp4", r"a\\xe9.mp4"),
    "right-to-left mark": ("\u202e4pm.exe".encode(), r"\u202e4pm.exe"),
    "percent and dash": (b"-%s.mp4", "-%s.mp4"),
}


@pytest.mark.parametrize(("name", "text"), SPELLINGS.values(), ids=SPELLINGS.keys())
def test_spelling(name: bytes, text: str) -> None:
    assert readable(name) == readable(os.fsdecode(name)) == readable(Path(os.fsdecode(name))) == text


_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


def read_back(text: str) -> bytes:
    def character(match: re.Match[str]) -> str:
        byte, short, long, letter = match.groups()
        if byte:
            return chr(0xDC00 + int(byte, 16))
        return _SHORT[letter] if letter else chr(int(short or long, 16))

    return _ESCAPE.sub(character, text).encode("utf-8", "surrogateescape")


@given(st.binary(max_size=255))
@example(b"\xc2\xa0\xa0")
@example("\U000e0001".encode())
def test_nothing_is_lost_and_all_is_printable(name: bytes) -> None:
    text = readable(name)
    assert text.isprintable()
    assert read_back(text) == name
