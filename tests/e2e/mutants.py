"""Damaged, spliced and absurd media, made of real files by a fixed random seed: what fuzzing feeds to the service.

Every mutant is one to three mutations of one seed file. Some know nothing of the format (bits, blocks, truncation),
some aim at the places parsers trust: sizes of boxes (ISO/IEC 14496-12) and elements (RFC 8794), and counts in headers.
"""

from __future__ import annotations

import os
import random
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av

SEED_SUFFIXES = {
    *(".mp4", ".mov", ".m4b", ".m4v", ".mkv", ".webm", ".mpg", ".ts", ".avi", ".wmv"),
    *(".wav", ".mp3", ".ogg", ".flac", ".aac"),
}
LARGE_BYTES = 400_000
"""Larger seeds are cut to their first second, so that thousands can be decoded in minutes."""
_CUT_S = 1.0
_BITEXACT = {"fflags": "+bitexact"}
"""Without it Matroska gets random numbers, and no two runs the same mutants."""
REMUXED = ("nasa_13013.mp4", (".mkv", ".avi", ".flv", ".ts", ".mov"))
"""A clip whose first second is a seed in these containers too, of which the corpus has few or none."""
_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta", b"moof", b"traf", b"mvex"}
_EXTREMES = (0, 1, 2, 7, 8, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_EBML_IDS = tuple(
    bytes.fromhex(name)
    for name in ("1A45DFA3", "18538067", "114D9B74", "1549A966", "1654AE6B", "1F43B675", "1C53BB6B", "1941A469")
)
"""EBML header, Segment, SeekHead, Info, Tracks, Cluster, Cues, Attachments (RFC 9559)."""

Mutation = Callable[[bytearray, random.Random, Sequence[bytes]], bytearray]


@dataclass(frozen=True)
class Mutant:
    """One file for the inbox: its name tells the seed and what was done to it."""

    name: str
    content: bytes


def seeds(corpus: Path) -> list[tuple[str, bytes]]:
    """Return the corpus' media, large ones cut; sorted, so that a random seed means the same everywhere."""
    found = []
    for path in sorted(corpus.rglob("*")):
        if path.suffix.lower() in SEED_SUFFIXES and path.is_file():
            content = path.read_bytes() if path.stat().st_size <= LARGE_BYTES else _first_second(path)
            found.append((path.name.lstrip("-"), content))
    name, suffixes = REMUXED
    found += [(name + suffix, _first_second(corpus / "video" / name, suffix)) for suffix in suffixes]
    return [(name, content) for name, content in found if content]


def mutants(given: Sequence[tuple[str, bytes]], *, count: int, seed: int, first: int = 0) -> Iterator[Mutant]:
    """Make `count` mutants; number n is the same wherever one begins."""
    contents = [content for _, content in given]
    for number in range(first, first + count):
        chance = random.Random(f"{seed}:{number}")
        name, content = given[number % len(given)]
        data, done = bytearray(content), []
        for _ in range(chance.choice((1, 1, 2, 3))):
            kind = chance.choice(sorted(MUTATIONS))
            data = MUTATIONS[kind](data, chance, contents)
            done.append(kind)
        stem, _, suffix = name.rpartition(".")
        yield Mutant(f"{number:05d}-{'+'.join(done)}-{stem[:40]}.{suffix}", bytes(data))


def _first_second(path: Path, suffix: str = "") -> bytes:
    """Copy the packets of the first second into a container, of the same kind unless told; empty where that fails."""
    target = Path(tempfile.gettempdir()) / f"cut-{os.getpid()}-{path.name}{suffix}"
    try:
        with av.open(str(path)) as source, av.open(str(target), "w", options=_BITEXACT) as out:
            streams = {s.index: out.add_stream_from_template(s) for s in source.streams if s.type in {"video", "audio"}}
            for packet in source.demux([s for s in source.streams if s.index in streams]):
                if packet.dts is not None and float(packet.dts * packet.time_base) < _CUT_S:
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
        return target.read_bytes()
    except (av.error.FFmpegError, FileNotFoundError, ValueError):
        return b""
    finally:
        target.unlink(missing_ok=True)


def _somewhere(data: bytearray, chance: random.Random) -> int:
    """A position, half of the time in the head, which parsers trust most."""
    end = min(len(data), 2048) if chance.random() < 0.5 else len(data)
    return chance.randrange(end) if end else 0


def _block(data: bytearray, chance: random.Random) -> slice:
    start = _somewhere(data, chance)
    return slice(start, start + chance.choice((1, 4, 16, 256, 4096, 65536)))


def flip_bits(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    for _n in range(chance.choice((1, 4, 32, 256)) if data else 0):
        data[_somewhere(data, chance)] ^= 1 << chance.randrange(8)
    return data


def randomize(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    part = _block(data, chance)
    data[part] = chance.randbytes(len(data[part]))
    return data


def zero(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    part = _block(data, chance)
    data[part] = bytes(len(data[part]))
    return data


def delete(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    del data[_block(data, chance)]
    return data


def duplicate(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    part = _block(data, chance)
    data[part.start : part.start] = data[part] * chance.choice((1, 2, 16))
    return data


def swap(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    length = chance.choice((4, 64, 1024, 16384))
    one, other = _somewhere(data, chance), _somewhere(data, chance)
    a, b = data[one : one + length], data[other : other + length]
    data[one : one + len(b)] = b
    data[other : other + len(a)] = a
    return data


def truncate(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    return data[: _somewhere(data, chance)]


def grow(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    return data + chance.choice((bytes, chance.randbytes))(chance.choice((1, 100, 100_000)))


def splice(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> bytearray:
    other = chance.choice(others)
    return data[: _somewhere(data, chance)] + other[chance.randrange(len(other) or 1) :]


def concatenate(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> bytearray:
    return data + chance.choice(others)


def extreme_field(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    at, (code, mask) = _somewhere(data, chance), chance.choice(((">H", 0xFFFF), (">I", 0xFFFFFFFF), ("<I", 0xFFFFFFFF)))
    if at + struct.calcsize(code) <= len(data):
        struct.pack_into(code, data, at, chance.choice(_EXTREMES) & mask)
    return data


def box_size(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    boxes = list(_boxes(data, 0, len(data)))
    if not boxes:
        return extreme_field(data, chance, ())
    at, size, _kind = chance.choice(boxes)
    wrong = chance.choice((*_EXTREMES, max(0, size - 1), size + 1, size * 2, len(data)))
    struct.pack_into(">I", data, at, wrong & 0xFFFFFFFF)
    return data


def box_fields(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    """Put extremes into the fields of a box that is no container: counts, offsets, times, widths."""
    leaves = [box for box in _boxes(data, 0, len(data)) if box[2] not in _CONTAINERS | {b"mdat"} and box[1] >= 16]
    if not leaves:
        return extreme_field(data, chance, ())
    at, size, _kind = chance.choice(leaves)
    for _n in range(chance.choice((1, 3))):
        field = at + 8 + 4 * chance.randrange(max(1, min(size - 8, 256) // 4))
        if field + 4 <= len(data):
            struct.pack_into(">I", data, field, chance.choice(_EXTREMES))
    return data


def box_moved(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    """Drop a box, repeat it, or give it another's name."""
    boxes = list(_boxes(data, 0, len(data)))
    if len(boxes) < 2:
        return duplicate(data, chance, ())
    at, size, _kind = chance.choice(boxes)
    what = chance.randrange(3)
    if what == 0:
        del data[at : at + size]
    elif what == 1:
        data[at:at] = data[at : at + min(size, 65536)]
    else:
        data[at + 4 : at + 8] = chance.choice(boxes)[2]
    return data


def element_size(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytearray:
    """Give an EBML element a size that is empty, unknown, or beyond everything."""
    places = [at for name in _EBML_IDS if (at := data.find(name)) >= 0]
    if not places:
        return extreme_field(data, chance, ())
    at = chance.choice(places) + 4
    data[at : at + 8] = chance.choice(
        (b"\x80", b"\xff", b"\x01" + b"\xff" * 7, b"\x01" + bytes(7), chance.randbytes(8))
    )
    return data


def _boxes(data: bytearray, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """Yield (position, size, kind) of every box that can be followed."""
    while start + 8 <= end:
        size, kind = int.from_bytes(data[start : start + 4]), bytes(data[start + 4 : start + 8])
        if size < 8 or start + size > end or not kind.isascii():
            return
        yield start, size, kind
        if kind in _CONTAINERS and depth < 8:
            yield from _boxes(data, start + 8, start + size, depth + 1)
        start += size


MUTATIONS: dict[str, Mutation] = {
    "bits": flip_bits,
    "random": randomize,
    "zero": zero,
    "delete": delete,
    "duplicate": duplicate,
    "swap": swap,
    "truncate": truncate,
    "grow": grow,
    "splice": splice,
    "concat": concatenate,
    "extreme": extreme_field,
    "boxsize": box_size,
    "boxfields": box_fields,
    "boxmoved": box_moved,
    "element": element_size,
}
