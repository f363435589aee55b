"""Makes the clips that the speed benches decode, and keeps them: `python tests/bench/clips.py [FOLDER]`.

A clip is what a phone or a short-video platform gives: 30 s of 1080x1920 at 30 frames a second in H.264 with AAC sound,
ten hard cuts, and a title in each shot. The pictures are textures that drift with grain on top, so that the bit rate
asked for is really used.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, RATE = 1080, 1920, 30
DURATION_S = 30
CUTS = 10
SOUND_RATE = 44_100
GRAINS = 8
REVISION = 1
"""Raised whenever the pictures or the encoding change, so that no clip of an earlier kind is taken from the cache."""
_REACHED = 0.1
"""A clip whose bit rate is further from the one asked for than this is no basis for a figure."""
_TITLES = ("Good morning", "New arrivals", "Only 20 dollars", "Swipe up", "Made by hand", "Free shipping")


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """What a clip is to be; the seed makes its pictures, its cuts and its titles unlike another's."""

    seed: int
    mbit_s: int

    @property
    def name(self) -> str:
        """The file's name without suffix."""
        return f"clip{self.seed}-{self.mbit_s}mbit-r{REVISION}"

    def cuts(self) -> list[int]:
        """Return the first frame of every shot but the first, 1.5 s apart at least."""
        chance = np.random.default_rng(self.seed)
        shots = CUTS + 1
        usual = DURATION_S * RATE / shots
        return [round(number * usual + chance.uniform(-0.2, 0.2) * usual) for number in range(1, shots)]


LOW, HIGH = ClipSpec(1, 1), ClipSpec(2, 6)
BATCH = tuple(ClipSpec(seed, mbit_s) for seed, mbit_s in enumerate((1, 6, 1, 6, 1, 6, 1, 6), start=1))
"""Eight different clips, four of each bit rate."""


def clip(spec: ClipSpec, *, folder: Path | None = None) -> Path:
    """Return the clip's file, made where it is not there yet; raises `ValueError` when the bit rate is missed."""
    folder = folder or cache()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{spec.name}.mp4"
    if not path.exists():
        unfinished = path.with_suffix(".part.mp4")
        _write(unfinished, spec)
        reached = 8 * unfinished.stat().st_size / DURATION_S / 1e6
        if abs(reached / spec.mbit_s - 1) > _REACHED:
            raise ValueError(f"{unfinished}: {reached:.2f} Mbit/s where {spec.mbit_s} were asked for")
        unfinished.rename(path)
    return path


def cache() -> Path:
    """Return the folder where clips are kept between runs."""
    return Path(tempfile.gettempdir()) / "reelwatch-bench"


def _write(path: Path, spec: ClipSpec) -> None:
    import av

    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate = spec.mbit_s * 1_000_000 - 96_000
        peak = str(2 * video.bit_rate)
        video.options = {"preset": "veryfast", "maxrate": peak, "bufsize": peak, "g": str(2 * RATE)}
        sound = out.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        sound.bit_rate = 96_000
        packets = [*_encoded(video, _pictures(spec)), *_encoded(sound, _sound(spec))]
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            out.mux(packet)


def _encoded(stream: Any, frames: Iterator[Any]) -> Iterator[Any]:
    for frame in frames:
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _pictures(spec: ClipSpec) -> Iterator[Any]:
    import av

    chance = np.random.default_rng(spec.seed)
    starts = [0, *spec.cuts(), DURATION_S * RATE]
    grains = [chance.normal(0.0, 3.0 + spec.mbit_s, (HEIGHT, WIDTH)).astype(np.int16) for _ in range(GRAINS)]
    number = 0
    for start, end in pairwise(starts):
        luma, chroma = _texture(chance)
        title, top = _title(_TITLES[int(chance.integers(len(_TITLES)))]), int(chance.integers(200, HEIGHT - 400))
        for _ in range(start, end):
            drift = 4 * (number - start)
            moved = np.roll(luma, drift, axis=0)[:HEIGHT, :WIDTH] + grains[number % GRAINS]
            moved[top : top + title.shape[0], 90 : 90 + title.shape[1]] += title
            planes = [np.clip(moved, 16, 235).astype(np.uint8), *(np.roll(c, drift // 2, axis=0) for c in chroma)]
            frame = av.VideoFrame.from_ndarray(_stacked(planes), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            yield frame
            number += 1


def _texture(chance: np.random.Generator) -> tuple[NDArray[np.int16], list[NDArray[np.uint8]]]:
    """Return luma and chroma of one shot: noise of several sizes around a level and colours of its own."""
    import cv2

    luma = np.full((HEIGHT, WIDTH), chance.uniform(70, 180), np.float32)
    for side, height in ((6, 40.0), (24, 25.0), (96, 15.0)):
        coarse = chance.normal(0.0, height, (side, max(2, side * WIDTH // HEIGHT))).astype(np.float32)
        luma += cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    size = (HEIGHT // 2, WIDTH // 2)
    chroma = [np.full(size, level, np.uint8) for level in chance.integers(80, 176, 2)]
    return luma.astype(np.int16), chroma


def _title(text: str) -> NDArray[np.int16]:
    """Return white letters as what they add to the luma below them."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("L", (900, 130), 0)
    font = ImageFont.load_default(size=96)
    ImageDraw.Draw(image).text((10, 5), text, font=font, fill=255)
    return np.asarray(image, np.int16)


def _stacked(planes: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return the three planes in the one array PyAV takes: rows of the luma's width, the chroma's two to a row."""
    return np.concatenate([planes[0], *(plane.reshape(-1, WIDTH) for plane in planes[1:])])


def _sound(spec: ClipSpec) -> Iterator[Any]:
    import av

    times = np.arange(DURATION_S * SOUND_RATE) / SOUND_RATE
    noise = np.random.default_rng(spec.seed).normal(0.0, 0.05, times.size)
    wave = (0.2 * np.sin(2 * np.pi * (220 + 40 * spec.seed) * times) * (1 + np.sin(4 * times)) + noise).astype(
        np.float32
    )
    for start in range(0, wave.size, 1024):
        part = wave[start : start + 1024]
        frame = av.AudioFrame.from_ndarray(np.stack([part, 0.8 * part]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        yield frame


def main() -> None:
    """Make all clips and say where they lie."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    for spec in BATCH:
        path = clip(spec, folder=folder)
        print(path, f"{8 * path.stat().st_size / DURATION_S / 1e6:.2f} Mbit/s")  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
