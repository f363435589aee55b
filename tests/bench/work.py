"""The measured programs, each in a process of its own: `python tests/bench/work.py bare|describe CLIP… [--threads N]`.

Prints one JSON object on stdout: what the work itself took, apart from the start of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from usage import Usage

MODELS = ("vad", "asr", "diarization", "captions", "objects", "ocr", "audio")
"""The stages between decoding and the document; switched off, what is left is free of models."""


def bare(clips: Sequence[Path], *, threads: int, sound: bool) -> Usage:
    """Decode the pictures of each clip, and do nothing with them."""
    import av

    started = _now()
    for path in clips:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            video.thread_type, video.thread_count = "AUTO", threads
            streams = [video, *container.streams.audio[:1]] if sound else [video]
            for _ in container.decode(*streams):
                pass
    return _since(started)


def describe(clips: Sequence[Path], *, threads: int, stages: Sequence[str] = ()) -> Usage:
    """Let the service's own driver, ledger and fusion describe the clips, the actors in this process.

    One clip is described before the clock starts, so that libraries are loaded and the pool is up.
    """
    from service.assets import demo_clip
    from service.ledger.ledger import open_ledger
    from service.state import ledger_place, make_output_root

    with tempfile.TemporaryDirectory() as home:
        settings = settings_of(Path(home), threads=threads, stages=stages)
        ledger = open_ledger(ledger_place(settings), output_root=make_output_root(settings))
        try:
            return _described(settings, ledger, [[demo_clip()], list(clips)])
        finally:
            ledger.close()


def settings_of(home: Path, *, threads: int, stages: Sequence[str] = ()):  # noqa: ANN201 - imported late
    """Return the embedded profile with only `stages` between decoding and the document, everything in this process."""
    from service.configuration import load

    off = {f"stages.{stage}.backends": [] for stage in MODELS if stage not in stages}
    flags = {
        "profile": "embedded",
        "state.dir": home / "state",
        "output.dir": home / "out",
        "pool.kind": "local",
        "pool.threads": threads,
        "pool.num_cpus": 8,
        "disk.low_water_mib": 0,
    }
    return load(flags | off, environ={"HOME": str(home)}).configuration


def _described(settings, ledger, batches: Sequence[Sequence[Path]]) -> Usage:  # noqa: ANN001 - imported late
    """Return what the last batch took."""
    from actors.pool.fake_pool import FakePool
    from service.assembly import assemble
    from service.intake.enlist import enlist
    from service.ledger.states import State

    pool = {"pool_factory": lambda _settings: FakePool()}  # one process, whose processor time is all there is
    driver = assemble(settings, ledger=ledger, emit=lambda *_a, **_k: None, **pool).driver
    for batch in batches:
        started = _now()
        ledger.intake.enqueue(enlist([os.fsencode(path) for path in batch])[0])
        while driver.step(timeout_s=0.0) or driver.busy:
            pass
        used = _since(started)
    driver.close()
    done = len(ledger.jobs({State.DONE}))
    if done != sum(map(len, batches)):
        raise SystemExit(f"only {done} documents were made: {[(j.state, j.detail) for j in ledger.jobs()]}")
    return used


def _now() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, time.monotonic()


def _since(started: tuple[float, float]) -> Usage:
    cpu_s, now_s = _now()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Usage(cpu_s - started[0], now_s - started[1], peak_mib)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=["bare", "describe"])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sound", action="store_true")
    parser.add_argument("--stages", default="")
    given = parser.parse_args()
    if given.work == "bare":
        used = bare(given.clips, threads=given.threads, sound=given.sound)
    else:
        used = describe(given.clips, threads=given.threads, stages=[s for s in given.stages.split(",") if s])
    print(json.dumps(asdict(used)))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
