"""What was found in a text: where, and what kind of thing it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EMAIL, PHONE, ID_NUMBER = "email", "phone", "id_number"
PLACEHOLDERS = {EMAIL: "[e-mail]", PHONE: "[phone]", ID_NUMBER: "[id number]"}
"""What stands in a text instead, by kind."""


@dataclass(frozen=True, slots=True)
class Span:
    """The characters [start, end) of a text, and the kind of what they are."""

    start: int
    end: int
    kind: str


def apart(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, without those that overlap an earlier one of the iterable: the first finder wins."""
    kept: list[Span] = []
    for span in spans:
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)
