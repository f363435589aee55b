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

from service.intake.ports import Settled
from service.ledger import schema
from service.ledger.engine import LEDGER_FILE
from service.ledger.ledger import open_ledger
from service.ledger.states import State

if TYPE_CHECKING:
    from conftest import Bench

CLAIM = """
import sys, time
from pathlib import Path
from service.ledger.ledger import attach_ledger
ledger = attach_ledger(Path(sys.argv[1]), output_root=b"/out")
print("ready", flush=True)
sys.stdin.readline()
while jobs := ledger.claim(limit=2, now=time.time()):
    print(*(job.job_id for job in jobs), flush=True)
ledger.close()
"""

WORK = """
import hashlib, sys
from pathlib import Path
from service.clock import FakeClock
from service.intake.ports import Generation, Settled
from service.ledger.ledger import open_ledger
ledger = open_ledger(Path(sys.argv[1]), output_root=b"/out", clock=FakeClock())
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

MIGRATE = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from service.ledger.ledger import open_ledger
left = iter(range(int(sys.argv[2])))
def kill(connection, cursor, statement, *rest):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "before_cursor_execute", kill)
open_ledger(Path(sys.argv[1])).close()
"""


def _start(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.fault("a second service on the same state")
def test_two_processes_never_claim_one_job(bench: Bench) -> None:
    bench.ledger.intake.enqueue([Settled(b"/in", b"%d" % n, bench.generation(str(n))) for n in range(60)])
    racers = [_start(CLAIM, bench.path) for _ in range(2)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    outputs = [racer.communicate("go\n", timeout=60)[0] for racer in racers]
    claims = Counter(int(number) for output in outputs for number in output.split())
    assert claims == Counter(job.job_id for job in bench.ledger.jobs())
    assert {job.attempts for job in bench.ledger.jobs([State.RUNNING])} == {1}


@pytest.mark.fault("killed between any two statements of a transaction")
def test_what_was_acknowledged_survives_any_kill_and_nothing_is_half_done(tmp_path: Path) -> None:
    path, acknowledged, generator = tmp_path / LEDGER_FILE, set[int](), random.Random(2024)
    batches = 0
    for number in range(6):
        worker = _start(WORK, path, number)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        time.sleep(generator.uniform(0.0, 0.4))
        worker.kill()
        words = [line.split() for line in worker.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
        acknowledged |= {int(word[1]) for word in words if word[0] == "done"}
        batches += sum(word[0] == "batch" for word in words)
    ledger = open_ledger(path)
    ledger.recover(0.0)
    jobs = ledger.jobs()
    ledger.close()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    done = {job.job_id for job in jobs if job.state is State.DONE}
    assert acknowledged, "the workers were given time to finish something"
    assert acknowledged <= done
    assert len(done - acknowledged) <= 6, "at most one commit for each kill was not yet told"
    assert {job.state for job in jobs} <= {State.DONE, State.QUEUED}
    per_batch = Counter(job.path.rpartition(b"-")[0] for job in jobs)
    assert set(per_batch.values()) == {5}, "a batch is there whole or not at all"
    assert len(per_batch) >= batches


@pytest.mark.fault("killed in a migration")
@pytest.mark.parametrize("statements", [3, 6, 12, 18])
def test_a_kill_during_the_migration_leaves_the_old_schema_or_the_new(tmp_path: Path, statements: int) -> None:
    path = tmp_path / LEDGER_FILE
    command = [sys.executable, "-c", MIGRATE, str(path), str(statements)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    ledger = open_ledger(path)
    assert ledger.jobs() == []
    with ledger.database.read() as connection:
        assert schema.revision_of(connection) == schema.REVISION
    ledger.close()
