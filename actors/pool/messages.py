"""What `process_pool` and its workers say to each other: one message for the small values, one for each large one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from actors.backend import Outcome
from actors.pool.base import PayloadRefs


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to, without the large values; `slots` of those follow, each in a message of its own."""

    outcomes: Sequence[Outcome]
    presences: Sequence[PayloadRefs]
    resident_mib: float
    slots: int = 0


def send_slots(connection: Connection, slots: Iterable[bytes | None]) -> None:
    """Send large values as they are; an empty message stands for one that is not there."""
    for slot in slots:
        connection.send_bytes(slot or b"")


def receive_slots(connection: Connection, *, count: int) -> list[bytes | None]:
    """Receive what `send_slots` sends."""
    return [connection.recv_bytes() or None for _ in range(count)]
