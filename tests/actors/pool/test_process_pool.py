"""What only child processes can do to a pool: stop in mid-message, be killed from outside, outlive their parent."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.backend import Resources, StageItem
from actors.errors import EnvironmentFault
from actors.pool import process_pool
from actors.pool.base import ActorDied, ActorReady, ActorSpec, Call, CallDone, CallItem
from actors.pool.process_pool import ProcessPool

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
trial_hosts = importlib.import_module("trial_hosts")
SPEC = ActorSpec("ocr", (), Resources(num_cpus=0.1, ram_mib=100))


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    pool = ProcessPool(trial_hosts.TrialHost, niceness=3)
    yield pool
    pool.stop()


def call(call_id: int, video_id: str, operation: str = "ocr") -> Call:
    return Call(call_id, "ocr", operation, (CallItem(StageItem(video_id)),))


def wait_for(pool: ProcessPool, kind: type, *, within_s: float = 60.0) -> Any:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        for event in pool.wait(timeout_s=0.2):
            if isinstance(event, kind):
                return event
    pytest.fail(f"no {kind.__name__} within {within_s} s")


def ready(pool: ProcessPool) -> int:
    pool.start(SPEC)
    return int(wait_for(pool, ActorReady).pid)


def test_it_is_a_process_of_its_own_nicer_than_its_parent(pool: ProcessPool) -> None:
    pid = ready(pool)
    assert pid != os.getpid()
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 3)


def test_what_ends_an_idle_actor_from_outside_is_told_with_the_signal(pool: ProcessPool) -> None:
    os.kill(ready(pool), signal.SIGKILL)
    died = wait_for(pool, ActorDied)
    assert (died.reason, died.lost) == ("its process was ended by SIGKILL", ())


HUNG: dict[str, Callable[[int], None]] = {
    "in its work": lambda _pid: None,
    "stopped in mid-air": lambda pid: os.kill(pid, signal.SIGSTOP),
}


@pytest.mark.parametrize("hang", HUNG.values(), ids=HUNG.keys())
def test_one_that_hangs_can_be_killed_and_another_starts(pool: ProcessPool, hang: Callable[[int], None]) -> None:
    pid = ready(pool)
    hang(pid)
    pool.submit(call(1, "hang"))
    assert pool.wait(timeout_s=0.2) == []
    pool.kill("ocr")
    assert pool.wait(timeout_s=0) == [ActorDied("ocr", "killed", (1,))]
    assert not Path(f"/proc/{pid}").exists()
    ready(pool)
    pool.submit(call(2, "innocent"))
    assert wait_for(pool, CallDone).call_id == 2


def test_one_that_stops_in_the_middle_of_a_message_holds_the_driver_no_longer_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_pool, "STUCK_S", 1)
    pool = ProcessPool(trial_hosts.TrialHost)
    try:
        pid = ready(pool)
        os.kill(pid, signal.SIGSTOP)
        large = CallItem(StageItem("x" * 2**24))  # more than a socket holds
        pool.submit(Call(1, "ocr", "ocr", (large,)))
        died = wait_for(pool, ActorDied, within_s=20)
        assert (died.reason, died.lost) == ("it took no more messages", (1,))
        assert not Path(f"/proc/{pid}").exists()
    finally:
        pool.stop()


NONSENSE: dict[str, bytes] = {
    "no pickle": b"\0\0\0\x04junk",
    "a pickle of what is not there": b"\0\0\0\x1ccactors.pool\nnothing_there\n.",
    "a length beyond all memory": b"\xff\xff\xff\xff\x3f" + bytes(7),
}
"""As it goes over the socket, a length in front: -1 and eight bytes where large (`multiprocessing.connection`)."""


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE.keys())
def test_one_whose_memory_is_damaged_takes_nobody_along(pool: ProcessPool, said: bytes) -> None:
    """A decoder that a file has got the better of may write anything."""
    pid = ready(pool)
    pool.submit(call(1, f"says {said.hex()}"))
    died = wait_for(pool, ActorDied)
    assert (died.reason, died.lost) == ("it answered with nonsense", (1,))
    assert not Path(f"/proc/{pid}").exists()
    ready(pool)


def test_stopping_leaves_no_process(pool: ProcessPool) -> None:
    pid = ready(pool)
    pool.submit(call(1, "hang"))
    pool.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert pool.wait(timeout_s=0) == []


PARENT = """
import sys, time
sys.path.insert(0, sys.argv[1])
import trial_hosts
from actors.backend import Resources
from actors.pool.base import ActorSpec
from actors.pool.process_pool import ProcessPool
pool = ProcessPool(trial_hosts.TrialHost)
pool.start(ActorSpec("ocr", (), Resources(num_cpus=0.1, ram_mib=100)))
print(pool.wait(timeout_s=60)[0].pid, flush=True)
time.sleep(60)
"""


@pytest.mark.fault("killed in the middle of the work, with the local pool")
def test_it_ends_with_its_parent_however_that_ends() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, HERE], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = Path(f"/proc/{int(parent.stdout.readline())}")
    assert child.exists()
    parent.kill()
    parent.communicate()
    end = time.monotonic() + 20
    while child.exists() and "State:\tZ" not in (child / "status").read_text() and time.monotonic() < end:
        time.sleep(0.05)
    assert not child.exists() or "State:\tZ" in (child / "status").read_text()


def test_where_no_process_can_be_made_the_actor_is_dead_and_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(subprocess, "Popen", refused)
    pool = ProcessPool()
    pool.start(SPEC)
    died = ActorDied("ocr", "it could not be started: No such file or directory")
    assert pool.wait(timeout_s=0) == [died]


@pytest.mark.parametrize(
    ("number", "reason"), [(11, "no_processes"), (12, "out_of_memory"), (24, "too_many_files"), (23, "too_many_files")]
)
def test_a_host_that_is_short_of_something_is_at_fault_itself(
    monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(EnvironmentFault) as told:
        ProcessPool().start(SPEC)
    assert told.value.reason == reason


def test_ctrl_c_in_a_terminal_is_the_drivers_to_answer(pool: ProcessPool) -> None:
    os.kill(ready(pool), signal.SIGINT)
    pool.submit(call(1, "innocent"))
    assert wait_for(pool, CallDone).call_id == 1
