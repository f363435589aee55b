"""The service put together from its configuration."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.backend import Resources
from actors.pool.base import ActorSpec
from actors.pool.fake_pool import FakePool
from actors.pool.process_pool import ProcessPool
from service import assembly
from service.assembly import MOST_THREADS, assemble, cores, make_limits, make_plan, make_pool
from service.clock import FakeClock
from service.configuration import Configuration, load
from service.errors import ConfigError
from service.ledger.ledger import open_ledger
from service.ledger.values import StoredResult
from service.logs import Recorder

NO_MODELS = {f"stages.{name}.backends": [] for name in ("vad", "asr", "captions", "objects", "ocr", "audio", "frames")}


def configuration(home: Path, **flags: Any) -> Configuration:
    given = {"profile": "embedded", "state.dir": home / "state", "output.dir": home / "out", "pool.num_cpus": 8}
    return load(given | NO_MODELS | flags, environ={"HOME": str(home)}).configuration


SHARES = [Resources(num_cpus=0.5, ram_mib=1)] * 5


def test_fewer_cores_than_the_actors_ask_for_are_refused_with_the_shares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(configuration(tmp_path))
    specs = [ActorSpec(f"a{n}", (), resources) for n, resources in enumerate(SHARES)]
    monkeypatch.setattr(type(plan), "actors", lambda _plan: tuple(specs))
    with pytest.raises(ConfigError, match=r"num_cpus = 2, but the actors ask for 2\.5 \(a0 0\.5.*raise pool\.num_cpus"):
        make_plan(configuration(tmp_path, **{"pool.num_cpus": 2}))


def test_a_small_host_counts_as_many_cores_as_the_actors_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cores are slow for the largest profile, and no reason not to start."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    given = configuration(tmp_path, **{"pool.num_cpus": 0})
    plan = make_plan(given)
    specs = [ActorSpec(f"a{n}", (), resources) for n, resources in enumerate(SHARES)]
    monkeypatch.setattr(type(plan), "actors", lambda _plan: tuple(specs))
    assert make_plan(given) == plan
    assert assembly._with_shares(given, plan).pool.num_cpus == 3
    assert assembly._with_shares(configuration(tmp_path, **{"pool.num_cpus": 7}), plan).pool.num_cpus == 7


@pytest.mark.parametrize(
    ("num_cpus", "threads", "decoder", "model"),
    [(2, 0, 2, 1), (6, 0, 4, 3), (64, 0, MOST_THREADS, MOST_THREADS), (8, 7, 7, 7)],
    ids=["two cores", "half the cores for a model", "never many", "as set"],
)
def test_threads(tmp_path: Path, num_cpus: int, threads: int, decoder: int, model: int) -> None:
    own = {"pool.num_cpus": num_cpus, "pool.threads": threads, "stages.ocr.backends": ["ocr.rapidocr"]}
    plan = make_plan(configuration(tmp_path, **own))
    assert (plan.by_name["decode"].options["threads"], plan.by_name["ocr"].options["threads"]) == (decoder, model)


def test_a_stages_own_threads_win(tmp_path: Path) -> None:
    own = {"stages.ocr.backends": ["ocr.rapidocr"], "stages.ocr.options": {"threads": 3}}
    plan = make_plan(configuration(tmp_path, **own))
    assert (plan.by_name["ocr"].options["threads"], plan.by_name["decode"].options["threads"]) == (3, 4)


def test_limits_say_what_the_settings_say(tmp_path: Path) -> None:
    flags = {"pool.object_store_mib": 100, "media.frames_mib": 9, "retry.backoff_s": [1.0], "pool.idle_stop_s": 5.0}
    limits = make_limits(configuration(tmp_path, **flags, **{"stages.ocr.deadline_base_s": 11.0}))
    assert (limits.payload_budget_bytes, limits.frames_worst_bytes) == (50 * 2**20, 9 * 2**20)
    assert (tuple(limits.backoff_s), limits.idle_stop_s) == ((1.0,), 5.0)
    assert limits.deadlines["ocr"].base_s == 11.0


def test_cores_are_those_the_process_may_use(tmp_path: Path) -> None:
    assert cores(configuration(tmp_path, **{"pool.num_cpus": 0})) == len(os.sched_getaffinity(0))
    assert cores(configuration(tmp_path)) == 8


def test_the_local_pool_is_this_process(tmp_path: Path) -> None:
    assert isinstance(make_pool(configuration(tmp_path, **{"pool.kind": "local"})), ProcessPool)


def test_an_assembled_driver_is_at_rest(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite3", output_root=os.fsencode(tmp_path / "out"))
    made = assemble(
        configuration(tmp_path), ledger=ledger, emit=Recorder(), pool_factory=lambda _c: FakePool(), clock=FakeClock()
    )
    assert (made.driver.busy, made.driver.pool_up, made.driver.step(timeout_s=0)) == (False, False, 0)
    made.driver.close()
    ledger.close()


SAID = "kari@example.no said so"


@pytest.mark.parametrize(("redact", "left"), [((), True), (("email",), False)])
def test_what_was_stored_raw_is_dropped_once_redaction_is_asked_for(
    tmp_path: Path, redact: tuple[str, ...], *, left: bool
) -> None:
    given = configuration(tmp_path, **{"privacy.redact": list(redact)})
    ledger = open_ledger(tmp_path / "l.sqlite3", output_root=os.fsencode(tmp_path / "out"))
    raw = StoredResult("0" * 64, "1" * 64, "asr", "asr.x", 1, "done", f'"{SAID}"')
    cleared = replace(raw, key="2" * 64, redaction="email@NO,US,GB", data='"[e-mail] said so"')
    ledger.store_results([raw, cleared, replace(raw, key="3" * 64, stage="audio", data="{}")])
    assemble(given, ledger=ledger, emit=Recorder(), pool_factory=lambda _given: FakePool(), clock=FakeClock())
    assert (raw.key in ledger.results([raw.key])) is left
    assert len(ledger.results([cleared.key, "3" * 64])) == 2, "what is cleared, or holds no text, stays"
    found = [file.name for file in tmp_path.glob("l.sqlite3*") if SAID.encode() in file.read_bytes()]
    ledger.close()
    assert bool(found) is left, "not in a free page, nor in the log"
