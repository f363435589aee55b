"""The models on a card: `python tests/bench/gpu.py [--videos N] [--out FOLDER] [--small]`.

Full-size architectures with random weights (nothing is downloaded): where the weights lie and in which precision, what
a process takes of the card, throughput by batch size, and how much of what the bare models allow reaches the documents
when all of them share the card (bound: 0.85). Without a card it writes that it did not run. `--small` tries the bench
itself with tiny models on the processor; its figures mean nothing. Speech and speakers are not part of it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

import gpu_videos
import report
from full_size import SUBJECTS, Subject
from usage import say

from service.assembly import assemble
from service.cards import REFERENCE, read_cards
from service.clock import SystemClock
from service.configuration import STAGES, load
from service.intake.enlist import enlist
from service.ledger.ledger import open_ledger
from service.ledger.states import State
from service.state import ledger_place, make_output_root

TOPIC = "gpu"
LEAST = 0.85
BATCHES = (1, 2, 4, 8, 16, 32)
WITHIN_S = 1800.0
Measured = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; 0 also where there is no card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args(arguments)
    if not given.small and not read_cards():
        figures = [not_run()]
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(Path(folder), videos=given.videos, small=given.small)
    report.write(TOPIC, figures, folder=given.out)
    write_page(figures, folder=given.out, small=given.small)
    report.tell(figures)
    return 0


def not_run() -> report.Figure:
    """Return the only honest figure of a machine without a card."""
    return report.Figure(
        "the models on a card", f"≥ {LEAST} of the bare models", "did not run", None, "nvidia-smi tells of no card here"
    )


def measure(folder: Path, *, videos: int, small: bool) -> list[report.Figure]:
    """Make the checkpoints, measure each model alone, then all of them together through the service."""
    device, batches = ("cpu", (1, 2)) if small else ("cuda", BATCHES)
    figures: list[report.Figure] = []
    best: dict[str, Measured] = {}
    options: dict[str, dict[str, Any]] = {}
    for subject in SUBJECTS:
        say(f"{subject.backend}: making a checkpoint")
        model = (subject.small if small else subject.full)(folder / subject.stage)
        chosen = {"model": str(model), **(subject.small_options if small else {})}
        runs = [bare(subject, {**chosen, "device": device, "batch_size": size}) for size in batches]
        default = bare(subject, {**chosen, "device": device})
        best[subject.stage] = fastest([*runs, default])
        options[subject.stage] = {**chosen, "batch_size": best[subject.stage]["ran_batch_size"]}
        figures += [memory_figure(subject.backend, default), batches_figure(subject.backend, runs)]
    taken_s = drive(folder, options, videos=videos, device=device)
    return [*figures, efficiency_figure(best, taken_s=taken_s, videos=videos)]


def bare(subject: Subject, options: Mapping[str, Any]) -> Measured:
    """Measure one backend in a process of its own."""
    say(f"{subject.backend}: batches of {options.get('batch_size', 'the default size')}")
    program = Path(__file__).with_name("bare_model.py")
    command = [sys.executable, str(program), subject.backend, subject.model, json.dumps(options)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=WITHIN_S)
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    return found


def fastest(runs: Sequence[Measured]) -> Measured:
    """Return the run that the service could have: the fastest within the declared memory, else the smallest batch."""
    fitting = [run for run in runs if (run["peak_reserved_mib"] or 0) <= run["declared_mib"]]
    if fitting:
        return max(fitting, key=lambda run: run["keyframes_per_s"])
    return min(runs, key=lambda run: run["ran_batch_size"])


def memory_figure(backend: str, run: Measured) -> report.Figure:
    """Say where the weights lie, in which precision, and what its process takes of the card.

    run: one of the default batch size, for which the table's figure is declared. One whose batches had to be halved
    has not shown that they fit.
    """
    weights = ", ".join(f"{mib} MiB {where}" for where, mib in sorted(run["weights_mib"].items()))
    peak, declared = run["peak_reserved_mib"], run["declared_mib"]
    took = "no card" if peak is None else f"{peak} MiB at most, {run['process_mib']} MiB with its context"
    asked, ran = run["batch_size"], run["ran_batch_size"]
    met = None if peak is None else peak <= declared and ran == asked
    told = f"{weights}; {took}, in batches of {_batch(run)}"
    return report.Figure(f"{backend}: memory", f"≤ {declared} MiB declared", told, met, "", run)


def batches_figure(backend: str, runs: Sequence[Measured]) -> report.Figure:
    """Say how many keyframes a second each batch size gives."""
    told = ", ".join(f"{_batch(run)}: {run['keyframes_per_s']:.1f}" for run in runs)
    return report.Figure(f"{backend}: keyframes a second by batch size", "", told, None, "", {"runs": list(runs)})


def _batch(run: Measured) -> str:
    asked, ran = run["batch_size"], run["ran_batch_size"]
    return str(asked) if ran == asked else f"{asked} (halved to {ran})"


def efficiency_figure(best: Mapping[str, Measured], *, taken_s: float, videos: int) -> report.Figure:
    """Compare the service with the models alone, which share one card: their seconds add up."""
    model_s = sum(run["model_s_per_video"] for run in best.values())
    allowed, reached = gpu_videos.MEDIA_S / model_s, videos * gpu_videos.MEDIA_S / taken_s
    told = f"{reached / allowed:.2f} ({reached:.1f} of {allowed:.1f} media-seconds per second)"
    values = {"videos": videos, "taken_s": taken_s, "model_s_per_video": model_s}
    what = "media-seconds per second through the actors, over what the bare models allow"
    return report.Figure(what, f"≥ {LEAST}", told, reached / allowed >= LEAST, "", values)


def drive(folder: Path, options: Mapping[str, Measured], *, videos: int, device: str) -> float:
    """Send videos through the whole service with the models as its actors; return the seconds from ready to done."""
    from actors.pool.ray_options import RayOptions
    from actors.pool.ray_pool import RayPool

    sys.modules["ray"].cloudpickle.register_pickle_by_value(gpu_videos)
    settings = _settings(folder, options, device=device)
    configuration = load(settings, environ={"HOME": str(folder)}).configuration
    cards = len(read_cards()) or 1
    pool = RayPool(RayOptions(num_cpus=cores(), num_gpus=cards, object_store_mib=1024), gpu_videos.bench_host)
    root = make_output_root(configuration)
    ledger = open_ledger(ledger_place(configuration), output_root=root, clock=SystemClock())
    made = assemble(configuration, ledger=ledger, emit=lambda *_a, **_k: None, pool_factory=lambda _c: pool)
    try:
        _finish(made.driver, ledger, folder / "in", range(1))  # until all models have loaded and run once
        started = time.monotonic()
        _finish(made.driver, ledger, folder / "in", range(1, 1 + videos))
        return time.monotonic() - started
    finally:
        made.driver.close()
        ledger.close()


def _settings(folder: Path, options: Mapping[str, Measured], *, device: str) -> dict[str, Any]:
    off = {f"stages.{name}.backends": [] for name in STAGES if name not in {"decode", "fusion", *options}}
    backends = {f"stages.{subject.stage}.backends": [subject.backend] for subject in SUBJECTS}
    chosen = {f"stages.{stage}.options": dict(mine) for stage, mine in options.items()}
    places = {"state.dir": folder / "state", "output.dir": folder / "out", "disk.low_water_mib": 0}
    pool = {"pool.device": device, "pool.num_cpus": cores(), "pool.threads": 1, "pool.replicas": 1}
    return {"profile": "gpu", **off, **backends, **chosen, **places, **pool, "pool.start_deadline_s": 600.0}


def cores() -> int:
    """Return the logical cores of the pool: the actors' shares add up to less than two."""
    return max(2, len(os.sched_getaffinity(0)))


def _finish(driver: Any, ledger: Any, inbox: Path, numbers: range) -> None:
    """Queue videos and drive until all that were ever queued are done."""
    inbox.mkdir(exist_ok=True)
    for number in numbers:
        (inbox / f"v{number}.mp4").write_bytes(os.urandom(64))
    ledger.intake.enqueue(enlist([inbox])[0])
    end = time.monotonic() + WITHIN_S
    while True:
        driver.step(timeout_s=0.05)
        states = [job.state for job in ledger.jobs(list(State))]
        if set(states) <= {State.DONE}:
            return
        if time.monotonic() > end or set(states) & {State.FAILED, State.REJECTED, State.PARKED}:
            raise RuntimeError(f"the service did not finish: {sorted(map(str, set(states)))}")


def write_page(figures: Sequence[report.Figure], *, folder: Path, small: bool = False) -> Path:
    """Write `gpu.md`."""
    card = next(iter(read_cards()), None)
    rows = ((f.what, f.bound, f.measured, f.verdict + (f": {f.note}" if f.note else "")) for f in figures)
    origin = f"Taken on {card.name}, {card.total_mib} MiB." if card else f"Made for {REFERENCE.name}; none was at hand."
    if small:
        origin = "Tiny models on the processor: these figures only show that the bench works."
    path = folder / f"{TOPIC}.md"
    path.write_text("\n".join([*report.table(("what", "bound", "measured", "verdict"), rows), "", origin]) + "\n")
    return path


if __name__ == "__main__":
    sys.exit(main())
