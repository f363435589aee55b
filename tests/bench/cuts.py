"""Scores of shot boundaries over the corpus: `python tests/bench/cuts.py`. Hard cuts and fades are counted apart."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.backend import SourceRef, StageItem
from actors.media.backend import PyAvDecode
from actors.media.options import DecodeOptions
from actors.results import Media

CUT_TOLERANCE_FRAMES = 2
FADE_TOLERANCE_S = 0.25
"""A fade has no frame of its own: the middle of its black may be named a few frames off."""
_ROUNDING_S = 0.002


@dataclass(frozen=True, slots=True)
class Truth:
    """The boundaries of one clip, in seconds."""

    path: Path
    cuts_s: tuple[float, ...] = ()
    fades_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """How one clip (or all) fared: boundaries that are there, that were reported, and that are both."""

    clip: str
    kind: str
    true: int
    found: int
    hits: int

    @property
    def precision(self) -> float | None:
        """Share of what was reported that is there; None when nothing was."""
        return self.hits / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of what is there that was reported; None when nothing is."""
        return self.hits / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both; None where there is nothing to find and nothing was found."""
        return 2 * self.hits / (self.true + self.found) if self.true + self.found else None


def score(corpus: Path) -> list[Row]:
    """Decode every clip with known boundaries; one row per clip and kind, then the totals (`all`)."""
    backend = PyAvDecode(DecodeOptions())
    backend.load()
    rows: list[Row] = []
    for truth in truths(corpus):
        media = _decoded(backend, truth.path)
        frame_s = 1 / (media.frame_rate or 25.0)
        found = {kind: [s.start_s for s in media.shots if s.transition == kind] for kind in ("cut", "fade")}
        cut_tolerance_s = CUT_TOLERANCE_FRAMES * frame_s + _ROUNDING_S
        rows.append(_row(truth, "cut", truth.cuts_s, found["cut"], cut_tolerance_s))
        rows.append(_row(truth, "fade", truth.fades_s, found["fade"], FADE_TOLERANCE_S))
    return [*rows, *(_total(rows, kind) for kind in ("cut", "fade"))]


def truths(corpus: Path) -> Iterator[Truth]:
    """Yield the clips whose boundaries are known, or known to be none.

    Left out: `portrait_two_women_talk_zh` (its side file holds what other detectors say, no truth) and
    `pyscenedetect_counter` (its whole picture changes colour at 1 s and 2 s, which it does not count as cuts).
    The white fades of `pyscenedetect_fades` are one grey level rising and falling: not counted as scenes.
    """
    for side in sorted((corpus / "composed").glob("*.json")):
        boundaries = json.loads(side.read_text())["shot_boundaries"]
        times = {kind: tuple(b["time"] for b in boundaries if b["type"] == kind) for kind in ("cut", "fade")}
        yield Truth(side.with_suffix(".mp4"), times["cut"], times["fade"])
    for side in sorted((corpus / "video").glob("*.gt.json")):
        known = _video_truth(side.with_name(side.name.removesuffix(".gt.json")), json.loads(side.read_text()))
        if known is not None:
            yield known
    for side in sorted((corpus / "cuts").glob("*.gt.json")):
        yield _cuts_truth(side.with_name(side.name.removesuffix(".gt.json")), json.loads(side.read_text()))
    yield Truth(corpus / "odd" / "ax_silent_black_10s.mp4")


def _video_truth(path: Path, known: dict[str, Any]) -> Truth | None:
    if "cuts" in known or "cuts_s" in known:
        return Truth(path, tuple(known.get("cuts", known.get("cuts_s"))))
    if "scene_boundaries_s" in known:
        return Truth(path, fades_s=tuple(known["scene_boundaries_s"]))
    return Truth(path) if "no cut" in known.get("visual", "") else None


def _cuts_truth(path: Path, known: dict[str, Any]) -> Truth:
    starts = known.get("scene_starts_frames") or known.get("floor_fade_scene_starts") or []
    # The clip ends in black: the last floor start of `fades` is that end, after which there is no scene.
    last_s = 9.8 if "floor_fade_scene_starts" in known else float("inf")
    times = (frame / known["fps"] for frame in starts[1:])
    return Truth(path, fades_s=tuple(t for t in times if t < last_s))


def _decoded(backend: PyAvDecode, path: Path) -> Media:
    seen = path.stat()
    ref = SourceRef(os.fsencode(path), seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns)
    media = backend.run([StageItem(path.name, source=ref)])[0].data
    if not isinstance(media, Media):
        raise TypeError(f"{path}: decoding gave {media!r}")
    return media


def _row(truth: Truth, kind: str, true_s: Sequence[float], found_s: Sequence[float], tolerance_s: float) -> Row:
    unmatched = list(found_s)
    hits = 0
    for time_s in true_s:
        near = [f for f in unmatched if abs(f - time_s) <= tolerance_s]
        if near:
            unmatched.remove(min(near, key=lambda f: abs(f - time_s)))
            hits += 1
    return Row(truth.path.name, kind, len(true_s), len(found_s), hits)


def _total(rows: Sequence[Row], kind: str) -> Row:
    mine = [row for row in rows if row.kind == kind]
    return Row("all", kind, sum(r.true for r in mine), sum(r.found for r in mine), sum(r.hits for r in mine))


def _shown(share: float | None) -> str:
    return "-" if share is None else f"{share:.3f}"


def main() -> None:
    """Print the table."""
    corpus = Path(os.environ.get("REELWATCH_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus"))
    for row in score(corpus):
        counts = f"{row.true:3d} true {row.found:3d} found {row.hits:3d} hit"
        shares = f"P {_shown(row.precision)} R {_shown(row.recall)} F1 {_shown(row.f1)}"
        print(f"{row.clip:36s} {row.kind:4s} {counts}  {shares}")  # noqa: T201 - the table is the output


if __name__ == "__main__":
    main()
