"""One video's outcomes, fixed, from which fusion's tests start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from actors import results as r
from actors.backend import Outcome, StageItem, StageStatus
from actors.fusion.request import FusionRequest, Sidecar

SHA256 = "0123456789abcdef" * 4
BOX = (0.1, 0.2, 0.30004, 0.4)


def jpeg(label: str) -> bytes:
    """Bytes with JPEG's first and last marker; what is between them tells pictures apart."""
    return b"\xff\xd8" + label.encode() + b"\xff\xd9"


def done(backend: str, data: r.Result, *, model: str = "", seconds: float = 0.5) -> Outcome:
    return Outcome(StageStatus.DONE, data=data, backend=backend, model=model or f"{backend} 1", seconds=seconds)


def media(*, shots: int = 3) -> r.Media:
    edges = [0.0, 1.50049, 3.2, 6.00061, *(7.0 + n for n in range(shots))][: shots + 1]
    return r.Media(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        codec="h264",
        audio_codec="aac",
        pixel_format="yuv420p",
        has_video=True,
        has_audio=True,
        width=1080,
        height=1920,
        rotation=90,
        frame_rate=29.97002997,
        variable_frame_rate=False,
        bit_rate=1_200_000,
        duration_s=edges[-1],
        frames_decoded=180,
        size_bytes=900_123,
        shots=tuple(r.Shot(start_s=start, end_s=end, keyframe_s=start) for start, end in pairwise(edges)),
        loudness_lufs=-14.237,
        warnings=(r.Warned(code="packets_skipped", field="media", message="2 broken packets were skipped"),),
    )


def transcription() -> r.Transcription:
    def word(text: str, start_s: float | None, end_s: float | None, confidence: float | None = 0.71239) -> r.Word:
        timing = None if start_s is None else "aligned"
        return r.Word(word=text, start_s=start_s, end_s=end_s, confidence=confidence, timing=timing)

    return r.Transcription(
        language="no",
        language_confidence=0.98765,
        quality="draft",
        words=(
            word(" Hei", 0.12, 0.3504),
            word("alle", 0.36, 0.56),
            word("sammen", 1.4, 1.7),
            word(",", None, None, None),
            word("i", 2.0, 2.0001),
            word("dag", 3.1, 3.4),
            word("43.000", None, None, None),
            word("kroner!", 5.0, 5.5),
        ),
        segments=(
            r.Segment(start_s=0.12, end_s=2.0, text=" Hei alle sammen,", confidence=0.5, words=(0, 4)),
            r.Segment(start_s=2.0, end_s=5.5, text="i dag 43.000 kroner!", words=(4, 8)),
        ),
    )


def selection(*, shots: int = 3) -> r.FrameSelection:
    """The second keyframe repeats the first, the last one is black; the first one stands for the clip."""
    verdicts = [r.KeyframeVerdict(embedding="AAA="), r.KeyframeVerdict(dropped="duplicate", duplicate_of=0)]
    verdicts += [r.KeyframeVerdict(dropped="black")] * shots
    chosen = (r.RepresentativeFrame(shot=0, prompt="a close-up of a product", similarity=0.27345),)
    return r.FrameSelection(keyframes=tuple(verdicts[:shots]), representative=chosen if shots else ())


def outcomes(*, shots: int = 3) -> dict[str, Outcome]:
    line = r.TextLine(text="BLÅBÆR  50%", confidence=0.91234, box=BOX)
    seen = (line, r.TextLine(text="nå", confidence=0.8, box=BOX))
    return {
        "decode": done("decode.pyav", media(shots=shots), model="PyAV 18.1.0"),
        "vad": done("vad.silero", r.SpeechSpans(spans=(r.Span(start_s=0.1, end_s=5.6),), speech_s=5.5)),
        "asr": done("asr.pocketsphinx", transcription(), seconds=1.23456),
        "diarization": Outcome(StageStatus.DISABLED, reason="the profile does not ask for it"),
        "ocr": done(
            "ocr.rapidocr",
            r.OnScreenText(
                keyframes=(seen, *((),) * (shots - 1)),
                overlays=(r.TextOverlay(text="BLÅBÆR 50%", start_s=0.1, end_s=1.4, box=BOX, confidence=0.9),),
                frames_read=4,
            ),
        ),
        "objects": done(
            "objects.haar",
            r.DetectedObjects(
                keyframes=((r.DetectedObject(label="face", confidence=None, box=BOX),), *((),) * (shots - 1))
            ),
        ),
        "captions": done(
            "captions.composed",
            r.Captions(keyframes=((r.Caption(text="A face, close.", confidence=None),),) * shots),
            model="composed",
        ),
        "frames": done("frames.clip", selection(shots=shots), model="clip 1"),
        "audio": done(
            "audio.measures",
            r.AudioMeasuresResult(
                speech_ratio=0.612345,
                music_ratio=0.1,
                tempo_bpm=None,
                tempo_reason="librosa is not installed: pip install reelwatch[audio]",
                spans=(r.AudioSpan(start_s=0.0, end_s=6.00061, kind="speech"),),
            ),
        ),
    }


EXPECTED = ("decode", "vad", "asr", "ocr", "objects", "captions", "frames", "audio")
INFO_JSON = b"""{"id": "7234567890123456789", "extractor": "TikTok", "title": "Bl\\u00e5b\\u00e6r...",
"description": "Bl\\u00e5b\\u00e6r til halv pris #Bl\\u00e5b\\u00e6r #fyp", "uploader": "kari", "channel": "Kari N.",
"timestamp": 1759602600, "view_count": 1200, "like_count": 34, "comment_count": 5, "repost_count": 0,
"tags": ["not", "hashtags"]}"""


@pytest.fixture
def output(tmp_path: Path) -> Path:
    root = tmp_path / "output"
    root.mkdir()
    return root


@pytest.fixture
def make_item(output: Path) -> Callable[..., StageItem]:
    """Return an item; keyword arguments replace fields of its request, `results` and `keyframes` those of the item."""

    def make(
        *, shots: int = 3, results: dict[str, Outcome] | None = None, label: str = "old", **request: Any
    ) -> StageItem:
        fields: dict[str, Any] = {
            "output_root": bytes(output),
            "name": "tips/blåbær",
            "run_id": "7.1",
            "filename": "blåbær.mp4",
            "relative_path": "tips/blåbær.mp4",
            "also_at": ("kopi/blåbær.mp4",),
            "sha256": SHA256,
            "profile": "embedded",
            "version": "0.1.0",
            "sidecars": (Sidecar("blåbær.info.json", INFO_JSON),),
            "settings_key": "5e77" * 16,
            "expected": EXPECTED,
            "timings": {"queued_s": 0.2504, "decode_s": 1.0},
        }
        return StageItem(
            video_id=SHA256[:16],
            media=media(shots=shots),
            keyframes=tuple(jpeg(f"{label} {n}") for n in range(shots)),
            results=outcomes(shots=shots) | (results or {}),
            fusion=FusionRequest(**(fields | request)),
        )

    return make


@pytest.fixture
def without_keyframes() -> Callable[[StageItem], StageItem]:
    return lambda item: replace(item, keyframes=None)
