"""Replaces what is asked for in texts and in lists of words; what is replaced already is left as it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from actors.redaction.emails import emails
from actors.redaction.identity_numbers import identity_numbers
from actors.redaction.phones import Phones
from actors.redaction.spans import EMAIL, ID_NUMBER, PHONE, PLACEHOLDERS, Span, apart

_ANY = "|".join(re.escape(placeholder) for placeholder in PLACEHOLDERS.values())
_AGAIN = re.compile(rf"({_ANY})(?: \1)+")
_TRAILING = re.compile(r"[.,;:!?…]*$")


def redaction_of(kinds: Iterable[str], regions: Iterable[str]) -> str:
    """Name a redaction, for the key of what depends on it; empty when nothing is to be replaced."""
    asked = sorted(kinds)
    return f"{','.join(asked)}@{','.join(regions)}" if asked else ""


class Redactor:
    """kinds: of `email`, `phone`, `id_number`. regions: see `Phones`."""

    def __init__(self, kinds: Sequence[str], regions: Sequence[str]) -> None:
        self._kinds = frozenset(kinds)
        self._phones = Phones(regions) if PHONE in self._kinds else None

    def text(self, text: str) -> str:
        """Return a text with placeholders."""
        for span in reversed(self._find(text)):
            text = text[: span.start] + PLACEHOLDERS[span.kind] + text[span.end :]
        return text

    def words(self, words: Sequence[str]) -> list[str]:
        """Return as many words: each that takes part in something is its placeholder, the last with its punctuation.

        What was said over several words is found in all of them joined by spaces.
        """
        edges: list[tuple[int, int]] = []
        end = -1
        for word in words:
            edges.append((end + 1, end + 1 + len(word)))
            end = edges[-1][1]
        replaced = list(words)
        for span in self._find(" ".join(words)):
            for index, (start, end) in enumerate(edges):
                if start < span.end and span.start < end:
                    after = _TRAILING.search(words[index]) if end >= span.end else None
                    replaced[index] = PLACEHOLDERS[span.kind] + (after.group() if after else "")
        return replaced

    def _find(self, text: str) -> list[Span]:
        return apart(self._finders(text)) if text else []

    def _finders(self, text: str) -> Iterator[Span]:
        # In this order: a Norwegian identity number may be read as a phone number with something before it.
        if EMAIL in self._kinds:
            yield from emails(text)
        if ID_NUMBER in self._kinds:
            yield from identity_numbers(text)
        if self._phones is not None:
            yield from self._phones.find(text)


@lru_cache(maxsize=4)
def redactor(kinds: tuple[str, ...], regions: tuple[str, ...]) -> Redactor | None:
    """Return what replaces these kinds; None for none."""
    return Redactor(kinds, regions) if kinds else None


def collapsed(text: str) -> str:
    """Return a text in which a placeholder stands once for a number of several words."""
    return _AGAIN.sub(r"\1", text)


def counted(texts: Iterable[str | None]) -> dict[str, int]:
    """Count the placeholders in texts, by kind; kinds that are not there are left out."""
    names = {placeholder: kind for kind, placeholder in PLACEHOLDERS.items()}
    found = Counter(names[match] for text in texts if text for match in re.findall(_ANY, text))
    return {kind: found[kind] for kind in PLACEHOLDERS if found[kind]}
