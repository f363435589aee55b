"""Holds the service at named moments, so that a test can do something to a file then; both sides of it.

A gate is a file: while it lies in the folder, whoever comes to the gate waits, and says so by a file `<gate>.reached`.

    claim             nothing is claimed; what settles stays queued
    identify <name>   the job of that file is claimed, and the file not opened yet
    decode <name>     the file is open and hashed, and decoding has not begun
    fuse <name>       everything is known of the video whose document has that name, and nothing is written
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLAIM = "claim"
_POLL_S = 0.01
_REACHED = ".reached"


@dataclass(frozen=True)
class Gates:
    """The test's side."""

    folder: Path

    def shut(self, *names: str) -> None:
        """Shut gates that nobody has come to yet."""
        self.folder.mkdir(exist_ok=True)
        for name in names:
            (self.folder / name).touch()

    def reached(self) -> list[str]:
        """Return the shut gates at which the service waits."""
        found = (path.name.removesuffix(_REACHED) for path in self.folder.glob(f"*{_REACHED}"))
        return sorted(name for name in found if (self.folder / name).exists())

    def open(self, name: str) -> None:
        """Let the service through, now and from now on."""
        (self.folder / name).unlink()


def arm(folder: Path) -> None:
    """Put the gates into this process; before the service starts."""
    from actors.fusion import backend as fusion
    from actors.media import backend as media
    from actors.media import decoder
    from service.ledger.jobs import DriverSide

    claim, identify, decode, publish = DriverSide.claim, media.PyAvDecode._identify, decoder.decode, fusion.publish

    def held_claim(*args: Any, **kwargs: Any) -> Any:
        return [] if (folder / CLAIM).exists() else claim(*args, **kwargs)

    def held_identify(backend: Any, ref: Any) -> Any:
        _wait(folder, f"identify {_name(ref.path)}")
        return identify(backend, ref)

    def held_decode(fd: int, ref: Any, **options: Any) -> Any:
        _wait(folder, f"decode {_name(ref.path)}")
        return decode(fd, ref, **options)

    def held_publish(document: Any, request: Any, keyframes: Any) -> None:
        _wait(folder, f"fuse {_name(request.name.encode())}")
        publish(document, request, keyframes)

    DriverSide.claim = held_claim  # type: ignore[method-assign]
    media.PyAvDecode._identify = held_identify  # type: ignore[method-assign]
    decoder.decode = held_decode
    fusion.publish = held_publish


def _name(path: bytes) -> str:
    return os.fsdecode(path.rpartition(b"/")[2])


def _wait(folder: Path, gate: str) -> None:
    shut = folder / gate
    if shut.exists():
        (folder / f"{gate}{_REACHED}").touch()
    while shut.exists():
        time.sleep(_POLL_S)
