"""What was found in a text: where, and what kind of thing it is."""

from __future__ import annotations

from bisect import bisect_left
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
    kept: list[Span] = []  # in order, so that only the neighbours are to be compared
    for span in spans:
        place = bisect_left(kept, span.start, key=lambda other: other.start)
        neighbours = kept[max(0, place - 1) : place + 1]
        if all(span.end <= other.start or other.end <= span.start for other in neighbours):
            kept.insert(place, span)
    return kept
