"""What decoding would hand to the models for a short video, made up once: the decoder is not what is measured here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from actors.backend import Outcome, Payloads, StageItem, StageStatus
from actors.host import ActorHost
from actors.pool.base import ActorSpec, Host, HostReport
from actors.results import FrameMeasures, Identity, Media, Shot

MEDIA_S, SHOTS = 30.0, 10
WIDTH, HEIGHT = 1080, 1920


def bench_host(spec: ActorSpec) -> Host:
    """Return the real host for every actor but the decoder."""
    return DecodedHost() if spec.role == "media" else ActorHost(spec)


class DecodedHost:
    """Answers for the decoder at once."""

    def load(self) -> HostReport:
        return HostReport(os.getpid(), 0.0)

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        media, payloads = decoded()
        if operation == "decode":
            return [Outcome(StageStatus.DONE, data=media, payloads=payloads) for _ in items]
        numbers = [item.source.inode if item.source else 0 for item in items]
        return [Outcome(StageStatus.DONE, data=Identity(sha256=f"{number:064x}")) for number in numbers]

    def close(self) -> None: ...


@cache
def decoded() -> tuple[Media, Payloads]:
    """Return 30 s with 10 shots, upright full HD, a keyframe each of shapes that detectors have work with."""
    measures = FrameMeasures(brightness=0.5, contrast=0.3, sharpness=100.0)
    length_s = MEDIA_S / SHOTS
    shots = tuple(
        Shot(
            start_s=n * length_s,
            end_s=(n + 1) * length_s,
            keyframe_s=(n + 0.5) * length_s,
            transition="cut" if n else "start",
            measures=measures,
        )
        for n in range(SHOTS)
    )
    media = Media(
        container="mp4",
        codec="h264",
        has_video=True,
        has_audio=False,
        width=WIDTH,
        height=HEIGHT,
        duration_s=MEDIA_S,
        size_bytes=1,
        shots=shots,
    )
    return media, Payloads(keyframes=tuple(_keyframe(n) for n in range(SHOTS)))


def _keyframe(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    canvas = np.full((HEIGHT, WIDTH, 3), rng.integers(40, 200), np.uint8)
    for _ in range(40):
        x, y = int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT))
        colour = tuple(int(level) for level in rng.integers(0, 256, 3))
        cv2.ellipse(canvas, (x, y), (int(rng.integers(20, 200)), 60), 30, 0, 360, colour, -1)
    return bytes(cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 88])[1])
