"""Whether a file is structurally whole: a walk over the container's own size fields (gate G5).

Why not ask FFmpeg: ffprobe reports success and the full duration for a half-missing faststart MP4 and a half-missing
MKV; the sizes written in the boxes give both away in a few dozen bytes of reads. The magic decides what a file is,
never its name. Sources: ISO/IEC 14496-12 (boxes), RFC 8794 and 9559 (EBML, Matroska), OpenDML 1.02 (AVI),
ISO/IEC 13818-1 (TS).
"""

from __future__ import annotations

from service.intake import ebml, isobmff
from service.intake.structure import (
    FileWindow,
    Structure,
    complete,
    incomplete,
    not_video,
    undecided,
)

_TS_SYNC = 0x47
_TS_PACKETS_CHECKED = 3

_OTHER_MEDIA: tuple[tuple[bytes, str], ...] = (
    (b"FLV", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"\x00\x00\x01\xba", "mpeg-ps"),
    (b"\x00\x00\x01\xb3", "mpeg-video"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
    (b"\x06\x0e\x2b\x34", "mxf"),
)
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b\x08", "a gzip file"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")
_LONGEST_UTF8_TAIL = 3


def examine(fd: int, *, size: int) -> Structure:
    """Judge the file behind `fd`, `size` bytes long, by at most `FileWindow.MAX_READS` small reads; no seek is moved.

    Raises OSError where reading itself fails. Any content gets a verdict.
    """
    window = FileWindow(fd, size=size)
    head = window.read(0, FileWindow.HEAD_BYTES)
    if not head.strip(b"\x00"):
        return incomplete("unwritten", "the file starts with zeros only: nothing has been written there yet")
    if head.startswith(ebml.MAGIC):
        return ebml.examine(window)
    if head.startswith(b"RIFF"):
        return _riff(window)
    if isobmff.looks_like(head):
        return isobmff.examine(window)
    packet = _ts_packet(head)
    if packet is not None:
        return _transport_stream(window, packet)
    return _by_magic(head)


def _by_magic(head: bytes) -> Structure:
    for magic, container in _OTHER_MEDIA:
        if head.startswith(magic):
            return undecided("no_end_mark", f"{container} does not say where it ends", container=container)
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            return not_video(f"the file is {what}")
    if _is_text(head):
        return not_video("the file is text")
    return undecided("unknown_container", "the container is not one whose end can be checked")


def _is_text(head: bytes) -> bool:
    if any(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in head):  # noqa: PLR2004 - the first printable byte
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The window may have cut a character in two.
        return error.start >= len(head) - _LONGEST_UTF8_TAIL and error.reason == "unexpected end of data"
    return True


def _riff(window: FileWindow) -> Structure:
    """Walk RIFF chunks: one for a plain AVI, several (`AVIX`) for OpenDML."""
    position, last = 0, 0
    while window.read(position, 4) == b"RIFF" and window.within_budget:
        length = int.from_bytes(window.read(position + 4, 4), "little")
        if length in {0, 0xFFFFFFFF}:
            return incomplete("unfinished", "the RIFF size is not filled in: the recording was not closed")
        last, position = position, position + 8 + length
        if position > window.size:
            return incomplete(
                "past_end", f"the RIFF size says {position} bytes, the file has {window.size}", container="riff"
            )
        position += length % 2
    if _movi_is_last(window, last) and window.ends_in_zeros():
        return incomplete("zero_tail", "the file ends in zeros where pictures should be", container="riff")
    return complete("riff")


def _movi_is_last(window: FileWindow, riff: int) -> bool:
    """Tell an AVI without an index after its pictures, the only kind whose end is not checked by a chunk header."""
    position = riff + 12
    last = b""
    while position + 12 <= window.size and window.within_budget:
        header = window.read(position, 12)
        last = header[8:12] if header[:4] == b"LIST" else header[:4]
        length = int.from_bytes(header[4:8], "little")
        position += 8 + length + length % 2
    return last == b"movi"


def _ts_packet(head: bytes) -> tuple[int, int] | None:
    """Return (packet length, offset of the sync byte) of a transport stream; 192 is M2TS, 204 carries error codes."""
    for length, offset in ((188, 0), (192, 4), (204, 0)):
        syncs = head[offset : length * _TS_PACKETS_CHECKED : length]
        if len(syncs) >= _TS_PACKETS_CHECKED and set(syncs) == {_TS_SYNC}:
            return length, offset
    return None


def _transport_stream(window: FileWindow, packet: tuple[int, int]) -> Structure:
    length, offset = packet
    if window.size % length:
        return incomplete("past_end", f"the last packet of {length} bytes is cut off", container="mpeg-ts")
    if window.read(window.size - length + offset, 1) != bytes([_TS_SYNC]):
        return incomplete("zero_tail", "the last packet has not been written", container="mpeg-ts")
    return undecided("no_end_mark", "a transport stream does not say where it ends", container="mpeg-ts")
