"""Files with names, kinds, places and times that trip programs up: what each is, and what becomes of it."""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bad_files import box, remuxed

LONGEST = b"n" * 251 + b".mp4"
NAMES: tuple[bytes, ...] = (
    b"new\nline.mp4",
    b"tab\there.mp4",
    "snö🎬.mp4".encode(),
    "caf\u00e9.mp4".encode(),  # composed (NFC)
    "cafe\u0301.mp4".encode(),  # and decomposed (NFD): the same to a person and to macOS
    b"-rf.mp4",
    b" leading.mp4",
    b"trailing .mp4",
    b"..mp4",
    LONGEST,
    b"latin-\xe9.mp4",
    b"back\\slash.mp4",
    b"back\\\\xe9.mp4",
    b"quo'te\"s.mp4",
    b"%s%n%d.mp4",
    b"{0}{event}.mp4",
    b"$(touch owned);`id`&.mp4",
    b"\x1b[31mred\x1b[0m.mp4",
    "\u202eright-to-left.mp4".encode(),
    b"Case.mp4",
    b"case.MP4",
    b"CASE.mp4",
)
DEPTH = 200
MANY_GIB = 5 << 30


def write(path: bytes, content: bytes) -> None:
    with open(path, "wb") as file:  # noqa: PTH123 - names that are not UTF-8
        file.write(content)


def named(folder: Path, model: bytes) -> list[bytes]:
    """Write one video of each name; return their paths."""
    paths = [os.fsencode(folder) + b"/" + name for name in NAMES]
    for path in paths:
        write(path, model + box(b"free", path))
    return paths


def special(folder: Path, model: bytes) -> Iterator[Path]:
    """Make what has a video's name and is no file."""
    outside = folder.parent.parent / f"outside-{folder.name}"
    (outside / "deep").mkdir(parents=True)
    write(bytes(outside / "deep" / "private.mp4"), model + box(b"free", bytes(outside)))
    for name, target in (
        ("dangling.mp4", "nowhere.mp4"),
        ("to-passwd.mp4", "/etc/passwd"),
        ("to-video.mp4", str(outside / "deep" / "private.mp4")),
        ("to-folder", str(outside)),
        ("to-folder.mp4", str(outside)),
        ("loop", ".."),
        ("itself.mp4", "itself.mp4"),
    ):
        (folder / name).symlink_to(target)
        yield folder / name
    os.mkfifo(folder / "fifo.mp4")
    yield folder / "fifo.mp4"
    with socket.socket(socket.AF_UNIX) as server:
        descriptor = os.open(folder, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{descriptor}/socket.mp4")  # an address has room for 107 bytes
        os.close(descriptor)
    yield folder / "socket.mp4"
    with suppress(PermissionError):  # only root makes devices
        os.mknod(folder / "device.mp4", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero, that never ends
        yield folder / "device.mp4"


def inside_a_folder_named_like_a_video(folder: Path, model: bytes) -> Path:
    path = folder / "folder.mp4" / "inside.mp4"
    path.parent.mkdir()
    write(bytes(path), model + box(b"free", bytes(path)))
    return path


def deep(folder: Path, model: bytes) -> Path:
    """A file two hundred folders down."""
    path = folder.joinpath(*(["d"] * DEPTH), "deep.mp4")
    path.parent.mkdir(parents=True)
    write(bytes(path), model + box(b"free", bytes(path)))
    return path


def dated(folder: Path, model: bytes) -> list[Path]:
    """One of before there was time, one of 1970, and one of the far future."""
    made = []
    for name, at_s in (("before.mp4", -86_400), ("epoch.mp4", 0), ("future.mp4", 4_102_444_800)):
        write(bytes(folder / name), model + box(b"free", bytes(folder / name)))
        os.utime(folder / name, (at_s, at_s))
        made.append(folder / name)
    return made


def with_a_sidecar_that_leads_away(folder: Path, model: bytes) -> Path:
    path = folder / "guided.mp4"
    write(bytes(path), model + box(b"free", bytes(path)))
    away = "../../../../escaped"
    guided = dict.fromkeys(("id", "_filename", "filename", "title", "uploader", "ext"), away)
    path.with_suffix(".info.json").write_text(json.dumps(guided | {"description": "a caption"}))
    return path


def sparse(path: Path, *, head: bytes, tail: bytes = b"", size: int) -> Path:
    """A file of which only the ends are written."""
    write(bytes(path), head)
    os.truncate(path, size - len(tail))
    with path.open("ab") as file:
        file.write(tail)
    return path


def beyond_4_gib(path: Path, model: Path) -> Path:
    """A whole video whose index lies behind 5 GiB of padding that was never written."""
    content = model.read_bytes()
    index = content.index(b"moov") - 4
    padded = content[:index] + struct.pack(">I4sQ", 1, b"free", MANY_GIB)
    return sparse(path, head=padded, tail=content[index:], size=index + MANY_GIB + len(content) - index)


def incomplete(folder: Path, model: Path) -> dict[Path, str]:
    """Files that are not whole, with the reason that is to be given."""
    content = model.read_bytes()
    media, index = content.index(b"mdat") - 4, content.index(b"moov") - 4
    head, moov = content[:media], content[index:]
    write(bytes(folder / "cut.mp4"), content[:-20])
    write(bytes(folder / "recording.mp4"), head + struct.pack(">I4s", 0, b"mdat") + bytes(64))
    hollow = head + struct.pack(">I4s", 8 + (1 << 20), b"mdat")
    wide = head + moov + struct.pack(">I4sQ", 1, b"mdat", MANY_GIB - len(head + moov))
    to_end = head + moov + struct.pack(">I4s", 0, b"mdat")
    return {
        folder / "cut.mp4": "past_end",
        folder / "recording.mp4": "no_moov",
        sparse(folder / "hole.mp4", head=hollow, tail=moov, size=len(hollow + moov) + (1 << 20)): "hole",
        sparse(folder / "wide.mp4", head=wide, size=MANY_GIB): "hole",
        sparse(folder / "to-end.mp4", head=to_end, size=MANY_GIB): "hole",
        with_a_tail_of_zeros(folder, model): "zero_tail",
    }


def with_a_tail_of_zeros(folder: Path, model: Path) -> Path:
    """As long as it should be, and the second half was never written: no structure tells (intake research 1.2)."""
    path = remuxed(model, folder / "zeros.mp4", movflags="+faststart")
    content = path.read_bytes()
    half = (content.index(b"mdat") + len(content)) // 2
    path.write_bytes(content[:half] + bytes(len(content) - half))
    return path
