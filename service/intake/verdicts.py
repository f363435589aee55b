"""What the gates say about one file: a state, a stable reason code and a sentence that answers "why".

The gates in order: name (G0), kind and size (G1), quiet (G2), no local writer (G3), no unwritten hole (G4), a closed
container (G5), no busy sibling (G6). G7, the pin, is the decoder's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.intake.names import shown
from service.intake.ports import Generation
from service.intake.structure import Structure
from service.ledger.states import State


class Reason(StrEnum):
    """Codes of intake's own gates; an incomplete container brings its own (`no_moov`, `past_end`, `zero_tail`, …)."""

    EMPTY = "empty"
    STALE_EMPTY = "stale_empty"
    QUIET = "quiet"
    TOUCHED = "touched"
    WRITER = "writer"
    WRITER_UNKNOWN = "writer_unknown"
    HOLE = "hole"
    END_UNKNOWN = "end_unknown"
    SIBLING = "sibling"
    PERMISSION = "permission"
    IO_ERROR = "io_error"
    SETTLED = "settled"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be recorded about a file.

    WAITING, INCOMPLETE and BLOCKED leave it with intake; QUEUED and REJECTED carry the generation and end its watch.
    settling_s: how long it was watched, in seconds, where that has ended.
    """

    state: State
    reason: str
    detail: str
    generation: Generation | None = None
    truncated: bool = False
    settling_s: float | None = None


def waiting_empty() -> Verdict:
    """G1: a placeholder, as browsers and Finder make before the first byte."""
    return Verdict(State.WAITING, Reason.EMPTY, "the file is empty; it is looked at again when bytes arrive")


def waiting_stale_empty(*, after_s: float) -> Verdict:
    """G1, said once after a long time."""
    detail = f"the file has been empty for {after_s / 3600:g} h; write it again or remove it"
    return Verdict(State.WAITING, Reason.STALE_EMPTY, detail)


def waiting_quiet(*, window_s: float) -> Verdict:
    """G2: the file changed a moment ago."""
    return Verdict(
        State.WAITING, Reason.QUIET, f"the file changed a moment ago; it is taken after {window_s:g} s without change"
    )


def waiting_touched() -> Verdict:
    """G2: size and inode stand still while the times do not."""
    return Verdict(
        State.WAITING,
        Reason.TOUCHED,
        "something keeps changing the file's times (an indexer, a writer that reserved the space?); "
        "it is taken when its content stands still and nobody has it open for writing",
    )


def waiting_writer() -> Verdict:
    """G3: a process here has the file open for writing."""
    return Verdict(
        State.WAITING, Reason.WRITER, "a process has the file open for writing; it is taken once that is closed"
    )


def waiting_writer_unknown(*, window_s: float) -> Verdict:
    """G3 cannot be asked: a remote file system, or a file of another owner."""
    return Verdict(
        State.WAITING,
        Reason.WRITER_UNKNOWN,
        f"whether somebody still writes cannot be asked here; it is taken after {window_s:g} s without change",
    )


def waiting_end_unknown(structure: Structure, *, window_s: float) -> Verdict:
    """G5 cannot tell."""
    return Verdict(
        State.WAITING, Reason.END_UNKNOWN, f"{structure.detail}; it is taken after {window_s:g} s without change"
    )


def waiting_sibling(name: bytes, *, stale_s: float) -> Verdict:
    """G6: a download's or copy's own file lies beside it."""
    return Verdict(
        State.WAITING,
        Reason.SIBLING,
        f"{shown(name)!r} beside it says that it is still being written; it is taken when that file is gone "
        f"or has not changed for {stale_s / 60:g} min",
    )


def incomplete_hole(*, offset: int) -> Verdict:
    """G4: space was reserved and never written."""
    detail = f"what belongs at byte {offset} was never written, though the size includes it"
    return incomplete(Reason.HOLE, detail)


def incomplete(reason: str, detail: str) -> Verdict:
    """G5: quiet and unheld, but not whole."""
    return Verdict(State.INCOMPLETE, reason, f"{detail}; it is looked at again when it changes, and from time to time")


def blocked_permission() -> Verdict:
    """Say that the file cannot be opened."""
    return Verdict(
        State.BLOCKED,
        Reason.PERMISSION,
        "the service may not read the file; give its user read permission (chmod, or a shared group)",
    )


def blocked_io(error: str) -> Verdict:
    """Say that reading failed for a reason outside the file."""
    return Verdict(State.BLOCKED, Reason.IO_ERROR, f"reading failed: {error}; it is tried again")


def settled(generation: Generation) -> Verdict:
    """Every gate is passed."""
    return Verdict(State.QUEUED, Reason.SETTLED, "the file is complete", generation)


def settled_truncated(generation: Generation, *, detail: str, after_s: float) -> Verdict:
    """Incomplete for so long that one decode is tried."""
    sentence = f"incomplete for {after_s / 3600:g} h ({detail}); what can be decoded is taken"
    return Verdict(State.QUEUED, Reason.TRUNCATED, sentence, generation, truncated=True)


def rejected(structure: Structure, generation: Generation) -> Verdict:
    """Say that the bytes are positively no video."""
    return Verdict(State.REJECTED, structure.reason, structure.detail, generation)
