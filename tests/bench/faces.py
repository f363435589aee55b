"""Scores of face detection over labelled frames of the corpus: `python tests/bench/faces.py CORPUS`."""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# The tables are scripts beside one another, run from a checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from frame_files import jpeg, keyframe_jpegs
from rows import Row

from actors.backend import StageItem
from actors.objects.haar import HaarFaces, HaarOptions
from actors.results import DetectedObject, DetectedObjects, Media

TRUTH = Path(__file__).with_name("faces_truth.toml")
MIN_FRAME_PRECISION = 0.9
PICTURES = {".jpg", ".png"}


@dataclass(frozen=True, slots=True)
class JudgedFrame:
    """What was found in one labelled frame."""

    path: str
    time_s: float
    faces: int
    """How many there are."""
    found: int
    """How many of them lie in a box that was reported."""
    false_boxes: int
    """How many boxes hold no face."""


def score(corpus: Path) -> list[Row]:
    """Return the table's rows on faces for the media corpus in `corpus`."""
    started = time.process_time()
    frames = list(judged_frames(corpus))
    cpu_s = (time.process_time() - started) / len(frames)
    precision = frame_precision(frames)
    seen = sum(f.found > 0 for f in frames)
    with_faces = sum(f.faces > 0 for f in frames)
    faces, found = sum(f.faces for f in frames), sum(f.found for f in frames)
    where = f"{len(frames)} labelled frames, {with_faces} with faces"
    return [
        Row(
            "frame precision of faces",
            where,
            f"{precision:.2f}",
            f"≥ {MIN_FRAME_PRECISION}",
            precision >= MIN_FRAME_PRECISION,
        ),
        Row("frames with a face found", where, f"{seen} of {with_faces} ({seen / with_faces:.0%})"),
        Row("faces found", where, f"{found} of {faces} ({found / faces:.0%})"),
        Row("CPU for one frame, decoding included", where, f"{cpu_s:.2f} s"),
    ]


def frame_precision(frames: Sequence[JudgedFrame]) -> float:
    """Return the share of right frames among those with a box: a frame is right when every box holds a face."""
    reported = [f for f in frames if f.found or f.false_boxes]
    return sum(not f.false_boxes for f in reported) / len(reported) if reported else 1.0


def judged_frames(corpus: Path) -> Iterator[JudgedFrame]:
    """Run the detector on every labelled frame."""
    backend = HaarFaces(HaarOptions())
    backend.load()
    for clip in tomllib.loads(TRUTH.read_text())["file"]:
        labelled = clip["frames"]
        pictures = _pictures(corpus / clip["path"], [frame["time_s"] for frame in labelled])
        for frame, objects in zip(labelled, _detected(backend, pictures), strict=True):
            yield _judged(clip["path"], frame["time_s"], frame["faces"], objects)


def _pictures(path: Path, times_s: Sequence[float]) -> tuple[bytes, ...]:
    if path.suffix not in PICTURES:
        return keyframe_jpegs(path, times_s)
    import cv2

    return (jpeg(cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]),)


def _detected(backend: HaarFaces, pictures: tuple[bytes, ...]) -> Sequence[Sequence[DetectedObject]]:
    media = Media(container="", has_video=True, has_audio=False, duration_s=1.0, size_bytes=1)
    outcome = backend.run([StageItem("0" * 16, media=media, keyframes=pictures)])[0]
    if not isinstance(outcome.data, DetectedObjects):
        raise TypeError(f"no objects but {outcome.status}: {outcome.reason}")
    return outcome.data.keyframes


def _judged(
    path: str, time_s: float, faces: Sequence[tuple[float, float]], objects: Sequence[DetectedObject]
) -> JudgedFrame:
    found = sum(any(_holds(o, face) for o in objects) for face in faces)
    false_boxes = sum(not any(_holds(o, face) for face in faces) for o in objects)
    return JudgedFrame(path, time_s, len(faces), found, false_boxes)


def _holds(detected: DetectedObject, face: tuple[float, float]) -> bool:
    x, y, width, height = detected.box
    return x <= face[0] <= x + width and y <= face[1] <= y + height


if __name__ == "__main__":
    for row in score(Path(sys.argv[1])):
        print(f"{row.what} | {row.where} | {row.value} | {row.bound} | {row.passed}")  # noqa: T201 - its purpose
