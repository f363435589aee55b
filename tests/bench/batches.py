"""Batches of clips through the real service and through other programs that find shots and read text (`peers`)."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import peers
import report
from clips import CUTS, ClipSpec, clip
from serving import DEMO_CLIP, Service, drop, unlike
from usage import Usage, bench_program, interleaved, median_cpu_s, median_ratio, median_wall_s, run
from work import MODELS

SHOTS_BOUND, OCR_CPU_BOUND, OCR_WALL_BOUND = 1.9, 1.5, 3.0
NO_MODELS = "[stages]\n" + "".join(f"{stage}.backends = []\n" for stage in MODELS)
ONLY_OCR = NO_MODELS.replace("ocr.backends = []", 'ocr.backends = ["ocr.rapidocr"]\nocr.options.overlays = false')
_BARE = "bare decode"


@dataclass(frozen=True)
class Served:
    """The service's own side: its settings, and what its starts took and found while it was measured."""

    paths: Sequence[Path]
    settings: str
    starts_cpu_s: list[float] = field(default_factory=list)
    shots: list[int] = field(default_factory=list)

    def __call__(self) -> Usage:
        """Let a service whose models are up describe the clips; on the clock from the first rename to the last end."""
        with (
            tempfile.TemporaryDirectory() as temporary,
            Service(Path(temporary) / "home", settings=self.settings) as service,
        ):
            drop(service.inbox, "first.mp4", unlike(DEMO_CLIP))
            service.until("job.done")
            before_cpu_s = service.cpu_s()
            began_s = min([drop(service.inbox, path.name, path.read_bytes()) for path in self.paths])
            last = service.until("job.done", count=len(self.paths))[-1]
            used = Usage(service.cpu_s() - before_cpu_s, last["heard_s"] - began_s, service.resident_mib())
            documents = [json.loads(path.read_text()) for path in service.output.glob("clip*.json")]
        self.starts_cpu_s.append(before_cpu_s)
        self.shots.append(sum(len(document["shots"]) for document in documents))
        return used

    @property
    def start_cpu_s(self) -> float:
        """What the service takes until its models are up, the first (short) clip included."""
        return statistics.median(self.starts_cpu_s)


def shots_figures(specs: Sequence[ClipSpec], *, repetitions: int) -> list[report.Figure]:
    """Compare shots and keyframes of a batch with each peer's."""
    paths = [clip(spec) for spec in specs]
    ours = Served(paths, NO_MODELS)
    one_picture = "scenedetect, one picture a shot"
    theirs: dict[str, Callable[[], Usage]] = {
        "scenedetect": partial(_in_folder, partial(peers.scenedetect, paths)),
        one_picture: partial(_in_folder, partial(peers.scenedetect, paths, pictures=1)),
        "reel-scout": partial(peers.reel_scout, paths, ocr=False),
    }
    bare = {_BARE: partial(run, bench_program("work.py", "bare", *paths))}
    taken = interleaved(repetitions, ours=ours, **theirs, **bare)
    per_clip_s = len(paths) * peers.scenedetect_start().cpu_s
    starts_cpu_s = {"scenedetect": per_clip_s, one_picture: per_clip_s, "reel-scout": peers.reel_scout_start().cpu_s}
    return [_shots_figure(name, ours, taken, their_start_cpu_s=start) for name, start in starts_cpu_s.items()]


def ocr_figure(specs: Sequence[ClipSpec], *, repetitions: int) -> report.Figure:
    """Compare shots, keyframes and their text with scenedetect and a tesseract process for each picture."""
    paths = [clip(spec) for spec in specs]
    taken = interleaved(
        repetitions,
        **{
            "ours": Served(paths, ONLY_OCR),
            "tesseract": partial(_in_folder, partial(_read, paths, one_thread=False)),
            "tesseract, one thread": partial(_in_folder, partial(_read, paths, one_thread=True)),
            "reel-scout": partial(peers.reel_scout, paths, ocr=True),
        },
    )
    cpu, wall = _times_as_fast(taken, "ours")
    scout_cpu, scout_wall = _times_as_fast(taken, "ours", against=("reel-scout",))
    count = len(paths)
    met = cpu >= OCR_CPU_BOUND and wall >= OCR_WALL_BOUND
    return report.Figure(
        f"{count} clips with OCR on keyframes, against scenedetect and a tesseract process per keyframe",
        f"≥ {OCR_CPU_BOUND} x per CPU-second, ≥ {OCR_WALL_BOUND:g} x per minute on two cores",
        f"{cpu:.2f} x per CPU-second, {wall:.2f} x per minute; "
        f"against reel-scout with tesseract {scout_cpu:.2f} x and {scout_wall:.2f} x",
        met=met,
        note="" if met else _busy(taken["ours"], count),
        values=_values(taken),
    )


def _shots_figure(
    peer: str, ours: Served, taken: Mapping[str, Sequence[Usage]], *, their_start_cpu_s: float
) -> report.Figure:
    mine, theirs, count = taken["ours"], taken[peer], len(ours.paths)
    ours_cpu_s, theirs_cpu_s = median_cpu_s(mine), median_cpu_s(theirs)
    as_run = median_ratio(theirs, mine)
    without_starts = (theirs_cpu_s - their_start_cpu_s) / ours_cpu_s
    with_ours = theirs_cpu_s / (ours_cpu_s + ours.start_cpu_s)
    met = min(as_run, without_starts) >= SHOTS_BOUND
    found = f"{statistics.median(ours.shots):g} of {count * (CUTS + 1)} shots found"
    return report.Figure(
        f"{count} clips, model-free, against {peer}: videos per CPU-second",
        f"≥ {SHOTS_BOUND} x",
        f"{as_run:.2f} x with our service up and the peer as it is run; {without_starts:.2f} x with the peer's process "
        f"starts taken off, {with_ours:.2f} x with our start added to this one batch ({found})",
        met=met,
        note="" if met else _ceiling(taken, peer, count),
        values=_values({"ours": mine, peer: theirs, _BARE: taken[_BARE]})
        | {"our_start_cpu_s": ours.start_cpu_s, "their_start_cpu_s": their_start_cpu_s},
    )


def _busy(usages: Sequence[Usage], count: int) -> str:
    """Say how well our work filled the cores, which is what time on the clock depends on."""
    cpu_s, wall_s, cores = median_cpu_s(usages), median_wall_s(usages), len(os.sched_getaffinity(0))
    return (
        f"a video takes {cpu_s / count:.1f} CPU-s and {wall_s / count:.1f} s here: {cpu_s / wall_s / cores:.0%} of "
        f"{cores} cores are used"
    )


def _ceiling(taken: Mapping[str, Sequence[Usage]], peer: str, count: int) -> str:
    """Say how much of our time is decoding, and what is the most that decoding everything once leaves to be had."""
    ours, theirs, bare = (median_cpu_s(taken[name]) / count for name in ("ours", peer, _BARE))
    return (
        f"a video takes {ours:.2f} CPU-s here and {theirs:.2f} there; decoding it with PyAV and nothing else takes "
        f"{bare:.2f}, so {theirs / bare:.2f} x is the most there is"
    )


def _times_as_fast(
    taken: Mapping[str, Sequence[Usage]],
    ours: str,
    *,
    against: Sequence[str] = ("tesseract", "tesseract, one thread"),
) -> tuple[float, float]:
    """Return how many times the videos per CPU-second and per minute, against the better of the others."""
    cpu = min(median_ratio(taken[name], taken[ours]) for name in against)
    wall = min(median_ratio(taken[name], taken[ours], of=lambda usage: usage.wall_s) for name in against)
    return cpu, wall


def _read(paths: Sequence[Path], folder: Path, *, one_thread: bool) -> Usage:
    return peers.scenedetect(paths, folder, pictures=1) + peers.tesseract(folder, one_thread=one_thread)


def _in_folder(measure: Callable[[Path], Usage]) -> Usage:
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder))


def _values(taken: Mapping[str, Sequence[Usage]]) -> dict[str, object]:
    """Return every single measurement, as [CPU-seconds, seconds on the clock]."""
    return {name: [[round(u.cpu_s, 2), round(u.wall_s, 2)] for u in usages] for name, usages in taken.items()}
