"""Small clips made on the spot with PyAV, so that the tests of decoding mean something without the corpus."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from actors.backend import SourceRef, StageItem
from actors.errors import ActorError
from actors.media.backend import PyAvDecode

TICK = Fraction(1, 12_800)
AUDIO_RATE = 44_100
EVERYTHING = frozenset({"audio", "frames", "keyframes"})
RED, GREEN, BLUE, WHITE, BLACK = (220, 30, 30), (30, 200, 40), (30, 50, 220), (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip is to be: pictures at times (seconds), and a tone from `tone_s` to its end, if any."""

    pictures: Sequence[NDArray[np.uint8]]
    times_s: Sequence[float]
    tone: tuple[float, float] | None = None
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    matrix: tuple[int, ...] | None = None
    aspect: Fraction | None = None
    transfer: int | None = None

    @classmethod
    def steady(cls, pictures: Sequence[NDArray[np.uint8]], *, fps: float = 25, **rest: object) -> Clip:
        return cls(pictures, [i / fps for i in range(len(pictures))], **rest)


def textured(colour: tuple[int, int, int], *, seed: int, size: tuple[int, int] = (160, 96)) -> NDArray[np.uint8]:
    """A picture of blocks around one colour: sharp, and unlike another seed's."""
    width, height = size
    blocks = np.random.default_rng(seed).integers(-60, 60, (height // 8 + 1, width // 8 + 1, 1))
    noise = blocks.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    return np.clip(np.asarray(colour) + noise, 0, 255).astype(np.uint8)


def shots(
    *colours: tuple[int, int, int], frames: int = 25, size: tuple[int, int] = (160, 96)
) -> list[NDArray[np.uint8]]:
    """Pictures of one textured shot per colour, a little motion in each."""
    made = []
    for seed, colour in enumerate(colours):
        still = textured(colour, seed=seed, size=size)
        made += [np.roll(still, shift=i % 3, axis=1) for i in range(frames)]
    return made


def corners(size: tuple[int, int] = (160, 96)) -> NDArray[np.uint8]:
    """A picture whose four corners differ: red top left, green top right, blue bottom left, white bottom right."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = RED
    picture[: height // 2, width // 2 :] = GREEN
    picture[height // 2 :, : width // 2] = BLUE
    picture[height // 2 :, width // 2 :] = WHITE
    return picture


def write(path: Path, clip: Clip, *, title: str | None = None) -> Path:
    """Write the clip; the container follows from the suffix."""
    with av.open(str(path), "w") as out:
        if title is not None:
            out.metadata["title"] = title
        video = _video_stream(out, clip) if clip.pictures else None
        audio = out.add_stream("aac", rate=AUDIO_RATE, layout="mono") if clip.tone else None
        packets = list(_encoded_video(video, clip)) if video is not None else []
        if audio is not None and clip.tone is not None:
            packets += list(_encoded_tone(audio, *clip.tone))
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            out.mux(packet)
    return path


def source(path: Path | bytes) -> SourceRef:
    """The reference intake would hand over."""
    raw = os.fsencode(path)
    seen = os.lstat(raw)
    return SourceRef(raw, seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns)


def item(path: Path | bytes, wants: Iterable[str] = EVERYTHING) -> StageItem:
    """The item the scheduler would hand over."""
    return StageItem("v", source=source(path), wants=frozenset(wants))


def refusal(backend: PyAvDecode, path: Path | bytes) -> str:
    """The reason with which a file is refused; it comes with a message for people."""
    with pytest.raises(ActorError) as refused:
        backend.run([item(path)])
    assert len(str(refused.value)) > len(refused.value.reason), "a message for people"
    return refused.value.reason


def _video_stream(out: av.container.OutputContainer, clip: Clip) -> av.VideoStream:
    height, width = clip.pictures[0].shape[:2]
    video = out.add_stream(clip.codec, rate=25)
    video.width, video.height, video.pix_fmt = width, height, clip.pixel_format
    video.codec_context.time_base = TICK
    if clip.codec == "libx264":
        video.options = {"preset": "ultrafast", "crf": "10", "bf": "0"}
    if clip.matrix is not None:
        video.set_display_matrix(clip.matrix)
    if clip.aspect is not None:
        video.codec_context.sample_aspect_ratio = clip.aspect
    if clip.transfer is not None:
        video.codec_context.color_trc = clip.transfer
    return video


def _encoded_video(video: av.VideoStream, clip: Clip) -> Iterable[av.Packet]:
    for picture, time_s in zip(clip.pictures, clip.times_s, strict=True):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame = frame.reformat(format=clip.pixel_format)
        frame.pts, frame.time_base = round(time_s / TICK), TICK
        yield from video.encode(frame)
    yield from video.encode(None)


def _encoded_tone(audio: av.AudioStream, start_s: float, end_s: float) -> Iterable[av.Packet]:
    count = round((end_s - start_s) * AUDIO_RATE)
    samples = (0.5 * np.sin(2 * np.pi * 440 * np.arange(count) / AUDIO_RATE)).astype(np.float32)
    for begin in range(0, count, 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, begin : begin + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = AUDIO_RATE, Fraction(1, AUDIO_RATE)
        frame.pts = round(start_s * AUDIO_RATE) + begin
        yield from audio.encode(frame)
    yield from audio.encode(None)
