"""Makes the files of the "bad input" list, each distinct, none of them large."""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path

import av
from media_clips import BLUE, GREEN, RED, Clip, corners, shots, write

ONE, W = 1 << 16, 1 << 30
QUARTER_TURN = (0, ONE, 0, -ONE, 0, 0, 0, 0, W)
MIRROR = (-ONE, 0, 0, 0, ONE, 0, 0, 0, W)
SMPTE_2084 = 16
SMALL = (96, 64)


def clip(path: Path, **made: object) -> Path:
    """One shot of eight frames."""
    return write(path, Clip.steady(shots(RED, frames=8, size=SMALL), **made))


def long_clip(path: Path) -> Path:
    """Two shots of a second each, with a tone."""
    return write(path, Clip.steady(shots(GREEN, BLUE, size=SMALL), tone=(0, 2)))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def copies(model: bytes, path: bytes) -> None:
    """Write the MP4 under a name, unlike every other copy by a box that players skip (ISO/IEC 14496-12, 8.1.2)."""
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - names that are not UTF-8
    with open(path, "wb") as file:  # noqa: PTH123 - as above
        file.write(model + box(b"free", path))


def remuxed(given: Path, target: Path, **options: str) -> Path:
    """Copy the streams into another container."""
    with av.open(str(given)) as source, av.open(str(target), "w", container_options=options) as out:
        streams = {s.index: out.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return target


def cut(path: Path, *, share: float) -> None:
    """Keep the beginning of a file, as a copy does that was interrupted."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def claim_days(path: Path) -> None:
    """Let every header of an MP4 claim the longest time it can (version 0: 32 bits, ISO/IEC 14496-12, 8.2.2)."""
    content = bytearray(path.read_bytes())
    for kind, offset in ((b"mvhd", 16), (b"mdhd", 16)):
        at = -1
        while (at := content.find(kind, at + 1)) >= 0:
            content[at + 4 + offset : at + 4 + offset + 4] = struct.pack(">I", 0x7FFF_FFFF)
    path.write_bytes(content)


def variable_rate(path: Path) -> Path:
    times_s = [0.0, 0.04, 0.2, 0.24, 0.6, 0.64, 0.9, 1.4]
    return write(path, Clip(shots(BLUE, frames=len(times_s), size=SMALL), times_s))


def make(folder: Path) -> None:
    """Make them all."""
    model = clip(folder / "good.mp4").read_bytes()
    _broken(folder)
    _unusual(folder)
    for name in (b"new\nline.mp4", "snö🎬.mp4".encode(), b"%s%n%d.mp4", b"-dash.mp4", b"caf\xe9.mp4", LONG_NAME):
        copies(model, os.fsencode(folder) + b"/" + name)
    for name in (b"one/same.mp4", b"two/same.mp4", b"pair.mp4", b"Pair.mp4", b"x.mp4/inside.mp4", b"unreadable.mp4"):
        copies(model, os.fsencode(folder) + b"/" + name)
    remuxed(folder / "good.mp4", folder / "pair.mkv")
    for name in ("twin-a.mp4", "twin-b.mp4"):
        (folder / name).write_bytes(model + box(b"free", b"twins"))
    (folder / "unreadable.mp4").chmod(0)


LONG_NAME = b"n" * 251 + b".mp4"


def _broken(folder: Path) -> None:
    (folder / "text.mp4").write_text("Not a video at all.\n" * 40)
    (folder / "empty.mp4").touch()
    whole = long_clip(folder / "no-index.mp4")
    for name, options in {
        "half.mp4": {"movflags": "+faststart"},
        "half-fragments.mp4": {"movflags": "+frag_keyframe+empty_moov"},
        "half.mkv": {},
        "half.ts": {},
    }.items():
        cut(remuxed(whole, folder / name, **options), share=0.6)
    cut(whole, share=0.6)
    claim_days(remuxed(clip(folder / "x.mov"), folder / "days.mp4"))
    (folder / "x.mov").unlink()


def _unusual(folder: Path) -> None:
    clip(folder / "silent.mp4", pixel_format="yuv444p")
    write(folder / "sound-only.mp4", Clip([], [], tone=(0, 1)))
    write(folder / "one-frame.mp4", Clip.steady([corners()]))
    clip(folder / "ten-bit.mkv", pixel_format="yuv420p10le", transfer=SMPTE_2084)
    clip(folder / "rotated.mp4", matrix=QUARTER_TURN)
    clip(folder / "mirrored.mp4", matrix=MIRROR)
    clip(folder / "wide-pixels.mp4", aspect=Fraction(2, 1))
    variable_rate(folder / "variable.mp4")
