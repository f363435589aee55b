"""E-mail addresses as people write them; a name behind an `@` alone is an account on a platform, and stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actors.redaction.spans import EMAIL, Span

# RFC 5321 allows more; what is quoted, bracketed or without a top-level domain is not how addresses are published.
_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:'[\w.+%-]+)*(?<=\w)@(?:[\w-]+\.)+[^\W\d_]{2,}(?![\w-])")


def emails(text: str) -> Iterator[Span]:
    """Yield the addresses in a text."""
    for match in _ADDRESS.finditer(text):
        yield Span(*match.span(), EMAIL)
