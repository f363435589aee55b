"""Pulses: which loops count as late, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from service.clock import FakeClock
from service.pulse import Pulse

LIMIT_S = 60.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def pulse(clock: FakeClock) -> Pulse:
    return Pulse("loop", limit_s=LIMIT_S, clock=clock)


def inside(block: Callable[[Pulse], AbstractContextManager[None]]) -> Callable[[Pulse], object]:
    """Begin a block and stay in it for as long as what is returned is held."""

    def enter(pulse: Pulse) -> object:
        entered = block(pulse)
        entered.__enter__()
        return entered

    return enter


def after_longer(pulse: Pulse) -> None:
    with pulse.longer(180.0):
        pass


def after_work(pulse: Pulse) -> None:
    with pulse.at_work():
        pass


LATE: dict[str, tuple[Callable[[Pulse], object], float, float]] = {
    "at first it rests": (lambda _pulse: None, 1e6, 0.0),
    "it has just ticked": (Pulse.tick, LIMIT_S, 0.0),
    "it ticks no more": (Pulse.tick, LIMIT_S + 5.0, 5.0),
    "it rests": (lambda pulse: (pulse.tick(), pulse.rest()), 1e6, 0.0),
    "it does what may take long": (inside(lambda pulse: pulse.longer(180.0)), 180.0, 0.0),
    "which took too long": (inside(lambda pulse: pulse.longer(180.0)), 190.0, 10.0),
    "a grant never shortens": (inside(lambda pulse: pulse.longer(1.0)), LIMIT_S, 0.0),
    "after what may take long": (after_longer, LIMIT_S + 5.0, 5.0),
    "after its work": (after_work, 1e6, 0.0),
    "at work": (inside(Pulse.at_work), LIMIT_S + 5.0, 5.0),
}


@pytest.mark.parametrize(("does", "after_s", "late_s"), LATE.values(), ids=LATE.keys())
def test_how_late_it_is(
    pulse: Pulse, clock: FakeClock, does: Callable[[Pulse], object], after_s: float, late_s: float
) -> None:
    held = does(pulse)
    clock.advance(after_s)
    assert pulse.late_s() == pytest.approx(late_s)
    del held


def test_what_raised_is_over(pulse: Pulse, clock: FakeClock) -> None:
    with pytest.raises(OSError, match="x"), pulse.at_work():
        raise OSError("x")
    clock.advance(1e6)
    assert pulse.late_s() == 0.0


def test_it_knows_where_the_loop_stands(pulse: Pulse) -> None:
    go, ticked = threading.Event(), threading.Event()

    def stuck_here() -> None:
        pulse.tick()
        ticked.set()
        go.wait(10.0)

    assert pulse.where() is None
    thread = threading.Thread(target=stuck_here)
    thread.start()
    ticked.wait(10.0)
    assert "stuck_here" in (pulse.where() or "")
    go.set()
    thread.join()
    assert pulse.where() is None, "it has ended"
