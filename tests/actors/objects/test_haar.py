"""Faces where there are faces, and nothing where there are none."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import faces as scores

from actors.backend import StageItem, StageStatus
from actors.errors import BackendUnavailable, BadInput
from actors.objects import haar
from actors.objects.haar import HaarFaces, HaarOptions
from actors.results import DetectedObjects, Media


@pytest.fixture(scope="module")
def backend() -> HaarFaces:
    loaded = HaarFaces(HaarOptions())
    loaded.load()
    return loaded


def media(*, has_video: bool = True) -> Media:
    return Media(container="mp4", has_video=has_video, has_audio=True, duration_s=1.0, size_bytes=1)


def noise(size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 255, size, dtype=np.uint8)


def text_card() -> NDArray[np.uint8]:
    card = np.full((640, 360), 240, np.uint8)
    for line, text in enumerate(("FACTS THAT", "SOUND FAKE", "8 0 O @ %")):
        cv2.putText(card, text, (10, 150 + 120 * line), 0, 1.7, 0, 6)
    return card


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros((640, 360), np.uint8), id="black"),
        pytest.param(np.full((640, 360), 255, np.uint8), id="white"),
        pytest.param(noise((640, 360)), id="noise"),
        pytest.param(cv2.GaussianBlur(noise((640, 360)), (0, 0), 9), id="soft noise"),
        pytest.param(np.tile(np.repeat([0, 255], 12), 15)[None, :].repeat(640, 0).astype(np.uint8), id="stripes"),
        pytest.param(np.linspace(0, 255, 640)[:, None].repeat(360, 1).astype(np.uint8), id="gradient"),
        pytest.param(text_card(), id="text card"),
        pytest.param(np.zeros((1, 1), np.uint8), id="one pixel"),
        pytest.param(np.zeros((4, 4000), np.uint8), id="a thin strip"),
    ],
)
def test_no_face_is_found_where_there_is_none(backend: HaarFaces, picture: NDArray[np.uint8]) -> None:
    assert backend.faces(picture) == ()


def test_a_video_without_pictures(backend: HaarFaces) -> None:
    (outcome,) = backend.run([StageItem("0" * 16, media=media(has_video=False))])
    assert outcome.status is StageStatus.NO_VIDEO


def test_an_outcome_per_video_and_a_tuple_per_keyframe(backend: HaarFaces) -> None:
    black = bytes(cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1])
    outcomes = backend.run([StageItem("0" * 16, media=media(), keyframes=(black,) * count) for count in (0, 2)])
    assert [outcome.data for outcome in outcomes] == [
        DetectedObjects(keyframes=()),
        DetectedObjects(keyframes=((), ())),
    ]


def test_an_unreadable_keyframe_is_bad_input(backend: HaarFaces) -> None:
    with pytest.raises(BadInput, match="keyframe 1"):
        backend.run([StageItem("0" * 16, media=media(), keyframes=(b"no picture",))])


@pytest.mark.parametrize(
    ("version", "says"),
    [
        pytest.param("4.10.0.84", None, id="cascades are there"),
        pytest.param("5.0.0.93", "OpenCV 5.0.0.93 is installed", id="OpenCV 5 has none"),
        pytest.param(None, "OpenCV is not installed", id="no OpenCV"),
    ],
)
def test_availability(monkeypatch: pytest.MonkeyPatch, version: str | None, says: str | None) -> None:
    monkeypatch.setattr(haar, "_opencv", lambda: version)
    reason = HaarFaces.available()
    assert reason is None if says is None else says in str(reason)
    assert reason is None or "pip install" in reason


def test_missing_cascades_are_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cv2, "__file__", str(tmp_path / "cv2.so"))
    with pytest.raises(BackendUnavailable, match=r"haarcascade_frontalface_alt2\.xml"):
        HaarFaces(HaarOptions()).load()


@pytest.mark.parametrize(
    ("fired", "found"),
    [
        pytest.param({haar.FRONTAL: (100, 100)}, 0, id="one frontal cascade alone is not believed"),
        pytest.param({haar.FRONTAL: (100, 100), haar.CONFIRMING: (35, 35)}, 1, id="two that agree are"),
        pytest.param({haar.FRONTAL: (100, 100), haar.CONFIRMING: (0, 0)}, 0, id="two at different places are not"),
        pytest.param({haar.PROFILE: (10, 100)}, 2, id="a profile is looked for in both directions"),
        pytest.param(
            {haar.FRONTAL: (120, 100), haar.CONFIRMING: (35, 35), haar.PROFILE: (110, 100)},
            1,
            id="a face seen both ways is one face",
        ),
    ],
)
def test_which_windows_are_believed(
    monkeypatch: pytest.MonkeyPatch, fired: dict[str, tuple[int, int]], found: int
) -> None:
    """Cascades that fire at fixed places of a 320-pixel picture; the confirming one sees a margin of 35 pixels."""

    class Scripted:
        def __init__(self, place: tuple[int, int] | None) -> None:
            self.place = place

        def detectMultiScale2(self, *_: object, **__: object) -> tuple[list[tuple[int, ...]], list[int]]:  # noqa: N802 - OpenCV's name
            return ([(*self.place, 100, 100)], [20]) if self.place else ([], [])

    backend = HaarFaces(HaarOptions())
    monkeypatch.setattr(
        backend,
        "_cascades",
        {name: Scripted(fired.get(name)) for name in (haar.FRONTAL, haar.CONFIRMING, haar.PROFILE)},
    )
    assert len(backend.faces(np.zeros((320, 320), np.uint8))) == found


@pytest.mark.corpus
def test_faces_of_the_corpus(backend: HaarFaces, corpus: Path) -> None:
    pictures = {path.name: path for path in (corpus / "faces").iterdir() if path.suffix in {".jpg", ".png"}}
    grey = {name: cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for name, path in pictures.items()}
    found = {name: backend.faces(picture) for name, picture in grey.items()}
    assert {name: len(faces) for name, faces in found.items()} == {
        "astronaut.png": 1,
        "dog_bicycle_truck.jpg": 0,
        "ivan.jpg": 1,
        "no-faces.jpg": 0,
        "obama.jpg": 1,
        "portrait_exif_orientation6.jpg": 1,
        "zidane.jpg": 1,
    }
    assert {(o.label, o.confidence) for faces in found.values() for o in faces} == {("face", None)}
    (obama,) = found["obama.jpg"]
    assert scores._holds(obama, ((617 + 349) / 2 / 910, (142 + 409) / 2 / 1137))


def test_precision_counts_frames_with_a_wrong_box_as_wrong() -> None:
    frames = [
        scores.JudgedFrame("a", 0.0, faces=1, found=1, false_boxes=0),
        scores.JudgedFrame("a", 1.0, faces=1, found=1, false_boxes=1),
        scores.JudgedFrame("a", 2.0, faces=0, found=0, false_boxes=1),
        scores.JudgedFrame("a", 3.0, faces=2, found=0, false_boxes=0),
    ]
    assert scores.frame_precision(frames) == pytest.approx(1 / 3)
