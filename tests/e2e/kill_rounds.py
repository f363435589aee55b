"""Kills the service with SIGKILL at random moments, again and again, and counts what was lost, doubled or torn.

    python tests/e2e/kill_rounds.py --rounds 50 --seed 1

The service is the real one (`service.daemon.run`) in a process of its own, forked so that a round costs tenths of a
second; models are canned (`cheap_hosts`). Between kills, files are dropped, overwritten, renamed and duplicated, and
sidecars appear. After the last kill the service runs until it is idle; then every file must have its document, and the
six invariants of `tests/faults` must hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
from cheap_hosts import cheap_host, mp4
from invariants import Aftermath, breaches, partial
from pool_processes import Worker, alive, workers
from sources import Sources, snapshot

from actors.fusion.published import documents
from actors.pool.base import Pool
from actors.pool.fake_pool import FakePool
from service.configuration import Configuration, load
from service.daemon import run
from service.ledger.errors import LedgerMissing
from service.ledger.ledger import attach_ledger
from service.ledger.states import State
from service.ledger.values import Selector
from service.logs.render import plain
from service.state import ledger_place

SETTLED = {State.DONE, State.DUPLICATE, State.SUPERSEDED, State.GONE}
PROGRESS_WITHIN_S = 120.0
"""After the last kill the service may take as long as it needs, but not stand still for so long."""
AT_WORK, READY_WITHIN_S = 0.75, 120.0
DEEDS = 20
"""At most so many files come or change in one life."""


@dataclass
class Tally:
    """What the rounds came to; it must have come to rest (`idle`), and the lists must be empty.

    parked: videos that happened to be in work at so many kills in a row that the service suspected them, and that were
    then retried as an operator would (`reelwatch retry`). outlived: processes of the pool that worked on after their
    service had been killed, still there a life later. breaches: of the invariants, at the end.
    """

    kills: int = 0
    parked: int = 0
    files: int = 0
    documents: int = 0
    seconds: float = 0.0
    idle: bool = False
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    outlived: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)


def configuration(home: Path, *, ledger: str = "") -> Configuration:
    (home / "in").mkdir(parents=True, exist_ok=True)
    flags = {
        "state.dir": home / "state",
        "state.ledger": ledger,
        "output.dir": home / "out",
        "intake.inboxes": [home / "in"],
        "intake.quiet_local_s": 0.1,
        "intake.foreign_quiet_s": 0.3,
        "pool.kind": "local",
        "profile": "embedded",
        "disk.low_water_mib": 0,
    }
    return load(flags, environ={"HOME": str(home)}).configuration


def fake_pool(_configuration: Configuration) -> Pool:
    return FakePool(cheap_host)


def ray_pool(configuration: Configuration) -> Pool:
    import cheap_hosts
    import ray

    from actors.pool.ray_options import RayOptions
    from actors.pool.ray_pool import RayPool

    ray.cloudpickle.register_pickle_by_value(cheap_hosts)
    token = configuration.state.dir / "ray-auth-token"
    return RayPool(RayOptions(num_cpus=2, object_store_mib=100, auth_token=token), cheap_host)


@dataclass(frozen=True)
class Trial:
    """Which pool, and how long the service lives before it is killed, in seconds (Ray takes ten to start)."""

    pool: Callable[[Configuration], Pool]
    lives_s: tuple[float, float]


TRIALS = {"fake": Trial(fake_pool, (0.05, 1.2)), "ray": Trial(ray_pool, (3.0, 16.0))}


def start(settings: Configuration, trial: Trial) -> int:
    """Fork a service; return its process number."""
    pid = os.fork()
    if pid == 0:
        log = settings.state.dir.parent / "log"
        lines = log.open("a", buffering=1)

        def emit(event: str, /, **fields: object) -> None:
            lines.write(json.dumps({"event": event, **plain(fields)}) + "\n")
            if event == "service.ready":
                with log.with_name("ready").open("a") as mark:
                    mark.write(".")

        try:
            os._exit(run(settings, emit, pool_factory=trial.pool))
        except BaseException as exc:  # noqa: BLE001 - a child must not go on as the parent
            sys.stderr.write(f"service: {exc!r}\n")
            os._exit(99)
    return pid


def disturb(inbox: Path, chance: random.Random, names: Iterator[int]) -> None:
    """Do one thing a user or a sync tool would do."""
    present = sorted(inbox.rglob("*.mp4"))
    kind = chance.choice(["new", "new", "new", "copy", "overwrite", "rename", "sidecar"])
    if kind == "new" or not present:
        number = next(names)
        folder = inbox / chance.choice(["", "a", "b"])
        folder.mkdir(exist_ok=True)
        drop(folder / f"clip{number % 7}-{number}.mp4", mp4(chance.randbytes(200)))
    elif kind == "copy":
        drop(inbox / f"copy{next(names)}.mp4", chance.choice(present).read_bytes())
    elif kind == "overwrite":
        drop(chance.choice(present), mp4(chance.randbytes(300)))
    elif kind == "rename":
        chance.choice(present).rename(inbox / f"renamed{next(names)}.mp4")
    else:
        chance.choice(present).with_suffix(".txt").write_text(f"caption {next(names)} #tag")


def drop(path: Path, content: bytes) -> None:
    """Write a file as a careful writer does: under another name, then renamed."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    temporary.rename(path)


def wait_until_idle(home: Path, settings: Configuration, tally: Tally) -> None:
    """Wait until every file in the inbox has come to its end; videos that are parked are retried."""
    quiet, seen, end = 0, (-1, -1), time.monotonic() + PROGRESS_WITHIN_S
    while quiet < 5 and time.monotonic() < end:
        time.sleep(0.3 if quiet else 1.0)
        try:
            with_ledger = attach_ledger(ledger_place(settings))
        except LedgerMissing:  # no life before was long enough to make it
            continue
        suspects = [job.absolute_path for job in with_ledger.jobs([State.PARKED])]
        tally.parked += len(with_ledger.retry(Selector.of(*suspects)))
        jobs = with_ledger.jobs()
        with_ledger.close()
        settled = {job.absolute_path for job in jobs if job.state in SETTLED}
        open_jobs = [job for job in jobs if job.state not in SETTLED]
        present = {os.fsencode(p) for p in (home / "in").rglob("*.mp4")}
        quiet = quiet + 1 if not open_jobs and present <= settled else 0
        # Enlisting what had piled up is progress too, though more is open after it.
        if (len(settled), len(open_jobs)) != seen:
            seen, end = (len(settled), len(open_jobs)), time.monotonic() + PROGRESS_WITHIN_S
    tally.idle = quiet > 0


def account(
    home: Path, settings: Configuration, tally: Tally, *, before: Sources, exit_code: int, stop_s: float
) -> None:
    """Hold the inbox against the documents: each content exactly one, each with its own hash."""
    contents: dict[str, list[bytes]] = {}
    for path, entry in before.items():
        if path.endswith(b".mp4"):
            contents.setdefault(entry.content, []).append(path)
    found: dict[str, list[str]] = {}
    for document in documents(os.fsencode(home / "out")):
        found.setdefault(document.sha256, []).append(document.name)
    tally.files = sum(map(len, contents.values()))
    tally.documents = sum(map(len, found.values()))
    tally.lost = [os.fsdecode(paths[0]) for sha256, paths in contents.items() if sha256 not in found]
    tally.doubled = [str(names) for names in found.values() if len(names) > 1]
    events = [json.loads(line) for line in (home / "log").read_text().splitlines() if line.endswith("}")]
    inboxes, ledger = [home / "in"], ledger_place(settings)
    tally.breaches += breaches(
        Aftermath(inboxes, home / "out", ledger, before, events, exit_code=exit_code, stop_s=stop_s)
    )


def ready_count(home: Path) -> int:
    """Return how many lives have come to be ready."""
    mark = home / "ready"
    return mark.stat().st_size if mark.exists() else 0


def live(settings: Configuration, home: Path, trial: Trial, chance: random.Random, names: Iterator[int]) -> set[Worker]:
    """Live one life while files come and change, and end it by SIGKILL; return the pool's processes it had."""
    # Most kills come when it is at work, however slow the host is at the moment; the others may meet its start.
    starting = chance.random() < AT_WORK
    lives_s, before, deeds = chance.uniform(*trial.lives_s), ready_count(home), 0
    pid, end = start(settings, trial), time.monotonic() + (READY_WITHIN_S if starting else lives_s)
    while time.monotonic() < end:
        if starting and ready_count(home) > before:
            starting, end = False, time.monotonic() + lives_s
        deeds += 1
        if deeds <= DEEDS:
            disturb(home / "in", chance, names)
        time.sleep(chance.uniform(0.0, trial.lives_s[1] / 15))
    assert not starting, f"the service is not ready within {READY_WITHIN_S:g} s"
    had = workers(pid)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), f"the service ended by itself: {status}"
    return had


def last_life(settings: Configuration, home: Path, trial: Trial, tally: Tally) -> None:
    """Let the service come to rest, stop it, and hold everything against what should be."""
    before = snapshot([home / "in"])
    pid = start(settings, trial)
    try:
        wait_until_idle(home, settings, tally)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    began_s = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    _, status = os.waitpid(pid, 0)
    stop_s = time.monotonic() - began_s
    account(home, settings, tally, before=before, exit_code=os.waitstatus_to_exitcode(status), stop_s=stop_s)


def rounds(home: Path, *, trial: Trial, count: int, seed: int, ledger: str = "") -> Tally:
    chance, tally, started = random.Random(seed), Tally(), time.monotonic()
    settings = configuration(home, ledger=ledger)
    names = iter(range(10**9))
    had: set[Worker] = set()
    while tally.kills < count:
        former, had = had, live(settings, home, trial, chance, names)
        tally.kills += 1
        tally.outlived += map(str, alive(former))
        # What a crash leaves half-way is settled at the next start; what a reader sees must never be torn.
        tally.torn += partial(home / "out", at_rest=False)
    last_life(settings, home, trial, tally)
    tally.outlived += map(str, alive(had))
    tally.seconds = round(time.monotonic() - started, 1)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--pool", choices=sorted(TRIALS), default="fake")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--ledger", default="", help="a PostgreSQL URL, as state.ledger takes it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home, trial = given.home or Path(temporary), TRIALS[given.pool]
        tally = rounds(home, trial=trial, count=given.rounds, seed=given.seed, ledger=given.ledger)
    sys.stdout.write(json.dumps(asdict(tally)) + "\n")


if __name__ == "__main__":
    main()
