"""Spells file names so that a person can read them and no byte of them is lost."""

from __future__ import annotations

import os

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_FIRST_ESCAPED_BYTE = 0xDC00  # PEP 383: an undecodable byte b is the lone surrogate 0xDC00 + b


def readable(name: bytes | str | os.PathLike[str] | os.PathLike[bytes]) -> str:
    r"""Return a file name as printable text, one spelling per name.

    Printable characters stand for themselves. Bytes that are not UTF-8 become `\xNN`, a backslash is doubled, newline,
    return and tab are `\n`, `\r`, `\t`, and every other character a terminal might act on (escape sequences,
    right-to-left marks) is `\uNNNN` or `\UNNNNNNNN`. So two different names never read the same.
    """
    raw = os.fspath(name)
    text = raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else raw
    return "".join(map(_spell, text)) if not text.isprintable() or "\\" in text else text


def _spell(character: str) -> str:
    point = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    if 0x80 <= point - _FIRST_ESCAPED_BYTE <= 0xFF:  # noqa: PLR2004 - the bytes PEP 383 escapes
        return f"\\x{point - _FIRST_ESCAPED_BYTE:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004 - the plane \u reaches
