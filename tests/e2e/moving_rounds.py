"""Kills a service that moves described videos away, again and again, and counts what was lost, doubled or changed.

    python tests/e2e/moving_rounds.py --rounds 50 --seed 1          # --write: results/operation_moves.json

Files, copies and sidecars are dropped between kills. After the last one the service runs until the inbox is empty; then
every file that was dropped must lie in the archive once, with its bytes and its times, and have its document.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import report
from cheap_hosts import mp4
from kill_rounds import TRIALS, configuration, start

from actors.fusion.published import documents
from service.configuration import Configuration
from service.ledger.errors import LedgerError
from service.ledger.ledger import attach_ledger
from service.ledger.values import Selector

WITHIN_S = 120.0
Kept = Counter[tuple[str, int]]
"""Contents and mtimes of files, with how often each is there."""


@dataclass
class Tally:
    """What the rounds came to; `empty` must be true, and the lists must be empty.

    parked: videos that happened to be in work at so many kills in a row that the service suspected them, and that were
    then retried as an operator would (`reelwatch retry`): what is parked is not moved.
    """

    kills: int = 0
    parked: int = 0
    files: int = 0
    documents: int = 0
    seconds: float = 0.0
    empty: bool = False
    lost: list[str] = field(default_factory=list)
    too_many: list[str] = field(default_factory=list)
    undescribed: list[str] = field(default_factory=list)


def settings_for(home: Path) -> Configuration:
    given = configuration(home)
    done = given.done.model_copy(update={"after_done": "move", "move_to": home / "archive"})
    intake = given.intake.model_copy(update={"quiet_network_s": 0.1})
    return given.model_copy(update={"done": done, "intake": intake})


def kept(*folders: Path) -> Kept:
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return Counter((hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in files)


def drop_some(inbox: Path, chance: random.Random, dropped: Kept) -> None:
    """Drop a video that is new, or has the bytes of another, under a name that comes again; some with a caption."""
    target = inbox / chance.choice([".", "a"]) / f"clip{chance.randrange(30)}.mp4"
    target.parent.mkdir(exist_ok=True)
    caption = target.with_suffix(".txt")
    if target.exists() or caption.exists():
        return
    if chance.random() < 0.4:
        put(caption, b"caption %d" % chance.randrange(10**9), chance, dropped)
    put(target, mp4(b"again" if chance.random() < 0.2 else chance.randbytes(200)), chance, dropped)


def put(path: Path, content: bytes, chance: random.Random, dropped: Kept) -> None:
    """Write a file under another name, with a time of its own, and rename it into place."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    mtime_ns = 1_500_000_000_000_000_000 + chance.randrange(10**17)
    os.utime(temporary, ns=(mtime_ns, mtime_ns))
    dropped[hashlib.sha256(content).hexdigest(), mtime_ns] += 1
    temporary.rename(path)


def rounds(home: Path, *, count: int, seed: int) -> Tally:
    chance, tally, began_s = random.Random(seed), Tally(), time.monotonic()
    settings, dropped, trial = settings_for(home), Kept(), TRIALS["fake"]
    while tally.kills < count:
        pid = start(settings, trial)
        end_s = time.monotonic() + chance.uniform(0.3, 1.8)
        while time.monotonic() < end_s:
            drop_some(home / "in", chance, dropped)
            time.sleep(chance.uniform(0.0, 0.05))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        tally.kills += 1
    pid = start(settings, trial)
    end_s = time.monotonic() + WITHIN_S
    try:
        while time.monotonic() < end_s and not tally.empty:
            time.sleep(0.5)
            tally.parked += retry_parked(home)
            tally.empty = not list((home / "in").rglob("*.mp4"))
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    account(home, dropped, tally)
    tally.seconds = round(time.monotonic() - began_s, 1)
    return tally


def retry_parked(home: Path) -> int:
    # A service that is only starting, or writing, on a busy machine: the next time will do.
    with suppress(LedgerError), closing(attach_ledger(home / "state" / "ledger.sqlite3")) as ledger:
        return len(ledger.retry(Selector.all()))
    return 0


def account(home: Path, dropped: Kept, tally: Tally) -> None:
    there = kept(home / "in", home / "archive")
    described = {found.sha256 for found in documents(os.fsencode(home / "out"))}
    videos = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (home / "archive").rglob("*.mp4")}
    tally.files, tally.documents = sum(dropped.values()), len(described)
    tally.lost = [str(one) for one in dropped - there]
    tally.too_many = [str(one) for one in there - dropped]
    tally.undescribed = sorted(videos - described)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        tally = rounds(Path(home), count=given.rounds, seed=given.seed)
    sys.stdout.write(json.dumps(asdict(tally)) + "\n")
    if given.write:
        report.write("operation_moves", [figure(tally)])


def figure(tally: Tally) -> report.Figure:
    bad = len(tally.lost) + len(tally.too_many) + len(tally.undescribed)
    return report.Figure(
        what="random kills of a service that moves described videos away (done.after_done)",
        bound="0 lost, doubled or changed",
        measured=f"{tally.kills} kills, {tally.files} files: {bad} lost, doubled or changed",
        met=tally.empty and bad == 0,
        values={name: value for name, value in asdict(tally).items() if not isinstance(value, list)},
    )


if __name__ == "__main__":
    main()
