"""Which cards this host has, read from the driver's own tool: torch would take seconds, and memory on each card."""

from __future__ import annotations

import csv
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from service.configuration import Configuration

_QUERY = ("nvidia-smi", "--query-gpu=index,uuid,name,memory.total,memory.used", "--format=csv,noheader,nounits")
_FIELDS = 5
_WITHIN_S = 20.0
"""The tool wakes sleeping cards (persistence mode off), a few seconds each."""


@dataclass(frozen=True, slots=True)
class Card:
    """One card: its memory in MiB, and how much of it is taken already; None where that is not known."""

    name: str
    total_mib: int
    used_mib: int | None = None


REFERENCE = Card("a card with 24 GB", 24_576)
"""What a GeForce RTX 3090 reports (`nvidia-smi`, memory.total): the card the `gpu` profile is made for."""

ReadCards = Callable[[], tuple[Card, ...]]


def fixed(*cards: Card) -> ReadCards:
    """Return a reader that finds these cards: the fake beside `read_cards`."""
    return lambda: cards


def read_cards() -> tuple[Card, ...]:
    """Return the cards this process may use, in the driver's order; none where the tool is missing or fails."""
    try:
        told = subprocess.run(_QUERY, capture_output=True, text=True, check=True, timeout=_WITHIN_S).stdout  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse(told, environ=os.environ)


def parse(told: str, *, environ: Mapping[str, str]) -> tuple[Card, ...]:
    """Read the tool's table; `CUDA_VISIBLE_DEVICES` (indices, or beginnings of UUIDs) restricts and orders the cards.

    A card whose memory the driver does not tell (`[N/A]`: integrated ones) is left out.
    """
    rows = [[cell.strip() for cell in row] for row in csv.reader(told.splitlines())]
    known = {(row[0], row[1]): row for row in rows if len(row) == _FIELDS and row[3].isdigit()}
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    chosen = list(known.values())
    if visible is not None:
        wanted = [word.strip() for word in visible.split(",") if word.strip()]
        chosen = [
            row for word in wanted for (index, uuid), row in known.items() if index == word or uuid.startswith(word)
        ]
    return tuple(Card(row[2], int(row[3]), int(row[4]) if row[4].isdigit() else None) for row in chosen)


def cards_of(configuration: Configuration, *, read: ReadCards = read_cards) -> tuple[Card, ...]:
    """Return the cards the models may use, with the memory that `pool.card_mib` says they have where it says so."""
    found, told_mib = read(), configuration.pool.card_mib
    if not told_mib:
        return found
    return tuple(replace(card, total_mib=told_mib) for card in found) or (Card("card", told_mib),)
