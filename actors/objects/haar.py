"""Faces by OpenCV's Haar cascades (Viola and Jones 2001): agreement of cascades instead of a threshold on one.

HOG people is not used: it fires on empty frames (52 of 80 measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.errors import BackendUnavailable, BadInput
from actors.results import DetectedObject, DetectedObjects

SCALE_STEP = 1.15
"""Growth of the search window; 1.1 takes 1.4 times as long and finds one face more of 77 on the corpus."""
FRONTAL, CONFIRMING, PROFILE = "frontalface_alt2", "frontalface_default", "profileface"
FRONTAL_HITS = 5
"""Neighbouring windows that must fire. Over 166 labelled pictures: 4 or 3 let printed, drawn and knitted faces in
(frame precision 0.93), 5 none."""
CONFIRMING_HITS = 3
PROFILE_HITS = 10
"""The profile cascade has no second opinion; its false alarms end at 8 neighbours, its faces reach 20 to 60."""
MIN_SHARE = 0.05
"""Smallest face as a share of the picture's longer side; smaller ones are as often foliage."""
MARGIN = 0.35
"""How far around a candidate the confirming cascade looks, in its widths."""
SAME_FACE = 0.35
"""Intersection over union from which two windows mean one face."""
REMEDY = "pip install -c constraints.txt opencv-python-headless==4.10.0.84 (OpenCV 5 has no Haar cascades)"


@dataclass(frozen=True, slots=True)
class Window:
    """A square where a cascade fired: pixels of the shrunk picture, and how many neighbouring windows fired with it."""

    x: int
    y: int
    width: int
    height: int
    hits: int


class HaarOptions(BackendOptions):
    """Settings of `objects.haar`."""

    side: int = Field(default=480, ge=160, le=1920)
    """Longer side in pixels at which a keyframe is searched."""


class HaarFaces(Backend[HaarOptions]):
    """Finds upright faces, frontal and in profile, in keyframes; confidence is None, for a cascade has none."""

    name: ClassVar[str] = "objects.haar"
    revision: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("keyframes",)
    actor: ClassVar[str] = "objects"
    resources: ClassVar[Resources] = Resources(num_cpus=0.1, ram_mib=150)
    licence: ClassVar[str | None] = "Intel-OpenCV (as BSD-3-Clause)"
    options_type: ClassVar[type[BackendOptions]] = HaarOptions

    def __init__(self, options: HaarOptions) -> None:
        super().__init__(options)
        self._cascades: dict[str, Any] = {}

    @classmethod
    def available(cls) -> str | None:
        """Return None where an OpenCV with cascades is installed, else what is missing and the remedy."""
        installed = _opencv()
        if installed is None:
            return f"OpenCV is not installed: {REMEDY}"
        return None if int(installed.split(".")[0]) < 5 else f"OpenCV {installed} is installed: {REMEDY}"  # noqa: PLR2004 - the version named in the message

    @classmethod
    def model_revision(cls, options: HaarOptions) -> str:  # noqa: ARG003 - the same cascades whatever the options
        """Name the cascades with the OpenCV that carries them."""
        return f"Haar {FRONTAL}+{CONFIRMING}+{PROFILE} (OpenCV {_opencv() or 'not installed'})"

    def load(self) -> None:
        """Load the three cascades; raises `BackendUnavailable` where the installed OpenCV has none."""
        try:
            import cv2  # noqa: PLC0415 - heavy

            cv2.setNumThreads(self.options.threads)
            folder = Path(cv2.__file__).with_name("data")
            for name in (FRONTAL, CONFIRMING, PROFILE):
                self._cascades[name] = _cascade(cv2, folder / f"haarcascade_{name}.xml")
        except ImportError as exc:
            raise BackendUnavailable("no_cascades", f"OpenCV has no Haar cascades: {REMEDY}") from exc

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """Return `DetectedObjects` per item, or `no_video`."""
        return [self._outcome(item) for item in items]

    def close(self) -> None:
        """Let go of the cascades."""
        self._cascades.clear()

    def faces(self, picture: NDArray[np.uint8]) -> tuple[DetectedObject, ...]:
        """Return the faces of one picture, luma uint8 (height, width) at any size, from left to right."""
        grey = _shrunk(picture, side=self.options.side)
        height, width = grey.shape
        found = sorted(self._windows(grey), key=lambda window: (window.x, window.y))
        return tuple(
            DetectedObject(label="face", confidence=None, box=_relative(window, width=width, height=height))
            for window in found
        )

    def _outcome(self, item: StageItem) -> Outcome:
        if item.media is None or not item.media.has_video:
            return Outcome(StageStatus.NO_VIDEO, reason="the file has no picture")
        keyframes = tuple(self.faces(_luma(jpeg, index)) for index, jpeg in enumerate(item.keyframes or ()))
        return Outcome(StageStatus.DONE, data=DetectedObjects(keyframes=keyframes))

    def _windows(self, grey: NDArray[np.uint8]) -> list[Window]:
        """Frontal faces two cascades agree on, then profiles many windows agree on, each face once."""
        found = [w for w in self._fired(FRONTAL, grey, hits=FRONTAL_HITS) if self._confirmed(w, grey)]
        width = grey.shape[1]
        mirrored = np.ascontiguousarray(grey[:, ::-1])
        # The cascade knows one direction only.
        profiles = self._fired(PROFILE, grey, hits=PROFILE_HITS) + [
            Window(width - w.x - w.width, w.y, w.width, w.height, w.hits)
            for w in self._fired(PROFILE, mirrored, hits=PROFILE_HITS)
        ]
        for window in sorted(profiles, key=lambda w: -w.hits):
            if not any(_shared(window, known) > 0 for known in found):
                found.append(window)
        return found

    def _confirmed(self, window: Window, grey: NDArray[np.uint8]) -> bool:
        """Whether the second frontal cascade fires at the same place."""
        margin = round(MARGIN * window.width)
        left, top = max(0, window.x - margin), max(0, window.y - margin)
        around = grey[top : window.y + window.height + margin, left : window.x + window.width + margin]
        here = Window(window.x - left, window.y - top, window.width, window.height, window.hits)
        smallest = max(1, window.width * 2 // 3)
        fired = self._fired(CONFIRMING, np.ascontiguousarray(around), hits=CONFIRMING_HITS, smallest=smallest)
        return any(_shared(here, other) >= SAME_FACE for other in fired)

    def _fired(self, cascade: str, grey: NDArray[np.uint8], *, hits: int, smallest: int | None = None) -> list[Window]:
        least = smallest or round(MIN_SHARE * max(grey.shape))
        boxes, counts = self._cascades[cascade].detectMultiScale2(
            grey, scaleFactor=SCALE_STEP, minNeighbors=hits, minSize=(least, least)
        )
        return [
            Window(int(x), int(y), int(w), int(h), int(n))
            for (x, y, w, h), n in zip(boxes, np.ravel(counts), strict=True)
        ]


def _cascade(cv2: Any, path: Path) -> Any:
    cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else None
    if cascade is None or cascade.empty():
        raise BackendUnavailable("no_cascades", f"{path.name} is missing from OpenCV {cv2.__version__}: {REMEDY}")
    return cascade


def _opencv() -> str | None:
    """Return the version of the installed OpenCV; its four distributions unpack into one folder."""
    for name in ("opencv-python-headless", "opencv-contrib-python", "opencv-python", "opencv-contrib-python-headless"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def _luma(jpeg: bytes, index: int) -> NDArray[np.uint8]:
    """Return a keyframe as luma uint8 (height, width)."""
    import cv2  # noqa: PLC0415 - heavy

    picture = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise BadInput("keyframe_unreadable", f"keyframe {index + 1} ({len(jpeg)} bytes) is no picture")
    return np.asarray(picture, dtype=np.uint8)


def _shrunk(picture: NDArray[np.uint8], *, side: int) -> NDArray[np.uint8]:
    import cv2  # noqa: PLC0415 - heavy

    height, width = picture.shape
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _relative(window: Window, *, width: int, height: int) -> tuple[float, float, float, float]:
    return (
        round(window.x / width, 4),
        round(window.y / height, 4),
        round(window.width / width, 4),
        round(window.height / height, 4),
    )


def _shared(first: Window, second: Window) -> float:
    """Return the intersection over the union of two windows."""
    width = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
    height = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
    inside = max(0, width) * max(0, height)
    return inside / (first.width * first.height + second.width * second.height - inside)
