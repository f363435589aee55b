"""Makes the videos that writers write: real, of a few MiB, and alike but for their last bytes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import bad_files
import numpy as np

SIZE = (320, 180)
FRAMES = 30
RATE = 25


class Videos:
    """Models are made once. A video is a model and, behind it, an element that players skip and that tells it apart.

    Alike for megabytes: an intake that compared heads of files, as many do, would take them for one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._models: dict[str, bytes] = {}

    def make(self, name: str, suffix: str) -> Path:
        """Write one; `name` makes the difference."""
        path = self._folder / f"{name}{suffix}"
        path.write_bytes(self._model(suffix) + _tail(suffix, name.encode()))
        return path

    def _model(self, suffix: str) -> bytes:
        if suffix not in self._models:
            path = self._folder / f"model{suffix}"
            # The index comes first: what is cut off looks whole to whoever believes the header.
            _noise(path, options={"movflags": "+faststart"} if suffix == ".mp4" else {})
            self._models[suffix] = path.read_bytes()
        return self._models[suffix]


def _noise(path: Path, *, options: dict[str, str]) -> None:
    """Encode noise: few pixels to decode, and megabytes to copy."""
    random = np.random.default_rng(4)
    with av.open(str(path), "w", container_options=options) as out:
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "qp": "8"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for _ in range(FRAMES):
            picture = random.integers(0, 256, (SIZE[1] * 3 // 2, SIZE[0]), dtype=np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        out.mux(stream.encode())


def _tail(suffix: str, name: bytes) -> bytes:
    if suffix == ".mp4":
        return bad_files.box(b"free", name)
    if suffix == ".mkv":
        return b"\xec" + bytes([0x80 | len(name)]) + name  # RFC 8794, 11.3.2: a Void element
    assert suffix == ".ts"
    null_packet = b"\x47\x1f\xff\x10"  # ISO/IEC 13818-1, 2.4.1: PID 0x1FFF carries nothing
    return null_packet + name.ljust(184, b"\xff")[:184]
