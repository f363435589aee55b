"""The backend: a caption per keyframe, from results that are there."""

from __future__ import annotations

import pytest

from actors.backend import BackendOptions, Outcome, StageItem, StageStatus
from actors.captions.composed import ComposedCaptions
from actors.results import Captions, DetectedObject, DetectedObjects, Media, OnScreenText, Shot, TextLine

LINE = TextLine(text="Link in bio", confidence=0.99, box=(0.3, 0.8, 0.4, 0.05))
FACE = DetectedObject(label="face", confidence=None, box=(0.4, 0.4, 0.2, 0.2))
TEXT = Outcome(StageStatus.DONE, data=OnScreenText(keyframes=((LINE,), ()), overlays=(), frames_read=1))
FACES = Outcome(StageStatus.DONE, data=DetectedObjects(keyframes=((FACE,), ())), backend="objects.haar")
NOUNS = Outcome(StageStatus.DONE, data=DetectedObjects(keyframes=((), ())), backend="objects.grounding_dino")
FAILED = Outcome(StageStatus.FAILED, reason="out_of_memory")
UNAVAILABLE = Outcome(StageStatus.UNAVAILABLE, reason="not installed")


def media(*, has_video: bool = True) -> Media:
    shots = tuple(Shot(start_s=t, end_s=t + 1, keyframe_s=t) for t in (0.0, 1.0)) if has_video else ()
    return Media(container="mp4", has_video=has_video, has_audio=True, duration_s=2.0, size_bytes=1, shots=shots)


def captions(results: dict[str, Outcome]) -> list[str]:
    (outcome,) = ComposedCaptions(BackendOptions()).run([StageItem("0" * 16, media=media(), results=results)])
    assert isinstance(outcome.data, Captions)
    assert [len(found) for found in outcome.data.keyframes] == [1, 1]
    assert all(c.confidence is None for found in outcome.data.keyframes for c in found)
    return [found[0].text for found in outcome.data.keyframes]


@pytest.mark.parametrize(
    ("results", "said"),
    [
        pytest.param(
            {"ocr": TEXT, "objects": FACES},
            [
                "A medium shot shows a face in the centre, with the text “Link in bio” at the bottom.",
                "No face and no text was found.",
            ],
            id="both",
        ),
        pytest.param(
            {"ocr": TEXT, "objects": FAILED},
            ["The text “Link in bio” at the bottom is on screen.", "No text was found."],
            id="faces failed: nothing is said of them",
        ),
        pytest.param(
            {"ocr": UNAVAILABLE, "objects": FACES},
            ["A medium shot shows a face in the centre.", "No face was found."],
            id="text unavailable: nothing is said of it",
        ),
        pytest.param(
            {"objects": NOUNS},
            ["Nothing was measured on this picture."] * 2,
            id="a detector that does not look for faces says nothing about them",
        ),
        pytest.param({}, ["Nothing was measured on this picture."] * 2, id="neither was asked for"),
    ],
)
def test_what_is_said_of_what_there_is(results: dict[str, Outcome], said: list[str]) -> None:
    assert captions(results) == said


def test_a_video_without_pictures() -> None:
    (outcome,) = ComposedCaptions(BackendOptions()).run([StageItem("0" * 16, media=media(has_video=False))])
    assert outcome.status is StageStatus.NO_VIDEO


def test_the_model_is_called_composed() -> None:
    assert ComposedCaptions.model_revision(BackendOptions()) == "composed 1"
