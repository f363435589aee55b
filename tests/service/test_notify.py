"""The notification protocol, against a real datagram socket."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from service.notify import STATUS_BYTES, Notifier

sys.path.insert(0, str(Path(__file__).parent))
from notify_socket import NotifySocket

WORDS: dict[str, tuple[Callable[[Notifier], None], str]] = {
    "ready": (Notifier.ready, "READY=1"),
    "stopping": (Notifier.stopping, "STOPPING=1"),
    "watchdog": (Notifier.watchdog, "WATCHDOG=1"),
    "status": (lambda notifier: notifier.status("2 roots,\n 3 settling"), "STATUS=2 roots, 3 settling"),
    "status in letters": (lambda notifier: notifier.status("blå"), "STATUS=blå"),
    "status of a name that is not UTF-8": (lambda notifier: notifier.status("a\udcff"), "STATUS=a\\udcff"),
    "more time": (lambda notifier: notifier.extend(1.5), "EXTEND_TIMEOUT_USEC=1500000"),
}


@pytest.mark.parametrize(("say", "heard"), WORDS.values(), ids=WORDS.keys())
def test_each_word_is_one_datagram(tmp_path: Path, say: Callable[[Notifier], None], heard: str) -> None:
    with NotifySocket(tmp_path / "notify") as manager:
        say(manager.notifier())
        assert manager.read(1.0) == [heard]


def test_a_reload_carries_the_moment(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify") as manager:
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        manager.notifier().reloading()
        first, second = manager.read(1.0)[0].split("\n")
    name, _, usec = second.partition("=")
    assert (first, name) == ("RELOADING=1", "MONOTONIC_USEC")
    assert before - 1e-3 <= int(usec) / 1e6 <= time.clock_gettime(time.CLOCK_MONOTONIC)


def test_the_abstract_namespace() -> None:
    with NotifySocket(f"@reelwatch-test-{os.getpid()}") as manager:
        manager.notifier().ready()
        assert manager.read(1.0) == ["READY=1"]


def test_a_long_status_is_cut_between_letters(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify") as manager:
        manager.notifier().status("å" * 1000)
        text = manager.read(1.0)[0].removeprefix("STATUS=")
    assert set(text) == {"å"}
    assert len(text.encode()) == STATUS_BYTES


NOBODY = {
    "no variable": {},
    "an empty one": {"NOTIFY_SOCKET": ""},
    "no such socket": {"NOTIFY_SOCKET": "/nonexistent/notify"},
    "one of another kind": {"NOTIFY_SOCKET": "vsock:2:1234"},
    "a path that is too long": {"NOTIFY_SOCKET": "/" + "x" * 200},
}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("environ", NOBODY.values(), ids=NOBODY.keys())
def test_nobody_listens(environ: dict[str, str]) -> None:
    before = descriptors()
    notifier = Notifier(environ)
    for say, _ in WORDS.values():
        say(notifier)
    notifier.close()
    notifier.ready()
    assert descriptors() == before, "no socket is left open"


def test_a_full_queue_neither_blocks_nor_loses_what_matters(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify") as manager:
        notifier = manager.notifier()
        began_s = time.monotonic()
        for _ in range(5000):  # net.unix.max_dgram_qlen is 10 to 512
            notifier.watchdog()
        notifier.reloading()
        notifier.ready()
        took_s = time.monotonic() - began_s
        assert "READY=1" not in manager.read()
        notifier.status("again")
        assert manager.states() == ["RELOADING=1", "READY=1"]
        assert manager.said[-1] == "STATUS=again"
    assert took_s < 5.0, "it waits for nobody"


WATCHDOGS = {
    "for us": ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
    "for whoever asks": ({"WATCHDOG_USEC": "500000"}, 0.5),
    "for another process": ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
    "none": ({}, None),
    "switched off": ({"WATCHDOG_USEC": "0"}, None),
    "nonsense": ({"WATCHDOG_USEC": "-3"}, None),
}


@pytest.mark.parametrize(("environ", "watchdog_s"), WATCHDOGS.values(), ids=WATCHDOGS.keys())
def test_the_watchdog_interval(tmp_path: Path, environ: dict[str, str], watchdog_s: float | None) -> None:
    with NotifySocket(tmp_path / "notify") as manager:
        assert manager.notifier(**environ).watchdog_s == watchdog_s
    assert Notifier(environ).watchdog_s is None, "without a socket there is nobody to ping"
