"""The element walk of Matroska and WebM (RFC 8794, RFC 9559): whether the segment ends where the file does."""

from __future__ import annotations

from typing import Final

from service.intake.structure import FileWindow, Structure, complete, incomplete, undecided

MAGIC: Final = b"\x1a\x45\xdf\xa3"

_SEGMENT: Final = b"\x18\x53\x80\x67"
_CONTAINER: Final = "matroska"
_LONGEST_HEADER: Final = 12


def examine(window: FileWindow) -> Structure:
    """Judge the file; see `service.intake.container.examine`."""
    header = _element(window, 0)
    if header is None or header[2] is None:
        return _cut(0)
    position = header[1] + header[2]
    while True:
        found = _element(window, position)
        if found is None:
            return _cut(position)
        identifier, body, length = found
        if identifier == _SEGMENT:
            return _segment(window, body, length)
        if length is None or not window.within_budget:
            return undecided("unknown_container", "the EBML document is not laid out as Matroska", container=_CONTAINER)
        position = body + length


def _segment(window: FileWindow, body: int, length: int | None) -> Structure:
    if length is None:
        return _open_segment(window, body)
    if body + length > window.size:
        return incomplete(
            "past_end", f"the segment ends at byte {body + length}, the file has {window.size}", container=_CONTAINER
        )
    if length == 0:
        return incomplete("unfinished", "the segment is empty: the recording was not closed", container=_CONTAINER)
    if window.ends_in_zeros():
        return incomplete("zero_tail", "the file ends in zeros where pictures should be", container=_CONTAINER)
    return complete(_CONTAINER)


def _open_segment(window: FileWindow, position: int) -> Structure:
    """Follow the elements of a live or streamed recording, whose segment has no size, as far as theirs are known."""
    while position < window.size and window.within_budget:
        found = _element(window, position)
        if found is None:
            return _cut(position)
        _, body, length = found
        if length is None:
            break
        position = body + length
    if position > window.size:
        return incomplete(
            "past_end", f"the last element ends at byte {position}, the file has {window.size}", container=_CONTAINER
        )
    return undecided("no_end_mark", "a live or streamed recording does not say where it ends", container=_CONTAINER)


def _cut(position: int) -> Structure:
    return incomplete("unwritten", f"no element starts at byte {position}, where one should", container=_CONTAINER)


def _element(window: FileWindow, position: int) -> tuple[bytes, int, int | None] | None:
    """Return (identifier, start of the body, its length or None if unknown), or None where no element starts."""
    raw = window.read(position, _LONGEST_HEADER)
    if not raw or raw[0] < 0x10:  # noqa: PLR2004 - identifiers have at most four bytes
        return None
    id_length = 9 - raw[0].bit_length()
    size = raw[id_length:]
    if not size or size[0] == 0:
        return None
    size_length = 9 - size[0].bit_length()
    if len(size) < size_length:
        return None
    all_ones = (1 << (7 * size_length)) - 1
    value = int.from_bytes(size[:size_length]) & all_ones
    return raw[:id_length], position + id_length + size_length, None if value == all_ones else value
