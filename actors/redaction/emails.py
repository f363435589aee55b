"""E-mail addresses as people write them; a name behind an `@` alone is an account on a platform, and stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actors.redaction.spans import EMAIL, Span

# RFC 5321 allows more; what is quoted, bracketed or without a top-level domain is not how addresses are published.
_DOMAIN = re.compile(r"(?<=\w)@(?:[\w-]+\.)+[^\W\d_]{2,}(?![\w-])")
_MARKS = frozenset("_.+%-'")
"""What may stand in the part before the `@`, beside letters and digits."""


def emails(text: str) -> Iterator[Span]:
    """Yield the addresses in a text; in time that is linear, for captions are strangers' and may be made to be slow."""
    before = 0
    for match in _DOMAIN.finditer(text):
        start = match.start()
        while start > before and (text[start - 1].isalnum() or text[start - 1] in _MARKS):
            start -= 1
        while text[start] == "'":  # the quotation mark before it
            start += 1
        before = match.end()
        yield Span(start, before, EMAIL)
