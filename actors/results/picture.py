"""What is seen: text, objects, sentences, and which keyframes are worth showing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from actors.results.base import Box, Result, Unit


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


class KeyframeVerdict(Result):
    """Whether a keyframe is worth showing, and if not, why; `duplicate_of` is the index of an earlier shot."""

    dropped: Literal["black", "blurred", "duplicate"] | None = None
    duplicate_of: int | None = None
    embedding: str | None = None
    """CLIP's image vector, unit length: base64 of little-endian float16; None where no such model looked."""


class RepresentativeFrame(Result):
    """A keyframe that stands for the clip: the index of its shot, and the prompt it is nearest to, if any."""

    shot: int
    prompt: str | None = None
    similarity: Annotated[float, Field(ge=-1.0, le=1.0)] | None = None
    """Cosine of image and prompt; None where frames were chosen without a model."""


class FrameSelection(Result):
    """A verdict per keyframe (in the order of the shots) and the two to five that stand for the clip, in time."""

    keyframes: tuple[KeyframeVerdict, ...]
    representative: tuple[RepresentativeFrame, ...]
