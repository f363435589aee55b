"""Scores of on-screen text over the corpus, as rows for the accuracy table: `python tests/bench/screen_text.py`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any

# The tables are scripts beside one another, run from a checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from frame_files import ANALYSIS_FPS, analysis_frames, jpeg, keyframe_jpegs
from numpy.typing import NDArray
from rows import Row

from actors.backend import Outcome, StageItem
from actors.ocr.rapidocr import RapidOcr, RapidOcrOptions
from actors.ocr.screen_text import ScreenText
from actors.results import Media, OnScreenText, Shot, TextOverlay

FOUND_SIMILARITY = 0.85
TIME_TOLERANCE_S = 0.5
APOSTROPHE = str.maketrans({"\u2019": "'"})
NORWEGIAN = {"no", "nb", "nn"}
# Cut-outs of one word of a few dozen pixels, upside-down and curved words, and Cyrillic, which these models do not
# read: reported with the rest, but no frame of a video looks like a cut-out.
PICTURE_KINDS = {"mmocr_": "word cut-outs", "parseq_": "curved words", "sign_": "signs"}


@dataclass(frozen=True, slots=True)
class FoundText:
    """How one string of the ground truth fared; errors in seconds, None where it was not found."""

    clip: str
    language: str
    text: str
    overlay: TextOverlay | None
    start_error_s: float | None = None
    end_error_s: float | None = None

    @property
    def in_time(self) -> bool:
        """Whether it was found with first and last sighting within the tolerance."""
        return (
            self.start_error_s is not None
            and self.end_error_s is not None
            and max(abs(self.start_error_s), abs(self.end_error_s)) <= TIME_TOLERANCE_S
        )


@dataclass(frozen=True, slots=True)
class Effort:
    """What reading one clip took."""

    clip: str
    media_s: float
    frames: int
    frames_read: int
    keyframes: int
    cpu_s: float


def score(corpus: Path) -> list[Row]:
    """Return the table's rows on on-screen text for the media corpus in `corpus`."""
    backend = loaded()
    found: list[FoundText] = []
    efforts: list[Effort] = []
    for clip in sorted((corpus / "composed").glob("*.mp4")):
        texts, effort, _ = composed_clip(backend, clip)
        found += texts
        efforts.append(effort)
    return [
        *(_found_row(language, found) for language in ("English", "Norwegian")),
        _error_row(found),
        *_effort_rows(efforts),
        *titles_rows(backend, corpus),
        *picture_rows(backend, corpus),
        *negative_rows(backend, corpus),
    ]


def loaded(**options: Any) -> RapidOcr:
    """Return the backend, loaded."""
    backend = RapidOcr(RapidOcrOptions(**options))
    backend.load()
    return backend


def composed_clip(backend: ScreenText[Any], clip: Path) -> tuple[list[FoundText], Effort, tuple[TextOverlay, ...]]:
    """Read one composed clip with the shots of its ground truth, a keyframe in the middle of each."""
    truth = json.loads(clip.with_suffix(".json").read_text())
    cuts = [0.0, *(b["time"] for b in truth["shot_boundaries"]), truth["duration"]]
    result, effort = read_clip(backend, clip, cuts)
    language = "Norwegian" if NORWEGIAN & set(truth["languages"]) else "English"
    found = [_matched(clip.name, language, wanted, result.overlays) for wanted in truth["on_screen_text"]]
    return found, effort, result.overlays


def read_clip(backend: ScreenText[Any], clip: Path, cuts_s: Sequence[float]) -> tuple[OnScreenText, Effort]:
    """Run the backend on a clip cut at `cuts_s` (first and last included)."""
    analysis = analysis_frames(clip)
    shots = tuple(Shot(start_s=start, end_s=end, keyframe_s=(start + end) / 2) for start, end in pairwise(cuts_s))
    media = Media(
        container="mp4",
        has_video=True,
        has_audio=False,
        duration_s=cuts_s[-1],
        size_bytes=clip.stat().st_size,
        shots=shots,
        frame_times_s=analysis.times_s,
    )
    keyframes = keyframe_jpegs(clip, [shot.keyframe_s for shot in shots])
    item = StageItem("0" * 16, media=media, frames=analysis.frames, keyframes=keyframes)
    started = time.process_time()
    result = on_screen_text(backend.run([item])[0])
    cpu_s = time.process_time() - started
    return result, Effort(clip.name, cuts_s[-1], len(analysis.frames), result.frames_read, len(shots), cpu_s)


def on_screen_text(outcome: Outcome) -> OnScreenText:
    """Return the outcome's result; a clip that could not be read ends the measurement."""
    if not isinstance(outcome.data, OnScreenText):
        raise TypeError(f"no on-screen text but {outcome.status}: {outcome.reason}")
    return outcome.data


def similarity(wanted: str, got: str) -> float:
    """Return the likeness of two strings, 0-1, case kept, with one form of apostrophe."""
    return SequenceMatcher(None, wanted.translate(APOSTROPHE), got.translate(APOSTROPHE), autojunk=False).ratio()


def _matched(clip: str, language: str, wanted: dict[str, Any], overlays: Sequence[TextOverlay]) -> FoundText:
    """Pair a string with the overlay most like it that shares time with it, or is nearest in time."""
    alike = [o for o in overlays if similarity(wanted["text"], o.text) >= FOUND_SIMILARITY]
    if not alike:
        return FoundText(clip, language, wanted["text"], None)
    chosen = min(alike, key=lambda o: abs(o.start_s - wanted["start"]) + abs(o.end_s - wanted["end"]))
    return FoundText(
        clip, language, wanted["text"], chosen, chosen.start_s - wanted["start"], chosen.end_s - wanted["end"]
    )


def _found_row(language: str, found: Iterable[FoundText]) -> Row:
    mine = [f for f in found if f.language == language]
    right = sum(f.in_time for f in mine)
    return Row(
        "on-screen text found in time",
        f"composed clips, {language}",
        f"{right} of {len(mine)}",
        "≥ 95 %",
        right >= 0.95 * len(mine),
    )


def _error_row(found: Iterable[FoundText]) -> Row:
    errors = [abs(e) for f in found for e in (f.start_error_s, f.end_error_s) if e is not None]
    value = f"{sum(errors) / len(errors):.2f} s mean, {max(errors):.2f} s largest" if errors else "none found"
    return Row("error of first and last sighting", "composed clips", value, f"≤ {TIME_TOLERANCE_S} s")


def _effort_rows(efforts: Sequence[Effort]) -> list[Row]:
    media_s = sum(e.media_s for e in efforts)
    looked = f"{sum(e.frames_read for e in efforts)} of {sum(e.frames for e in efforts)} at {ANALYSIS_FPS:g} a second"
    cpu = f"{30 * sum(e.cpu_s for e in efforts) / media_s:.1f} s"
    return [
        Row("analysis frames the recogniser read", "composed clips", looked),
        Row("CPU for 30 s of video, keyframes and overlays", "composed clips", cpu),
    ]


def titles_rows(backend: ScreenText[Any], corpus: Path) -> list[Row]:
    """Return how many burned-in titles and captions of the two real clips with known text were found."""
    facts = corpus / "video" / "tiktokstyle_fast_facts.mp4"
    truth = json.loads(facts.with_name(f"{facts.name}.gt.json").read_text())
    cuts = [0.0, *truth["scene_boundaries_s"], 30.23]
    overlays = read_clip(backend, facts, cuts)[0].overlays
    titles = sum(any(similarity(t, o.text) >= FOUND_SIMILARITY for o in overlays) for t in truth["titles"])
    subtitles = corpus / "ocr" / "video_zh_subtitle_3s.mp4"
    lines = json.loads(subtitles.with_name(f"{subtitles.name}.gt.json").read_text())
    read = read_clip(backend, subtitles, [0.0, 3.0])[0].overlays
    wanted = [lines["first_line"], lines["last_line"]]
    chinese = sum(any(similarity(w, o.text) >= FOUND_SIMILARITY for o in read) for w in wanted)
    return [
        Row("titles found", facts.name, f"{titles} of {len(truth['titles'])}"),
        Row("subtitle lines found", subtitles.name, f"{chinese} of {len(wanted)}"),
    ]


def picture_rows(backend: ScreenText[Any], corpus: Path) -> list[Row]:
    """Return how many of the corpus's pictures with one known text were read."""
    read: dict[str, list[bool]] = {}
    for truth_path in sorted((corpus / "ocr").glob("*.gt.json")):
        wanted = json.loads(truth_path.read_text())
        picture = truth_path.with_name(truth_path.name.removesuffix(".gt.json"))
        if "text" not in wanted or not wanted["text"] or "text_is" in wanted:
            continue
        kind = next((name for prefix, name in PICTURE_KINDS.items() if picture.name.startswith(prefix)), "other")
        texts = " ".join(picture_lines(backend, picture))
        read.setdefault(kind, []).append(similarity(wanted["text"].casefold(), texts.casefold()) >= FOUND_SIMILARITY)
    return [
        Row("pictures read", f"corpus/ocr, {kind}", f"{sum(right)} of {len(right)}")
        for kind, right in sorted(read.items())
    ]


def negative_rows(backend: ScreenText[Any], corpus: Path) -> list[Row]:
    """Return what was read where there is no text."""
    black = len(picture_lines(backend, corpus / "ocr" / "rapidocr_empty_black.jpg"))
    result = read_clip(backend, corpus / "odd" / "ax_silent_black_10s.mp4", [0.0, 10.0])[0]
    lines = len(result.overlays) + sum(len(found) for found in result.keyframes) + black
    return [Row("lines read where there is none", "black clip, black picture", str(lines), "0", lines == 0)]


def picture_lines(backend: ScreenText[Any], picture: Path) -> list[str]:
    """Return the lines of a still picture, as those of a clip of one keyframe."""
    import cv2

    return keyframe_lines(backend, cv2.imread(str(picture), cv2.IMREAD_COLOR)[..., ::-1])


def keyframe_lines(backend: ScreenText[Any], picture: NDArray[np.uint8]) -> list[str]:
    """Return the lines of a picture, RGB uint8 (height, width, 3)."""
    shot = Shot(start_s=0.0, end_s=1.0, keyframe_s=0.0)
    media = Media(container="jpeg", has_video=True, has_audio=False, duration_s=1.0, size_bytes=1, shots=(shot,))
    item = StageItem("0" * 16, media=media, keyframes=(jpeg(picture),))
    return [line.text for line in on_screen_text(backend.run([item])[0]).keyframes[0]]


if __name__ == "__main__":
    for row in score(Path(sys.argv[1])):
        print(f"{row.what} | {row.where} | {row.value} | {row.bound} | {row.passed}")  # noqa: T201 - its purpose
