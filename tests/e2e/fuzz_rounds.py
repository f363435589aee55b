"""Puts thousands of damaged files into the inbox of the real service and counts how each one ended.

    python tests/e2e/fuzz_rounds.py --files 2000 --seed 1 [--write]

The service is a process of its own with the real intake, ledger, decoder (in its killable child process) and fusion;
models are switched off. A file that never becomes whole is decoded as far as it goes after seconds instead of a day,
so that the decoder sees every mutant. What must hold: the service never dies, every file ends in a named state, and
none takes longer than the deadline its size gives it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
from mutants import SEED_SUFFIXES, Mutant, mutants, seeds
from processes import WITHOUT_MODELS, Home, Service
from report import Figure, write

from service.ledger.values import Job
from service.scheduler.board import LEANEST_BITS_PER_S

CORPUS = Path(os.environ.get("REELWATCH_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus"))
ENDS = {"done", "duplicate", "rejected", "failed", "parked", "superseded"}
IN_INBOX = 100
"""How many files come at once; the next ones when these have ended."""
STANDS_STILL_S = 300.0
"""Longer than two deadlines of the largest mutant: a hang costs two before its file is parked."""
DEADLINE_BASE_S, DEADLINE_PER_MEDIA_S = 60.0, 6.0
SETTINGS = {
    **WITHOUT_MODELS,
    "REELWATCH_STAGES__FRAMES__BACKENDS": "[]",
    "REELWATCH_STAGES__DECODE__DEADLINE_BASE_S": str(DEADLINE_BASE_S),
    "REELWATCH_STAGES__DECODE__DEADLINE_PER_MEDIA_S": str(DEADLINE_PER_MEDIA_S),
    "REELWATCH_INTAKE__QUIET_NETWORK_S": "0.5",
    "REELWATCH_INTAKE__EXTENSIONS": json.dumps(sorted({*SEED_SUFFIXES, ".flv"})),
    "REELWATCH_RETRY__BACKOFF_S": "[0.5]",
}


@dataclass
class Tally:
    """What the rounds came to.

    ends: files by state and reason. deaths: ends of the decoding process and whether its file was tried again or
    parked. slowest: the longest time from claim to end, which includes waiting behind up to seven others, beside the
    time its size allowed for decoding alone. bugs: what was raised in an actor and is no expected failure.
    """

    files: int = 0
    seeds: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    without_end: list[str] = field(default_factory=list)
    service_deaths: int = 0
    deaths: list[str] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    slowest_name: str = ""
    slowest_s: float = 0.0
    slowest_allowed_s: float = 0.0
    over_deadline: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    """Files that lie outside the output although the service made them, or documents nobody asked for."""
    seconds: float = 0.0


def fuzz(home: Home, given: list[tuple[str, bytes]], *, files: int, seed: int, first: int = 0) -> Tally:
    """Feed `files` mutants of the given seeds to a service and account for them."""
    tally, started = Tally(files=files, seeds=len(given)), time.monotonic()
    with hasty_service(home) as serving:
        serving.ready()
        coming = mutants(given, count=files, seed=seed, first=first)
        while batch := list(islice(coming, IN_INBOX)):
            if not _wait(home, serving, _drop(home.inbox, batch), tally):
                break
        tally.service_deaths = int(serving.process.poll() is not None or serving.terminate(within_s=120)[0] != 0)
        _account(home, serving.events, tally)
    tally.bugs += [line for line in serving.other_lines if "Traceback" in line]
    tally.seconds = round(time.monotonic() - started, 1)
    return tally


@contextmanager
def hasty_service(home: Home, *arguments: str) -> Iterator[Service]:
    """Run the service that does not wait a day for the rest of a file; whatever happens, it has ended afterwards."""
    script = Path(__file__).with_name("hasty_service.py")
    given = {"env": home.environ, "cwd": home.path, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    serving = Service(subprocess.Popen([sys.executable, script, *arguments], **given))
    try:
        yield serving
    finally:
        serving.kill()


def _drop(inbox: Path, batch: Iterable[Mutant]) -> set[str]:
    names = set()
    for mutant in batch:
        hidden = inbox / f".{mutant.name}.part"
        hidden.write_bytes(mutant.content)
        hidden.rename(inbox / mutant.name)
        # An empty file waits for its content, as it should; it is no case here.
        names |= {mutant.name} if mutant.content else set()
    return names


def _wait(home: Home, serving: Service, names: set[str], tally: Tally) -> bool:
    """Wait until the files have ended; False where the service has, or stands still."""
    left, moved_s = names, time.monotonic()
    while left:
        time.sleep(0.5)
        before, ended = left, {job.path.decode() for job in home.jobs() if job.state in ENDS}
        left = left - ended
        moved_s = time.monotonic() if left != before else moved_s
        if serving.process.poll() is not None or time.monotonic() - moved_s > STANDS_STILL_S:
            tally.without_end += sorted(left)
            return False
    return True


def _account(home: Home, events: list[dict[str, Any]], tally: Tally) -> None:
    jobs = {job.job_id: job for job in home.jobs()}
    counted = Counter(_end(job) for job in jobs.values() if job.state in ENDS)
    tally.ends = dict(sorted(counted.items()))
    claimed: dict[int, float] = {}
    for event in events:
        job = jobs.get(event.get("job", -1))
        if event["event"] in {"actor.died", "actor.killed"} and "recycled" not in event["reason"]:
            tally.deaths.append(f"{event['actor']}: {event['reason']}")
        if job is None:
            continue
        if event["event"] == "job.claimed":
            claimed[job.job_id] = _seconds(event)
        elif event["event"] in {"job.done", "job.rejected", "job.failed", "job.parked", "file.duplicate", "job.retry"}:
            _note_time(job, _seconds(event) - claimed.get(job.job_id, _seconds(event)), tally)
            if event["event"] == "job.failed":
                tally.bugs.append(f"{job.path.decode()}: {event['reason']}: {event.get('traceback', '')[-600:]}")
    tally.strangers = [str(p) for p in home.path.iterdir() if p.name not in {"in", "out", "state"}]


def _end(job: Job) -> str:
    return f"{job.state}({job.reason})" if job.state in {"rejected", "failed", "parked"} else str(job.state)


def _seconds(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def _note_time(job: Job, took_s: float, tally: Tally) -> None:
    allowed_s = DEADLINE_BASE_S + DEADLINE_PER_MEDIA_S * (job.size or 0) * 8 / LEANEST_BITS_PER_S
    name = job.path.decode()
    if took_s > tally.slowest_s:
        tally.slowest_name, tally.slowest_s, tally.slowest_allowed_s = name, round(took_s, 2), round(allowed_s, 1)
    if took_s > allowed_s:
        tally.over_deadline.append(f"{name}: {took_s:.1f} s, allowed {allowed_s:.1f} s")


def figures(tally: Tally) -> list[Figure]:
    """What the table of operation says about a run."""
    deaths, seen = len(tally.deaths), asdict(tally)
    ended = sum(tally.ends.values())
    slowest = f"{tally.slowest_s} s of {tally.slowest_allowed_s} s allowed, {len(tally.over_deadline)} over"
    return [
        Figure(
            f"{tally.files:,} damaged files, made of {tally.seeds} whole ones, through the service",
            "it never dies, each file ends in a named state",
            f"{tally.service_deaths} deaths of the service, {deaths} of the decoder; {ended} ended "
            f"({tally.ends.get('done', 0)} with a document, the others with a reason), {len(tally.without_end)} did "
            f"not, {len(tally.bugs)} by a bug",
            met=not tally.service_deaths and not tally.without_end and not tally.bugs,
            values=seen,
        ),
        Figure("slowest damaged file, claim to end", "within its deadline", slowest, met=not tally.over_deadline),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file, to see one again")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--write", action="store_true", help="keep the figures in tests/bench/results")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(given.home or Path(folder), SETTINGS)
        tally = fuzz(home, seeds(CORPUS), files=given.files, seed=given.seed, first=given.first)
    sys.stdout.write(json.dumps(asdict(tally), indent=1) + "\n")
    if given.write:
        write("operation_fuzz", figures(tally))


if __name__ == "__main__":
    main()
