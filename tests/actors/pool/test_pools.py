"""All pools keep the same contract: whatever holds for Ray holds for the fake that tests of the driver rely on."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from endings import gone

from actors.backend import Resources, StageItem
from actors.errors import EnvironmentFault
from actors.pool.base import ActorDied, ActorReady, ActorSpec, Call, CallDone, CallItem, PayloadRefs
from actors.pool.fake_pool import FakePool
from actors.pool.process_pool import ProcessPool

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
trial_hosts = importlib.import_module("trial_hosts")


def spec(name: str) -> ActorSpec:
    return ActorSpec(name, (), Resources(num_cpus=0.1, ram_mib=100))


def call(call_id: int, video_id: str, *, operation: str = "ocr", refs: PayloadRefs | None = None) -> Call:
    return Call(call_id, "ocr", operation, (CallItem(StageItem(video_id), refs or PayloadRefs()),))


@pytest.fixture(autouse=True)
def among_traps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever describes videos from within an inbox must not run what somebody has put there as `numpy.py`."""
    sprung = tmp_path / "sprung"
    for name in ("actors", "numpy", "pickle", "pydantic", "trial_hosts", "typing_extensions"):
        (tmp_path / f"{name}.py").write_text(f"open({str(sprung)!r}, 'a').write({name!r})")
    monkeypatch.chdir(tmp_path)
    yield
    assert not sprung.exists(), sprung.read_text()


@pytest.fixture(scope="module")
def ray_pool() -> Iterator[Any]:
    import ray

    from actors.pool.ray_options import RayOptions
    from actors.pool.ray_pool import RayPool

    ray.cloudpickle.register_pickle_by_value(trial_hosts)
    pool = RayPool(RayOptions(num_cpus=2, object_store_mib=100), trial_hosts.TrialHost)
    yield pool
    pool.stop()


@pytest.fixture
def process_pool() -> Iterator[ProcessPool]:
    pool = ProcessPool(trial_hosts.TrialHost)
    yield pool
    pool.stop()


@pytest.fixture(params=["fake", "process", pytest.param("ray", marks=pytest.mark.real_ray)])
def pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("TRIAL_DRIVER", str(os.getpid()))
    kind = request.param
    pool = FakePool(trial_hosts.TrialHost) if kind == "fake" else request.getfixturevalue(f"{kind}_pool")
    yield pool
    for name in ("ocr", "lame", "broken"):
        pool.kill(name)
    pool.wait(timeout_s=0)


def wait_for(pool: Any, kind: type, *, within_s: float = 60.0) -> Any:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        for event in pool.wait(timeout_s=0.2):
            if isinstance(event, kind):
                return event
            assert not isinstance(event, ActorDied), event.reason
    pytest.fail(f"no {kind.__name__} within {within_s} s")


def test_an_actor_reports_that_it_is_ready_and_what_it_cannot_do(pool: Any) -> None:
    pool.start(spec("lame"))
    ready = wait_for(pool, ActorReady)
    assert (ready.actor, ready.unavailable) == ("lame", {"asr": "no model"})


def test_payloads_travel_by_handle_and_arrive_whole(pool: Any) -> None:
    pool.start(spec("ocr"))
    wait_for(pool, ActorReady)
    pool.submit(call(1, "v", operation="decode"))
    done = wait_for(pool, CallDone)
    assert done.outcomes[0].payloads is None
    refs = done.payloads[0]
    assert refs.audio is None
    assert (refs.size_bytes, refs.keyframes_bytes) == (144 + 10, 10)
    pool.submit(call(2, "v", refs=refs))
    expected = f"v None ((2, 4, 6, 3), {sum(range(144))}, True) (b'\\xff\\xd8one', b'\\xff\\xd8two')"
    assert wait_for(pool, CallDone).outcomes[0].reason == expected


def test_every_call_of_an_actor_is_answered_once(pool: Any) -> None:
    pool.start(spec("ocr"))
    wait_for(pool, ActorReady)
    for number in (1, 2, 3):
        pool.submit(call(number, str(number)))
    answered: list[int] = []
    while len(answered) < 3:
        answered += [event.call_id for event in pool.wait(timeout_s=1.0) if isinstance(event, CallDone)]
    assert sorted(answered) == [1, 2, 3]


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda _pool: None, id="segfault"),
        pytest.param(lambda pool: pool.kill("ocr"), id="hang"),
    ],
)
def test_a_death_names_the_lost_calls_oldest_first(
    pool: Any, end: Callable[[Any], None], request: pytest.FixtureRequest
) -> None:
    pool.start(spec("ocr"))
    wait_for(pool, ActorReady)
    pool.submit(call(7, "hang" if "hang" in request.node.name else "segfault"))
    pool.submit(call(8, "innocent"))
    if "hang" in request.node.name:
        assert pool.wait(timeout_s=0.2) == []
    end(pool)
    died = wait_for(pool, ActorDied)
    assert (died.actor, died.lost) == ("ocr", (7, 8))
    pool.start(spec("ocr"))
    wait_for(pool, ActorReady)
    pool.submit(call(9, "innocent"))
    assert wait_for(pool, CallDone).call_id == 9


def test_an_actor_that_cannot_load_dies_with_a_reason(pool: Any) -> None:
    pool.start(spec("broken"))
    died = wait_for(pool, ActorDied)
    assert died.actor == "broken"
    assert died.reason


@pytest.mark.real_ray
def test_ray_leaves_the_signal_handlers_alone(ray_pool: Any) -> None:
    """Also while it starts: a SIGTERM that comes then is the service's, which drains."""
    came: list[int] = []

    def handler(number: int, _frame: object) -> None:
        came.append(number)

    ray_pool.stop()
    before = signal.signal(signal.SIGTERM, handler)
    asked = [threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGTERM)) for after_s in (0.5, 1.5, 3.0)]
    try:
        for timer in asked:
            timer.start()
        ray_pool.start(spec("ocr"))
        for timer in asked:
            timer.join()
        assert signal.getsignal(signal.SIGTERM) is handler
        assert came == [signal.SIGTERM] * len(asked)
        wait_for(ray_pool, ActorReady)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.real_ray
def test_stopping_waits_for_no_work_leaves_no_process_and_the_pool_starts_again(
    ray_pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pool.ray_pool.CLOSE_S", 60.0)
    ray_pool.start(spec("ocr"))
    pid = wait_for(ray_pool, ActorReady).pid
    ray_pool.submit(call(1, "hang"))
    session, began_s = ray_pool._session, time.monotonic()
    assert session.is_dir()
    ray_pool.stop()
    assert time.monotonic() - began_s < 60.0, "whoever sends a second SIGTERM has waited long enough"
    assert not session.exists(), "Ray's own logs would fill the disk, spell by spell"
    assert gone(pid), "Ray asks it to end, and does not wait for it"
    assert (
        "raylet"
        not in subprocess.run(
            ["ps", "--ppid", str(os.getpid()), "-o", "comm="], capture_output=True, text=True, check=False
        ).stdout
    )
    ray_pool.start(spec("ocr"))
    assert wait_for(ray_pool, ActorReady).pid != pid


@pytest.mark.real_ray
@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:1", pytest.param("auto", marks=pytest.mark.serial)],  # finds whatever Ray runs on the host
)
def test_a_cluster_that_does_not_answer_is_told_at_once(address: str, ray_pool: Any) -> None:
    from actors.pool.ray_options import RayOptions
    from actors.pool.ray_pool import RayPool

    ray_pool.stop()
    pool = RayPool(RayOptions(num_cpus=1, object_store_mib=80, address=address))
    started = time.monotonic()
    with pytest.raises(EnvironmentFault, match=f"no Ray cluster can be joined at {address}"):
        pool.places(num_cpus=1, on_card=False)
    assert time.monotonic() - started < 30
