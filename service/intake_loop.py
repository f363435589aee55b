"""The thread that runs intake: one step after another, whatever happens in one of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from service.bookkeeping import Emit
from service.clock import Clock
from service.intake.figures import RootFigures
from service.intake.intake import Intake
from service.ledger.errors import LedgerCorrupt
from service.ledger_trouble import PASSING, LedgerTrouble
from service.pulse import Pulse

LONGEST_PAUSE_S = 5.0
AFTER_FAILURE_S = 2.0


class IntakeLoop:
    """Steps intake until it is stopped; `on_change` is called after steps that may have queued something.

    trouble: where a ledger that cannot be used is told. A damaged one ends the loop: `damage` then says how.
    pulse: ticks with every step; `intake` may tick it in between.
    """

    def __init__(
        self,
        intake: Intake,
        *,
        clock: Clock,
        emit: Emit,
        trouble: LedgerTrouble,
        on_change: Callable[[], None],
        pulse: Pulse,
    ) -> None:
        self._intake = intake
        self._clock = clock
        self._emit = emit
        self._trouble = trouble
        self._on_change = on_change
        self._stopping = threading.Event()
        self._rechecks: deque[tuple[bytes, bytes]] = deque()
        self._successor: Intake | None = None
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._began = threading.Event()
        self.damage: LedgerCorrupt | None = None
        self.pulse = pulse
        self.ticked_s = clock.monotonic()
        """When the loop last began a step, for whoever watches over it."""

    def start(self) -> None:
        """Look at the roots, and begin to step in a thread of its own: when this returns, the first scan has begun."""
        self._intake.start()
        self._thread.start()
        self._began.wait()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """End the thread after its present step; nothing is lost, for what has not settled settles anew."""
        self._stopping.set()
        self._intake.wake()
        if self._thread.is_alive():
            self._thread.join(timeout=timeout_s)
        self._intake.stop()

    def recheck(self, root: bytes, path: bytes) -> None:
        """Have a file taken up from the start, because its job ended when the file changed; from any thread."""
        self._rechecks.append((root, path))
        self._intake.wake()

    def replace(self, intake: Intake) -> None:
        """Have another intake, not started yet, take over with the next step; from any thread."""
        self._successor = intake
        self._intake.wake()

    def figures(self) -> tuple[RootFigures, ...]:
        """Return what there is to tell about each inbox; from any thread."""
        return self._intake.figures()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.ticked_s = self._clock.monotonic()
            self.pulse.tick()
            self._began.set()
            try:
                self._step()
            except PASSING as exc:
                # Nothing is forgotten: the next step tells the ledger again.
                self._trouble.met("intake", exc)
                self._stopping.wait(AFTER_FAILURE_S)
            except LedgerCorrupt as exc:
                self.damage = exc
                self.pulse.rest()
                return
            except Exception as exc:  # noqa: BLE001 - the one broad catch of this loop: intake outlives its bugs
                self._emit("scan.failed", path="", reason="bug", cause=f"{type(exc).__name__}: {exc}")
                self._stopping.wait(AFTER_FAILURE_S)
            else:
                self._trouble.passed("intake")
                # A step clears what woke it, so what came during it is asked for here.
                if not (self._stopping.is_set() or self._rechecks or self._successor):
                    self._intake.wait(LONGEST_PAUSE_S)

    def _succeed(self, successor: Intake) -> None:
        """Let a successor take over: it watches before the other ends, and its first sweep finds whatever comes."""
        try:
            successor.start()
        except BaseException:
            successor.stop()
            raise
        before, self._intake = self._intake, successor
        if self._successor is successor:  # else yet another one has come meanwhile
            self._successor = None
        before.stop()

    def _step(self) -> None:
        if self._successor is not None:
            self._succeed(self._successor)
        while self._rechecks:
            self._intake.recheck(*self._rechecks.popleft())
        self._intake.step(self._clock.monotonic())
        self._on_change()
