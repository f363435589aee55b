"""A folder of files that are long done, with the ledger and the output a service would have left of them."""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "e2e")]

from cheap_hosts import jpeg, mp4

from service.ledger import rows
from service.ledger.documents import reserve_name
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.states import State
from service.ledger.values import Job
from service.state import LEDGER_FILE

GOLDEN = Path(__file__).resolve().parents[1] / "actors" / "fusion" / "golden" / "document.json"
PER_FOLDER = 500
_FRAMES_LINKED = 20_000
"""Hard links of one picture; ext4 allows 65,000 to a file."""


def make_known(home: Path, count: int, *, documents: bool = True) -> None:
    """Fill `home` with `inbox`, `state` and `output` as they are when `count` files are done.

    The rows are what `claim`, `identified` and `finish` leave, written in bulk: done singly, 100,000 would take ten
    minutes of commits. documents: with the output's files too, each with a folder of one picture.
    """
    inbox, output = home / "inbox", home / "output"
    output.mkdir(parents=True)
    names = [f"{number // PER_FOLDER:03}/clip{number}.mp4" for number in range(count)]
    _write(inbox, names)
    ledger = open_ledger(home / "state" / LEDGER_FILE, output_root=bytes(output))
    try:
        for start in range(0, count, 5000):
            _note(ledger, inbox, output, names[start : start + 5000])
    finally:
        ledger.close()
    if documents:
        _publish(output, names)


def _write(inbox: Path, names: Sequence[str]) -> None:
    for name in names:
        path = inbox / name
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
        path.write_bytes(mp4(name.encode() + bytes(64)))


def _note(ledger: Ledger, inbox: Path, output: Path, names: Sequence[str]) -> None:
    with ledger.database.write() as connection:
        rows.insert(connection, _rows(inbox, output, names))
        for name in names:
            location = bytes(inbox), name.encode()
            reserve_name(connection, output_root=bytes(output), name=_document(name), location=location)


def _rows(inbox: Path, output: Path, names: Sequence[str]) -> Iterator[Job]:
    now = time.time()
    for name in names:
        status = (inbox / name).stat()
        digest = hashlib.sha256(name.encode()).hexdigest()
        yield Job(
            job_id=0,
            root=bytes(inbox),
            path=name.encode(),
            state=State.DONE,
            device=status.st_dev,
            inode=status.st_ino,
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            head_tail=digest,
            sha256=digest,
            is_primary=True,
            output_root=bytes(output),
            document=_document(name),
            settings_key=digest,
            attempts=1,
            created_at=now,
            queued_at=now,
            claimed_at=now,
            identified_at=now,
            changed_at=now,
            updated_at=now,
        )


def _publish(output: Path, names: Sequence[str]) -> None:
    document, picture = GOLDEN.read_bytes(), output / "picture.jpg"
    for number, name in enumerate(names):
        if number % _FRAMES_LINKED == 0:
            picture.unlink(missing_ok=True)
            picture.write_bytes(jpeg())
        stem = output / _document(name)
        (stem / "frames").mkdir(parents=True)
        stem.with_name(f"{stem.name}.json").write_bytes(document)
        os.link(picture, stem / "frames" / f"{stem.name}_s001.jpg")
    picture.unlink(missing_ok=True)


def _document(name: str) -> str:
    return name.removesuffix(".mp4")


def unlike_number(content: bytes, number: int) -> bytes:
    """Return an MP4 that differs from others in a `free` box at its end alone, which decoders pass over."""
    return content + struct.pack(">I4sQ", 16, b"free", number)
