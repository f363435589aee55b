"""Actors that look inside nothing: real fusion, real hashing, and canned results for every model.

For tests of everything around the models: intake, ledger, scheduler, driver, fusion and the file system are the
product's own; only what a model would say is made up, from the content's hash, so that a mix-up shows.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from functools import cache

from actors.backend import Failure, Outcome, Payloads, StageItem, StageStatus
from actors.errors import SourceChanged
from actors.host import ActorHost
from actors.media.source import open_source, sha256_of, verify
from actors.pool.base import ActorSpec, Host, HostReport
from actors.results import (
    AudioMeasuresResult,
    Captions,
    DetectedObjects,
    FrameMeasures,
    FrameSelection,
    Identity,
    KeyframeVerdict,
    Media,
    OnScreenText,
    RepresentativeFrame,
    Shot,
    SpeechSpans,
    Transcription,
    Word,
)

SHOTS = 2


def cheap_host(spec: ActorSpec) -> Host:
    """Return the real fusion, and a canned host for every other actor."""
    return ActorHost(spec) if spec.role == "fusion" else CannedHost(spec)


class CannedHost:
    """Answers every stage at once with a small result."""

    def __init__(self, _spec: ActorSpec) -> None: ...

    def load(self) -> HostReport:
        return HostReport(os.getpid(), 0.0)

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        try:
            return [canned(operation, item) for item in items]
        except SourceChanged as exc:
            return [Outcome(StageStatus.FAILED, reason=exc.reason, failure=Failure.SOURCE_CHANGED)]

    def close(self) -> None: ...


def canned(operation: str, item: StageItem) -> Outcome:
    if operation in {"identify", "decode"}:
        assert item.source is not None
        descriptor = open_source(item.source)
        try:
            sha256 = sha256_of(descriptor, item.source)
            verify(descriptor, item.source)
        finally:
            os.close(descriptor)
        if operation == "identify":
            return Outcome(StageStatus.DONE, data=Identity(sha256=sha256))
        seen = media(item.source.size)
        return Outcome(StageStatus.DONE, data=seen, payloads=Payloads(keyframes=(jpeg(),) * SHOTS))
    word = Word(word=item.video_id, start_s=0.1, end_s=0.4, confidence=0.9)
    none: tuple[()] = ()
    data = {
        "vad": SpeechSpans(spans=(), speech_s=0.0),
        "asr": Transcription(language="en", quality="draft", words=(word,)),
        "ocr": OnScreenText(keyframes=(none,) * SHOTS, overlays=(), frames_read=0),
        "objects": DetectedObjects(keyframes=(none,) * SHOTS),
        "captions": Captions(keyframes=(none,) * SHOTS),
        "frames": FrameSelection(
            keyframes=(KeyframeVerdict(),) * SHOTS,
            representative=tuple(RepresentativeFrame(shot=shot) for shot in range(SHOTS)),
        ),
        "audio": AudioMeasuresResult(speech_ratio=None, music_ratio=None, tempo_bpm=None),
    }
    return Outcome(StageStatus.DONE, data=data[operation], backend=f"{operation}.canned", model="canned")


def media(size_bytes: int) -> Media:
    measures = FrameMeasures(brightness=0.5, contrast=0.5, sharpness=100.0)
    shots = tuple(
        Shot(start_s=i, end_s=i + 1.0, keyframe_s=i + 0.5, transition="cut" if i else "start", measures=measures)
        for i in range(SHOTS)
    )
    return Media(
        container="mp4",
        codec="h264",
        has_video=True,
        has_audio=True,
        width=16,
        height=16,
        duration_s=float(SHOTS),
        size_bytes=size_bytes,
        shots=shots,
    )


@cache
def jpeg() -> bytes:
    import cv2
    import numpy as np

    return bytes(cv2.imencode(".jpg", np.full((16, 16, 3), 128, np.uint8))[1])


def mp4(payload: bytes) -> bytes:
    """Return a file that is an MP4 to every gate: closed boxes, a moov, and `payload` as its media."""
    boxes = ((b"ftyp", b"isom\0\0\2\0isomiso2mp41"), (b"moov", bytes(100)), (b"mdat", payload))
    return b"".join(struct.pack(">I", 8 + len(body)) + kind + body for kind, body in boxes)
