"""Several processes, and processes that are killed."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect

from service.intake.ports import Settled
from service.ledger import schema
from service.ledger.engine import Database
from service.ledger.ledger import open_ledger
from service.ledger.place import Place, ServerPlace
from service.ledger.states import State

if TYPE_CHECKING:
    from conftest import Bench
    from ledger_stocks import Stock

PLACE = """
import sys
from pathlib import Path
from service.ledger.place import ServerPlace
place = (ServerPlace if "://" in sys.argv[1] else Path)(sys.argv[1])
"""

CLAIM = f"""{PLACE}
import time
from service.ledger.ledger import attach_ledger
ledger = attach_ledger(place, output_root=b"/out")
print("ready", flush=True)
sys.stdin.readline()
while jobs := ledger.claim(limit=2, now=time.time()):
    print(*(job.job_id for job in jobs), flush=True)
ledger.close()
"""

WORK = (
    PLACE
    + """
import hashlib
from service.clock import FakeClock
from service.intake.ports import Generation, Settled
from service.ledger.ledger import open_ledger
ledger = open_ledger(place, output_root=b"/out", clock=FakeClock())
ledger.recover(0.0)
print("ready", flush=True)
for batch in range(10_000):
    start = sys.argv[2]
    names = [f"{start}-{batch}-{n}" for n in range(5)]
    ledger.intake.enqueue(
        [Settled(b"/in", f"{n}.mp4".encode(), Generation(1, hash(n) & 0xffff, len(n), 1, n[:60])) for n in names]
    )
    print("batch", batch, flush=True)
    for job in ledger.claim(limit=2, now=2e9):
        found = ledger.identified(job.job_id, hashlib.sha256(job.path).hexdigest())
        name = ledger.allocate_name(found.job)
        ledger.finish(job.job_id, document=name, settings_key="k")
        print("done", job.job_id, flush=True)
"""
)

MIGRATE = (
    PLACE
    + """
import os, signal
from sqlalchemy import event
from sqlalchemy.engine import Engine
from service.ledger.ledger import open_ledger
left = iter(range(int(sys.argv[2])))
def kill(connection, cursor, statement, *rest):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "before_cursor_execute", kill)
open_ledger(place).close()
"""
)


def _named(place: Place) -> str:
    return place.url if isinstance(place, ServerPlace) else str(place)


def _start(script: str, place: Place, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, _named(place), *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.fault("a second service on the same state")
def test_two_processes_never_claim_one_job(bench: Bench) -> None:
    bench.ledger.intake.enqueue([Settled(b"/in", b"%d" % n, bench.generation(str(n))) for n in range(60)])
    racers = [_start(CLAIM, bench.place) for _ in range(2)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    outputs = [racer.communicate("go\n", timeout=60)[0] for racer in racers]
    claims = Counter(int(number) for output in outputs for number in output.split())
    assert claims == Counter(job.job_id for job in bench.ledger.jobs())
    assert {job.attempts for job in bench.ledger.jobs([State.RUNNING])} == {1}


@pytest.mark.fault("killed between any two statements of a transaction")
def test_what_was_acknowledged_survives_any_kill_and_nothing_is_half_done(stock: Stock) -> None:
    place, acknowledged, generator = stock.nothing(), set[int](), random.Random(2024)
    batches, kills = 0, 6 if stock.name == "sqlite" else 3
    for number in range(kills):
        worker = _start(WORK, place, number)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        lines = _until_done(worker) if number == 0 else []  # however slow the host is
        time.sleep(generator.uniform(0.0, 0.4))
        worker.kill()
        lines += worker.communicate()[0].splitlines(keepends=True)
        words = [line.split() for line in lines if line.endswith("\n")]
        acknowledged |= {int(word[1]) for word in words if word[0] == "done"}
        batches += sum(word[0] == "batch" for word in words)
    ledger = open_ledger(place)
    assert ledger.opening.damage is None
    ledger.recover(0.0)
    jobs = ledger.jobs()
    ledger.close()
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    done = {job.job_id for job in jobs if job.state is State.DONE}
    assert acknowledged, "the workers were given time to finish something"
    assert acknowledged <= done
    assert len(done - acknowledged) <= kills, "at most one commit for each kill was not yet told"
    assert {job.state for job in jobs} <= {State.DONE, State.QUEUED}
    per_batch = Counter(job.path.rpartition(b"-")[0] for job in jobs)
    assert set(per_batch.values()) == {5}, "a batch is there whole or not at all"
    assert len(per_batch) >= batches


def _until_done(worker: subprocess.Popen[str]) -> list[str]:
    assert worker.stdout is not None
    lines = [worker.stdout.readline()]
    while not lines[-1].startswith("done"):
        lines.append(worker.stdout.readline())
    return lines


@pytest.mark.fault("killed in a migration")
@pytest.mark.parametrize(
    ("stock", "statements"),
    [*(("sqlite", number) for number in (3, 6, 12, 18)), ("postgresql", 12), ("postgresql", 40)],
    indirect=["stock"],
)
def test_a_kill_during_the_migration_leaves_the_old_schema_or_the_new(stock: Stock, statements: int) -> None:
    place = stock.nothing()
    command = [sys.executable, "-c", MIGRATE, _named(place), str(statements)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    with closing(Database(place)) as database, database.read() as connection:
        assert inspect(connection).get_table_names() == []
    ledger = open_ledger(place)
    assert ledger.jobs() == []
    with ledger.database.read() as connection:
        assert schema.revision_of(connection) == schema.REVISION
    ledger.close()
