"""Cursors: where a page ended, opaque to whoever carries it, and read with suspicion when it comes back."""

from __future__ import annotations

import base64
import binascii
import json
import math

_LONGEST = 4096
Key = str | int | float | None
Kind = type | range
INT4, INT8 = range(-(1 << 31), 1 << 31), range(-(1 << 63), 1 << 63)
"""What a column of whole numbers holds; PostgreSQL fails on a question beyond it."""


def encode(about: str, *keys: Key) -> str:
    """Return the cursor of what ended at these keys. about: the order it belongs to."""
    text = json.dumps([about, *keys], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(cursor: str, about: str, *kinds: tuple[Kind, ...]) -> tuple[Key, ...] | None:
    """Return the keys of a cursor of this order; None for whatever is none.

    kinds: what each key may be: of a type, or a whole number within a range.
    """
    if len(cursor) > _LONGEST:
        return None
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        said = json.loads(raw)
    except (UnicodeError, binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(said, list) or len(said) != 1 + len(kinds) or said[0] != about:
        return None
    keys = said[1:]
    return tuple(keys) if all(_fits(key, kind) for key, kind in zip(keys, kinds, strict=True)) else None


def _fits(key: object, kinds: tuple[Kind, ...]) -> bool:
    if not any(_is(key, kind) for kind in kinds):
        return False
    if isinstance(key, str):
        return "\x00" not in key and key.encode("utf-8", "replace").decode() == key  # no lone surrogates
    return not isinstance(key, float) or math.isfinite(key)


def _is(key: object, kind: Kind) -> bool:
    if isinstance(kind, range):
        return isinstance(key, int) and not isinstance(key, bool) and key in kind
    return isinstance(key, kind)
