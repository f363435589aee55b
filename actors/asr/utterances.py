"""From spans of speech to the stretches a recogniser is given: joined where close, padded, and of bounded length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PAD_S = 0.2
"""Heard before and after an utterance where its neighbours allow: soft first and last sounds lie outside a span."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech from `start_s` to `end_s`; what is listened to is a little wider. Times in seconds."""

    start_s: float
    end_s: float
    heard_from_s: float
    heard_to_s: float


def utterances(
    spans: Sequence[tuple[float, float]], *, duration_s: float, join_within_s: float, longest_s: float
) -> list[Utterance]:
    """Join spans that are close, up to `longest_s`, and widen each utterance by `PAD_S` without overlapping another.

    spans: (start, end) in seconds, in order and apart. A span that is longer than `longest_s` itself is cut into equal
    parts: a recogniser's memory grows with what it is given at once.
    """
    joined: list[tuple[float, float]] = []
    for start, end in (part for span in spans for part in _parts(*span, longest_s)):
        if joined and start - joined[-1][1] <= join_within_s and end - joined[-1][0] <= longest_s:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    edges = [0.0, *(edge for span in joined for edge in span), duration_s]
    return [
        Utterance(start, end, max(start - PAD_S, edges[2 * i]), min(end + PAD_S, edges[2 * i + 3]))
        for i, (start, end) in enumerate(joined)
    ]


def _parts(start_s: float, end_s: float, longest_s: float) -> list[tuple[float, float]]:
    count = max(1, -int(-(end_s - start_s) // longest_s))
    step = (end_s - start_s) / count
    return [(start_s + i * step, start_s + (i + 1) * step) for i in range(count)]
