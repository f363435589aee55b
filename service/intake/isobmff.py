"""The box walk of MP4, MOV and their kin (ISO/IEC 14496-12): every top-level box, and where the pictures should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from service.intake.structure import FileWindow, Structure, complete, incomplete, undecided

_FIRST_BOXES: Final = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"sidx", b"emsg", b"prft"}
)
_PADDING: Final = frozenset({b"free", b"skip"})
"""ISO/IEC 14496-12, 8.1.2: their contents are irrelevant and may be ignored."""
_CONTAINER: Final = "iso-bmff"
_CHUNKS_SAMPLED: Final = 16
_CHUNK_PROBE_BYTES: Final = 16
_MAX_TRACKS: Final = 64


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    body: int
    end: int
    to_end_of_file: bool = False


@dataclass(slots=True)
class _TopLevel:
    """What the walk over the top level found; `trouble` ends it."""

    moov: _Box | None = None
    has_media: bool = False
    fragmented: bool = False
    last: bytes = b""
    open_ended: bool = False
    padding: list[tuple[int, int]] = field(default_factory=list)
    trouble: Structure | None = None


def looks_like(head: bytes) -> bool:
    """Tell by the first bytes of a file."""
    return head[4:8] in _FIRST_BOXES


def examine(window: FileWindow) -> Structure:
    """Judge the file; see `service.intake.container.examine`."""
    top = _walk(window)
    return replace(_judged(window, top), padding=tuple(top.padding))


def _judged(window: FileWindow, top: _TopLevel) -> Structure:
    if top.trouble is not None:
        return top.trouble
    if not window.within_budget:
        return undecided("too_many_boxes", "the file has more boxes than are looked at", container=_CONTAINER)
    if top.moov is None:
        return incomplete("no_moov", "the index (moov) is missing: a recorder writes it last", container=_CONTAINER)
    if not top.has_media:
        return incomplete("no_media", "there is an index but no media data (mdat)", container=_CONTAINER)
    return _missing_chunk(window, top.moov) or _end(top)


def _end(top: _TopLevel) -> Structure:
    if top.open_ended or (top.fragmented and top.last != b"mfra"):
        return undecided("no_end_mark", "nothing marks the end: another fragment may follow", container=_CONTAINER)
    return complete(_CONTAINER)


def _walk(window: FileWindow) -> _TopLevel:
    top = _TopLevel()
    position = 0
    while position < window.size and window.within_budget:
        box = _box(window, position, limit=None)
        if box is None or not _printable(box.kind):
            # Padding behind a finished file is harmless; anywhere else the writer has not been there yet.
            if top.moov is None or not top.has_media or top.fragmented:
                top.trouble = _unwritten(position)
            return top
        if box.end > window.size:
            top.trouble = incomplete(
                "past_end",
                f"box {box.kind.decode('latin-1')!r} ends at byte {box.end}, the file has {window.size}",
                container=_CONTAINER,
            )
            return top
        _note(top, box)
        position = box.end
    return top


def _note(top: _TopLevel, box: _Box) -> None:
    top.last = box.kind
    top.open_ended = box.to_end_of_file
    if box.kind == b"moov":
        top.moov = box
    elif box.kind == b"moof":
        top.fragmented = True
    elif box.kind == b"mdat":
        top.has_media = True
    elif box.kind in _PADDING:
        top.padding.append((box.start, box.end))


def _unwritten(position: int) -> Structure:
    return incomplete("unwritten", f"no box starts at byte {position}, where one should", container=_CONTAINER)


def _printable(kind: bytes) -> bool:
    return len(kind) == 4 and all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind)  # noqa: PLR2004 - 0xA9 is QuickTime's ©


def _box(window: FileWindow, position: int, *, limit: int | None) -> _Box | None:
    """Read a box header: 32-bit, 64-bit (size 1) or to the end of the file (size 0); None where there is none."""
    header = window.read(position, 16)
    if len(header) < 8:  # noqa: PLR2004 - the shortest header
        return None
    size, kind, body = int.from_bytes(header[:4]), header[4:8], position + 8
    if size == 0:
        return _Box(kind, position, body, window.size if limit is None else limit, to_end_of_file=True)
    if size == 1:
        size, body = int.from_bytes(header[8:16]), position + 16
    if size < body - position or (size > 1 and len(header) < body - position):
        return None
    return _Box(kind, position, body, position + size)


def _children(window: FileWindow, parent: _Box) -> Iterator[_Box]:
    position = parent.body
    while position < parent.end and window.within_budget:
        box = _box(window, position, limit=parent.end)
        if box is None:
            return
        yield box
        position = box.end


def _descend(window: FileWindow, box: _Box, *path: bytes) -> _Box | None:
    for kind in path:
        found = next((child for child in _children(window, box) if child.kind == kind), None)
        if found is None:
            return None
        box = found
    return box


def _missing_chunk(window: FileWindow, moov: _Box) -> Structure | None:
    """Look where the index says pictures begin: a file of reserved space is whole by its sizes and zero in its middle.

    A chunk of compressed video never begins with 16 zero bytes (an H.264 sample begins with its length).
    """
    tracks = [child for child in _children(window, moov) if child.kind == b"trak"][:_MAX_TRACKS]
    for track in tracks:
        handler = _descend(window, track, b"mdia", b"hdlr")
        if handler is None or window.read(handler.body + 8, 4) != b"vide":
            continue
        for offset in _chunk_offsets(window, track):
            chunk = window.read(offset, _CHUNK_PROBE_BYTES)
            if not chunk:
                return incomplete(
                    "past_end", f"pictures should begin at byte {offset}, past the end", container=_CONTAINER
                )
            if not chunk.strip(b"\x00"):
                return incomplete(
                    "zero_tail", f"there are zeros at byte {offset}, where pictures should be", container=_CONTAINER
                )
    return None


def _chunk_offsets(window: FileWindow, track: _Box) -> Iterator[int]:
    """Yield up to `_CHUNKS_SAMPLED` chunk offsets of a track, spread evenly, the last one included."""
    table = _descend(window, track, b"mdia", b"minf", b"stbl")
    if table is None:
        return
    for box in _children(window, table):
        width = {b"stco": 4, b"co64": 8}.get(box.kind)
        if width is None:
            continue
        count = min(int.from_bytes(window.read(box.body + 4, 4)), (box.end - box.body - 8) // width)
        for step in range(1, min(count, _CHUNKS_SAMPLED) + 1):
            index = step * count // min(count, _CHUNKS_SAMPLED) - 1
            entry = window.read(box.body + 8 + index * width, width)
            if len(entry) == width:
                yield int.from_bytes(entry)
