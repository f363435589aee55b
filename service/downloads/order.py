"""What the web process and the process of one download say to each other: an order, progress, how it ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """What to fetch, within which bounds.

    folder: an empty one, absolute. extensions: with dots; others are not fetched. networks: private ones that may be
    reached. parent: the process that ordered it, with which the download ends.
    """

    url: str
    folder: str
    most_bytes: int
    most_s: float
    extensions: tuple[str, ...]
    networks: tuple[str, ...]
    niceness: int
    parent: int


@dataclass(frozen=True, slots=True)
class Progress:
    """So many bytes have come, of so many where that is known."""

    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """It is there: the names of video and sidecar in the folder, and the name that the video is to have."""

    video: str
    sidecar: str
    name: str


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Why not: a stable code and a sentence. final: asked again, it would be so again."""

    reason: str
    detail: str
    final: bool


Said = Progress | Fetched | NotFetched
_SAID = {kind.__name__: kind for kind in (Progress, Fetched, NotFetched)}


def line(said: Order | Said) -> bytes:
    """Spell one of these as a line."""
    return json.dumps([type(said).__name__, asdict(said)]).encode() + b"\n"


def order(text: bytes) -> Order:
    """Read an order; raises ValueError and TypeError for what is none."""
    _, values = json.loads(text)
    return Order(**values | {name: tuple(values[name]) for name in ("extensions", "networks")})


def said(text: bytes) -> Said:
    """Read what a download says."""
    kind, values = json.loads(text)
    return _SAID[kind](**values)
