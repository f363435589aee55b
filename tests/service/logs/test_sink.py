"""A reader that is slow, gone or broken never holds the service up."""

from __future__ import annotations

import os
import threading
import time

import pytest

from service.clock import FakeClock, SystemClock
from service.logs.sink import CAPACITY, ThreadedSink
from service.pulse import Pulse


def pulse() -> Pulse:
    return Pulse("log", limit_s=1.0, clock=SystemClock())


def dropped(count: int) -> str:
    return f"dropped {count}"


def test_lines_come_out_in_order() -> None:
    written: list[bytes] = []
    sink = ThreadedSink(written.append, dropped, pulse=pulse())
    for number in range(100):
        sink.write(str(number))
    sink.close(timeout_s=5)
    assert b"".join(written).split() == [str(number).encode() for number in range(100)]


@pytest.mark.fault("nobody reads the log")
def test_a_reader_that_stands_still_costs_lines_not_time() -> None:
    gate, written = threading.Event(), []

    def write(content: bytes) -> None:
        gate.wait()
        written.append(content)

    sink = ThreadedSink(write, dropped, pulse=pulse())
    began_s = time.monotonic()
    for number in range(CAPACITY * 2 + 1):
        sink.write(str(number))
    assert time.monotonic() - began_s < 2
    gate.set()
    while sink._lines or not written:
        time.sleep(0.001)
    sink.write("later")
    sink.close(timeout_s=5)
    lines = b"".join(written).decode().splitlines()
    lost = sum(int(line.split()[1]) for line in lines if line.startswith("dropped"))
    assert lost > 0
    assert lost + len([line for line in lines if line.isdigit()]) == CAPACITY * 2 + 1
    assert "later" in lines


def test_a_full_pipe_does_not_hold_up_the_end() -> None:
    reading, writing = os.pipe()
    sink = ThreadedSink(lambda content: os.write(writing, content), dropped, pulse=pulse())
    sink.write("x" * 200_000)
    began_s = time.monotonic()
    sink.close(timeout_s=0.2)
    assert time.monotonic() - began_s < 2
    os.close(reading)
    sink._thread.join(timeout=5)
    os.close(writing)


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "full"), ValueError("closed")])
def test_a_broken_stream_raises_nothing(error: Exception) -> None:
    def write(_content: bytes) -> None:
        raise error

    sink = ThreadedSink(write, dropped, pulse=pulse())
    for _ in range(10):
        sink.write("x")
    sink.close(timeout_s=5)
    assert not sink._thread.is_alive()
    sink.write("after the end")


def test_a_disk_that_has_room_again_gets_the_lines_and_the_loss() -> None:
    written: list[bytes] = []
    full = threading.Event()
    full.set()

    def write(content: bytes) -> None:
        if full.is_set():
            full.clear()
            raise OSError(28, "no space left on device")
        written.append(content)

    sink = ThreadedSink(write, dropped, pulse=pulse())
    sink.write("lost")
    while full.is_set():
        time.sleep(0.001)
    sink.write("kept")
    sink.close(timeout_s=5)
    assert b"".join(written).split(b"\n")[:2] in ([b"kept", b"dropped 1"], [b"kept", b""])


def test_its_pulse_is_late_only_while_lines_wait_for_a_reader() -> None:
    clock, gate, begun = FakeClock(), threading.Event(), threading.Event()

    def write(_content: bytes) -> None:
        begun.set()
        gate.wait(10.0)

    watched = Pulse("log", limit_s=300.0, clock=clock)
    sink = ThreadedSink(write, dropped, pulse=watched)
    clock.advance(1000.0)
    assert watched.late_s() == 0.0, "there is nothing to write"
    sink.write("first")
    begun.wait(10.0)
    clock.advance(301.0)
    sink.write("second")
    assert watched.late_s() == 1.0
    assert "begun.set" not in (watched.where() or "")
    assert "gate.wait" in (watched.where() or ""), "the log's thread, not the one that wrote last"
    gate.set()
    sink.close(timeout_s=5.0)
    clock.advance(1000.0)
    assert watched.late_s() == 0.0
