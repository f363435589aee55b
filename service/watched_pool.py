"""A pool whose verbs may take longer than a round of the driver's loop: starting Ray, and stopping it."""

from __future__ import annotations

from actors.pool.base import ActorSpec, Call, Place, Pool, PoolEvent
from service.pulse import Pulse

START_S = 180.0
"""Ray starts in 10 s on a machine with nothing else to do, and tries for a minute on one that is overloaded."""
STOP_S = 120.0
"""The actors close within 10 s; after that Ray waits for its own processes."""


class WatchedPool:
    """The pool it is given, the driver's pulse being granted what each verb may take."""

    def __init__(self, pool: Pool, pulse: Pulse) -> None:
        self._pool = pool
        self._pulse = pulse

    def places(self, *, num_cpus: float, on_card: bool) -> tuple[Place, ...]:
        """See `Pool`."""
        with self._pulse.longer(START_S):
            return self._pool.places(num_cpus=num_cpus, on_card=on_card)

    def start(self, spec: ActorSpec) -> None:
        """See `Pool`."""
        with self._pulse.longer(START_S):
            self._pool.start(spec)

    def submit(self, call: Call) -> None:
        """See `Pool`."""
        self._pool.submit(call)

    def wait(self, *, timeout_s: float) -> list[PoolEvent]:
        """See `Pool`."""
        return self._pool.wait(timeout_s=timeout_s)

    def kill(self, actor: str) -> None:
        """See `Pool`."""
        with self._pulse.longer(STOP_S):
            self._pool.kill(actor)

    def stop(self) -> None:
        """See `Pool`."""
        with self._pulse.longer(STOP_S):
            self._pool.stop()
