"""Cursors: where a page ended, opaque to whoever carries it, and read with suspicion when it comes back."""

from __future__ import annotations

import base64
import binascii
import json
import math

_LONGEST = 4096
_BEYOND = 1 << 63
Key = str | int | float | None


def encode(about: str, *keys: Key) -> str:
    """Return the cursor of what ended at these keys. about: the order it belongs to."""
    text = json.dumps([about, *keys], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(cursor: str, about: str, *kinds: tuple[type, ...]) -> tuple[Key, ...] | None:
    """Return the keys of a cursor of this order; None for whatever is none. kinds: the types each key may have."""
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


def _fits(key: object, kind: tuple[type, ...]) -> bool:
    if isinstance(key, bool) or not isinstance(key, kind):
        return False
    if isinstance(key, str):
        return "\x00" not in key and key.encode("utf-8", "replace").decode() == key  # no lone surrogates
    return not isinstance(key, int | float) or (abs(key) < _BEYOND and math.isfinite(key))
