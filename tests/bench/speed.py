"""What decoding and describing cost: `python tests/bench/speed.py [--peers] [--repetitions N] [--out FOLDER]`.

Every figure is a ratio of CPU-seconds taken in turns in one run, so that machine and load cancel out. The start of
programs is measured apart. `--peers` makes the environment with the programs we compare with and runs them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

import peers
import report
from clips import BATCH, CUTS, HIGH, LOW, ClipSpec, clip
from serving import DEMO_CLIP, Service, drop, unlike
from usage import Usage, bench_program, interleaved, median_cpu_s, median_wall_s, run

DECODE_BOUNDS = {LOW: 1.7, HIGH: 1.3}
SHOTS_BOUND, OCR_CPU_BOUND, OCR_WALL_BOUND = 1.9, 1.5, 3.0
MODELS = ("vad", "asr", "diarization", "captions", "objects", "ocr", "audio")
NO_MODELS = "[stages]\n" + "".join(f"{stage}.backends = []\n" for stage in MODELS)
ONLY_OCR = NO_MODELS.replace("ocr.backends = []", 'ocr.backends = ["ocr.rapidocr"]\nocr.options.overlays = false')


@dataclass(frozen=True, slots=True)
class Compared:
    """Ours against one peer over the same clips, as medians; `start` is what begins before the work does."""

    ours: Sequence[Usage]
    theirs: Sequence[Usage]
    our_start_cpu_s: float
    their_start_cpu_s: float

    @property
    def as_run(self) -> float:
        """How many times their videos per CPU-second: ours a service that is up, theirs as they are run."""
        return _ratio(self.theirs, self.ours, lambda usage: usage.cpu_s)

    @property
    def on_the_clock(self) -> float:
        """The same per minute on the clock."""
        return _ratio(self.theirs, self.ours, lambda usage: usage.wall_s)

    @property
    def without_starts(self) -> float:
        """The same with the starts of their programs taken off."""
        return (median_cpu_s(self.theirs) - self.their_start_cpu_s) / median_cpu_s(self.ours)

    @property
    def with_starts(self) -> float:
        """The same with the start of our service added to this one batch."""
        return median_cpu_s(self.theirs) / (median_cpu_s(self.ours) + self.our_start_cpu_s)


def decode_figure(spec: ClipSpec, *, repetitions: int) -> report.Figure:
    """Compare the model-free path with decoding alone, for one clip and both thread settings."""
    bound, path = DECODE_BOUNDS[spec], clip(spec)
    measures: dict[str, Callable[[], Usage]] = {}
    for threads in (1, 2):
        measures[f"bare, {threads} threads"] = lambda threads=threads: _work("bare", path, threads=threads)[0]
        measures[f"ours, {threads} threads"] = lambda threads=threads: _work("describe", path, threads=threads)[0]
    taken = interleaved(repetitions, **measures)
    ratios = [_ratio(taken[f"ours, {n} threads"], taken[f"bare, {n} threads"], lambda u: u.cpu_s) for n in (1, 2)]
    start_cpu_s = _work("describe", path, threads=1)[1]
    bare_s, ours_s = (median_cpu_s(taken[f"{name}, 1 threads"]) for name in ("bare", "ours"))
    met = ratios[0] <= bound
    return report.Figure(
        f"model-free path over one bare PyAV decode, 30 s of 1080x1920 at {spec.mbit_s} Mbit/s",
        f"≤ {bound} x",
        f"{ratios[0]:.2f} x ({ours_s:.2f} over {bare_s:.2f} CPU-s), one decoder thread for both; "
        f"{ratios[1]:.2f} x with two",
        met=met,
        note=f"start-up apart: {start_cpu_s:.1f} CPU-s",
        values={name: [round(usage.cpu_s, 3) for usage in usages] for name, usages in taken.items()},
    )


def shots_figures(*, repetitions: int, clips: Sequence[ClipSpec] = BATCH) -> list[report.Figure]:
    """Compare shots and keyframes of a batch with the peers'."""
    paths, starts, shots = [clip(spec) for spec in clips], list[float](), list[int]()
    taken = interleaved(
        repetitions,
        ours=lambda: _served(paths, NO_MODELS, starts, shots),
        scenedetect=lambda: _in_folder(lambda folder: peers.scenedetect(paths, folder)),
        reel_scout=lambda: peers.reel_scout(paths, ocr=False),
    )
    their_starts = {
        "scenedetect": len(paths) * peers.scenedetect_start().cpu_s,
        "reel_scout": peers.reel_scout_start().cpu_s,
    }
    wanted = len(paths) * (CUTS + 1)
    return [
        _shots_figure(
            name,
            Compared(taken["ours"], taken[name], statistics.median(starts), start_cpu_s),
            clips=len(paths),
            found=f"{statistics.median(shots):g} of {wanted} shots found",
        )
        for name, start_cpu_s in their_starts.items()
    ]


def ocr_figure(*, repetitions: int, clips: Sequence[ClipSpec] = BATCH) -> report.Figure:
    """Compare shots, keyframes and their text with scenedetect and a tesseract process for each picture."""
    paths, starts, shots = [clip(spec) for spec in clips], list[float](), list[int]()
    taken = interleaved(
        repetitions,
        ours=lambda: _served(paths, ONLY_OCR, starts, shots),
        theirs=lambda: _in_folder(
            lambda folder: peers.scenedetect(paths, folder) + peers.tesseract(folder, one_thread=False)
        ),
        theirs_one_thread=lambda: _in_folder(
            lambda folder: peers.scenedetect(paths, folder) + peers.tesseract(folder, one_thread=True)
        ),
        reel_scout=lambda: peers.reel_scout(paths, ocr=True),
    )
    against = {name: Compared(taken["ours"], taken[name], statistics.median(starts), 0.0) for name in list(taken)[1:]}
    cpu, wall = (min(getattr(against[name], what) for name in ("theirs", "theirs_one_thread")) for what in _BOTH)
    ours_cpu_s, ours_wall_s = median_cpu_s(taken["ours"]) / len(paths), median_wall_s(taken["ours"]) / len(paths)
    met = cpu >= OCR_CPU_BOUND and wall >= OCR_WALL_BOUND
    reel_scout = against["reel_scout"]
    return report.Figure(
        f"{len(paths)} clips with OCR on keyframes, against scenedetect and a tesseract process per keyframe",
        f"≥ {OCR_CPU_BOUND} x per CPU-second, ≥ {OCR_WALL_BOUND:g} x per minute on two cores",
        f"{cpu:.2f} x per CPU-second, {wall:.2f} x per minute (reel-scout with tesseract: "
        f"{reel_scout.as_run:.2f} x, {reel_scout.on_the_clock:.2f} x)",
        met=met,
        note="" if met else f"ours takes {ours_cpu_s:.1f} CPU-s and {ours_wall_s:.1f} s a video",
        values=_values(taken, starts=starts, shots=shots),
    )


_BOTH = ("as_run", "on_the_clock")


def _shots_figure(name: str, compared: Compared, *, clips: int, found: str) -> report.Figure:
    ratios = compared.as_run, compared.without_starts, compared.with_starts
    met = min(ratios[:2]) >= SHOTS_BOUND
    return report.Figure(
        f"{clips} clips, model-free, against {name.replace('_', '-')}: videos per CPU-second",
        f"≥ {SHOTS_BOUND} x",
        f"{ratios[0]:.2f} x with the service up and the peer as it is run; {ratios[1]:.2f} x without the peer's "
        f"process starts, {ratios[2]:.2f} x with our service's start added ({found})",
        met=met,
        note=""
        if met
        else f"{median_cpu_s(compared.ours) / clips:.2f} against {median_cpu_s(compared.theirs) / clips:.2f} CPU-s a video",
        values=_values(
            {"ours": compared.ours, name: compared.theirs},
            our_start=compared.our_start_cpu_s,
            their_start=compared.their_start_cpu_s,
        ),
    )


def _work(kind: str, path: Path, *, threads: int) -> tuple[Usage, float]:
    """Run a measured program; return what its work took, and the CPU-seconds of everything before and after it."""
    whole = run(bench_program("work.py", kind, path, "--threads", str(threads)))
    used = Usage(**json.loads(whole.output.splitlines()[-1]))
    return used, whole.cpu_s - used.cpu_s


def _served(paths: Sequence[Path], settings: str, starts: list[float], shots: list[int]) -> Usage:
    """Let the real service, its models up, describe the clips; note what its start took and the shots it found."""
    with tempfile.TemporaryDirectory() as temporary, Service(Path(temporary) / "home", settings=settings) as service:
        drop(service.inbox, "first.mp4", unlike(DEMO_CLIP))
        service.until("job.done")
        starts.append(service.cpu_s())
        began_s = min([drop(service.inbox, path.name, path.read_bytes()) for path in paths])
        last = service.until("job.done", count=len(paths))[-1]
        used = Usage(service.cpu_s() - starts[-1], last["heard_s"] - began_s, service.resident_mib())
        documents = [json.loads(path.read_text()) for path in service.output.glob("clip*.json")]
        shots.append(sum(len(document["shots"]) for document in documents))
    return used


def _in_folder(measure: Callable[[Path], Usage]) -> Usage:
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder))


def _ratio(over: Sequence[Usage], under: Sequence[Usage], of: Callable[[Usage], float]) -> float:
    """Return the median of the ratios of neighbouring measurements, which the same load has hit."""
    return statistics.median(of(one) / of(other) for one, other in zip(over, under, strict=True))


def _values(taken: dict[str, Sequence[Usage]], **rest: object) -> dict[str, object]:
    used = {name: [[round(u.cpu_s, 2), round(u.wall_s, 2)] for u in usages] for name, usages in taken.items()}
    return {"cpu_s and wall_s": used, **rest}


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="compare with other programs; installs them apart")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--clips", type=int, default=len(BATCH))
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    found = [decode_figure(spec, repetitions=given.repetitions) for spec in (HIGH, LOW)]
    if given.peers:
        peers.install()
    lacking = peers.missing()
    if lacking is None:
        batch = BATCH[: given.clips]
        found += [
            *shots_figures(repetitions=given.repetitions, clips=batch),
            ocr_figure(repetitions=given.repetitions, clips=batch),
        ]
    else:
        found.append(report.Figure("comparison with other programs", "see DESIGN 8", "not run", note=lacking))
    report.write("speed", found, folder=given.out)
    report.write_speed_fragment(folder=given.out)
    for figure in found:
        print(f"{figure.what}: {figure.measured} ({figure.bound}): {figure.verdict} {figure.note}")  # noqa: T201


if __name__ == "__main__":
    main()
