"""Files made byte by byte, and an intake driven by a clock that moves only when told to."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from service.clock import FakeClock
from service.intake.fake_ledger import FakeLedger
from service.intake.intake import Intake
from service.intake.settings import IntakeSettings
from service.ledger.states import State


def box(kind: bytes, body: bytes = b"", *, wide: bool = False) -> bytes:
    """An ISO-BMFF box with a 32-bit or a 64-bit size."""
    if wide:
        return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body
    return struct.pack(">I4s", 8 + len(body), kind) + body


class Media:
    """Small files whose structure is right, and nothing else is."""

    box = staticmethod(box)

    @staticmethod
    def moov(chunk_offsets: tuple[int, ...] = (), *, handler: bytes = b"vide") -> bytes:
        stco = box(
            b"stco", struct.pack(">II", 0, len(chunk_offsets)) + b"".join(struct.pack(">I", o) for o in chunk_offsets)
        )
        media = box(b"hdlr", bytes(8) + handler + bytes(12)) + box(b"minf", box(b"stbl", stco))
        return box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", box(b"mdia", media)))

    @classmethod
    def mp4(cls, payload: bytes = b"\x00\x00\x00\x10pictures" * 200) -> bytes:
        """ftyp, mdat, moov, as a camera writes it."""
        ftyp = box(b"ftyp", b"isom\x00\x00\x02\x00isommp41")
        return ftyp + box(b"mdat", payload) + cls.moov((len(ftyp) + 8,))

    @classmethod
    def faststart(cls, payload: bytes = b"\x00\x00\x00\x10pictures" * 200) -> bytes:
        """ftyp, moov, mdat; two chunks."""
        ftyp = box(b"ftyp", b"isom\x00\x00\x02\x00isommp41")
        start = len(ftyp) + len(cls.moov((0, 0))) + 8
        return ftyp + cls.moov((start, start + len(payload) // 2)) + box(b"mdat", payload)

    @classmethod
    def fragmented(cls, *, fragments: int = 3, mfra: bool = False) -> bytes:
        parts = box(b"ftyp", b"iso5\x00\x00\x02\x00iso5") + cls.moov()
        parts += (box(b"moof", bytes(40)) + box(b"mdat", b"pictures" * 50)) * fragments
        return parts + (box(b"mfra", bytes(20)) if mfra else b"")

    @staticmethod
    def mkv(payload: bytes = b"pictures" * 100, *, size: int | None = -1, declared: int | None = None) -> bytes:
        """An EBML header and a segment; size None is the unknown size of a live recording."""
        header = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"
        cluster = b"\x1f\x43\xb6\x75" + struct.pack(">Q", (1 << 56) | len(payload)) + payload
        length = len(cluster) if declared is None else declared
        encoded = b"\x01" + b"\xff" * 7 if size is None else struct.pack(">Q", (1 << 56) | length)
        return header + b"\x18\x53\x80\x67" + encoded + cluster

    @staticmethod
    def avi(payload: bytes = b"pictures" * 100, *, index: bytes = b"index...", declared: int | None = None) -> bytes:
        body = b"AVI LIST" + struct.pack("<I", 4 + len(payload)) + b"movi" + payload
        if index:
            body += b"idx1" + struct.pack("<I", len(index)) + index
        return b"RIFF" + struct.pack("<I", len(body) if declared is None else declared) + body

    @staticmethod
    def ts(packets: int = 10, *, length: int = 188) -> bytes:
        lead = b"time" if length == 192 else b""
        return (lead + b"\x47" + b"p" * (length - len(lead) - 1)) * packets


@pytest.fixture(scope="session")
def media() -> type[Media]:
    return Media


@dataclass
class Events:
    """Collects what intake says."""

    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, event: str, /, **fields: Any) -> None:
        self.seen.append((event, fields))

    def names(self) -> list[str]:
        return [event for event, _ in self.seen]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.seen if name == event]


@dataclass
class Bench:
    """An intake over a real folder, a fake ledger and a fake clock, with scans only unless a watch is given."""

    root: Path
    clock: FakeClock = field(default_factory=FakeClock)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    events: Events = field(default_factory=Events)
    settings: IntakeSettings = field(default_factory=IntakeSettings)
    options: dict[str, Any] = field(default_factory=lambda: {"watch_factory": None})
    intake: Intake | None = None

    def start(self) -> Intake:
        self.intake = Intake(
            [os.fsencode(self.root)], self.settings, self.ledger, self.events, self.clock, **self.options
        )
        self.intake.start()
        return self.intake

    def restart(self) -> Intake:
        assert self.intake is not None
        self.intake.stop()
        return self.start()

    def run(self, seconds: float, *, step_s: float = 0.5) -> None:
        """Let time pass, a step each half second."""
        intake = self.intake or self.start()
        for _ in range(max(1, round(seconds / step_s))):
            intake.step(self.clock.monotonic())
            self.clock.advance(step_s)
        intake.step(self.clock.monotonic())

    def drop(self, name: str | bytes, content: bytes) -> Path:
        path = self.root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def states(self) -> dict[str, State]:
        return {os.fsdecode(path): state for path, state in self.ledger.states().items()}

    def row(self, name: str) -> Any:
        return self.ledger.latest(os.fsencode(self.root), os.fsencode(name))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    root = tmp_path / "inbox"
    root.mkdir()
    made = Bench(root)
    yield made
    if made.intake is not None:
        made.intake.stop()


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Poll until a condition holds; for what real threads and processes do in their own time."""

    def poll(
        condition: Callable[[], bool], *, within_s: float = 10.0, meanwhile: Callable[[], None] | None = None
    ) -> None:
        end = time.monotonic() + within_s
        while not condition():
            if meanwhile is not None:
                meanwhile()
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.02)

    return poll
