"""The durable results of the stages: small, JSON-able, kept in the ledger and read by fusion.

All times are presentation times in seconds. All boxes are `[x, y, width, height]`, 0-1, of the displayed frame.
Unknown is None, never a number that looks measured.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Box = tuple[float, float, float, float]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class Result(BaseModel):
    """Base of all stage results: frozen, closed, without NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Warned(Result):
    """Something a reader should know: a stable code, the field it touches, a sentence."""

    code: str
    field: str | None = None
    message: str


class FrameMeasures(Result):
    """What was measured on one keyframe (8-bit values of the displayed frame)."""

    brightness: Unit
    """Mean luma over 255."""
    contrast: Unit
    """Standard deviation of luma over 128, capped at 1."""
    sharpness: float
    """Variance of the Laplacian of the coded luma, sampled to a long side of about 512."""
    colours: tuple[tuple[str, Unit], ...] = ()
    """Named dominant colours with their share of the frame, largest first."""


class Shot(Result):
    """One shot: [start_s, end_s), its keyframe's time and measures; `transition` is how it began."""

    start_s: float
    end_s: float
    keyframe_s: float
    transition: Literal["start", "cut", "fade"] = "cut"
    motion: Unit | None = None
    """Mean absolute luma difference of neighbouring frames over 255; None for a shot of one frame."""
    measures: FrameMeasures | None = None


class Media(Result):
    """What decoding found out. `width` and `height` are as displayed; `rotation` is clockwise."""

    container: str
    codec: str | None = None
    audio_codec: str | None = None
    pixel_format: str | None = None
    hdr: bool = False
    has_video: bool
    has_audio: bool
    width: int | None = None
    height: int | None = None
    rotation: Literal[0, 90, 180, 270] = 0
    mirrored: bool = False
    frame_rate: float | None = None
    variable_frame_rate: bool | None = None
    bit_rate: int | None = None
    duration_s: float
    frames_decoded: int = 0
    size_bytes: int
    shots: tuple[Shot, ...] = ()
    frame_times_s: tuple[float, ...] = ()
    """Presentation times of the analysis frames; empty when none were wanted."""
    loudness_lufs: float | None = None
    """EBU R128 integrated loudness of the decoded sound; None without sound or below the gate."""
    warnings: tuple[Warned, ...] = ()


class Identity(Result):
    """The content's identity: SHA-256 in hex, of the pinned descriptor."""

    sha256: str


class Span(Result):
    """A stretch of time."""

    start_s: float
    end_s: float


class SpeechSpans(Result):
    """Where the voice-activity detector hears speech."""

    spans: tuple[Span, ...]
    speech_s: float


class Word(Result):
    """One spoken word. Times are None where the aligner could not place it; `timing` says how they came about."""

    word: str
    start_s: float | None
    end_s: float | None
    confidence: Unit | None
    speaker: str | None = None
    timing: Literal["aligned", "interpolated"] | None = "aligned"


class Segment(Result):
    """A stretch of speech with its text; `words` is the range [first, end) in the transcription's words."""

    start_s: float
    end_s: float
    text: str
    confidence: Unit | None = None
    speaker: str | None = None
    words: tuple[int, int] | None = None


class Transcription(Result):
    """What was said. `quality` is `draft` for recognisers that are not to be quoted."""

    language: str | None
    language_confidence: Unit | None = None
    quality: Literal["draft", "standard"]
    words: tuple[Word, ...] = ()
    segments: tuple[Segment, ...] = ()


class TextLine(Result):
    """One line of on-screen text in one frame."""

    text: str
    confidence: Unit
    box: Box


class TextOverlay(Result):
    """The same text over neighbouring frames: first and last sighting, and its box."""

    text: str
    start_s: float
    end_s: float
    box: Box
    confidence: Unit


class OnScreenText(Result):
    """Lines per keyframe (in the order of the shots) and overlays over the whole clip."""

    keyframes: tuple[tuple[TextLine, ...], ...]
    overlays: tuple[TextOverlay, ...]
    frames_read: int
    """How many analysis frames the recogniser really looked at."""


class DetectedObject(Result):
    """One object in a keyframe; confidence None where the model gives none."""

    label: str
    confidence: Unit | None
    box: Box


class DetectedObjects(Result):
    """Objects per keyframe, in the order of the shots."""

    keyframes: tuple[tuple[DetectedObject, ...], ...]


class Caption(Result):
    """A sentence about a keyframe."""

    text: str
    confidence: Unit | None


class Captions(Result):
    """One to three captions per keyframe, in the order of the shots."""

    keyframes: tuple[tuple[Caption, ...], ...]


class AudioSpan(Result):
    """A stretch of one kind of sound."""

    start_s: float
    end_s: float
    kind: Literal["speech", "music", "speech_over_music", "ambience", "silence"]


class AudioEvent(Result):
    """A sound event with the confidence its detector gave, or None."""

    label: str
    start_s: float
    end_s: float
    confidence: Unit | None = None


class AudioMeasuresResult(Result):
    """What the sound track is made of. Ratios are shares of the duration."""

    speech_ratio: Unit | None
    music_ratio: Unit | None
    tempo_bpm: float | None
    tempo_reason: str | None = None
    """Why there is no tempo."""
    spans: tuple[AudioSpan, ...] = ()
    events: tuple[AudioEvent, ...] | None = None
    """None when the backend has no detector for events; empty when it looked and found none."""


class FusionReceipt(Result):
    """What fusion wrote: the document's path relative to the output root, and the document's status."""

    document: str
    status: Literal["complete", "partial"]
    run_id: str


RESULT_TYPES: dict[str, type[Result]] = {
    "identify": Identity,
    "decode": Media,
    "vad": SpeechSpans,
    "asr": Transcription,
    "ocr": OnScreenText,
    "objects": DetectedObjects,
    "captions": Captions,
    "audio": AudioMeasuresResult,
    "fusion": FusionReceipt,
}
"""The model of each stage's durable result, by stage name."""
