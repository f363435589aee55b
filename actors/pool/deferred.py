"""A pool that is made when it is first asked to start something: a service with nothing to do never imports Ray."""

from __future__ import annotations

from collections.abc import Callable

from actors.pool.base import ActorSpec, Call, Place, Pool, PoolEvent


class DeferredPool:
    """The pool that `make` returns, from the first `places` or `start` on; before, there is nothing to wait for.

    Importing Ray takes as long as reading a ledger of 50,000 files, on the way to READY and once more at the end, when
    Ray's own handler of exits imports the rest of it.
    """

    def __init__(self, make: Callable[[], Pool]) -> None:
        self._make = make
        self._made: Pool | None = None

    def places(self, *, num_cpus: float, on_card: bool) -> tuple[Place, ...]:
        """See `Pool`."""
        return self._pool().places(num_cpus=num_cpus, on_card=on_card)

    def start(self, spec: ActorSpec) -> None:
        """See `Pool`."""
        self._pool().start(spec)

    def submit(self, call: Call) -> None:
        """See `Pool`."""
        self._pool().submit(call)

    def wait(self, *, timeout_s: float) -> list[PoolEvent]:
        """See `Pool`; returns at once while there is no pool."""
        return [] if self._made is None else self._made.wait(timeout_s=timeout_s)

    def kill(self, actor: str) -> None:
        """See `Pool`."""
        self._pool().kill(actor)

    def stop(self) -> None:
        """See `Pool`."""
        if self._made is not None:
            self._made.stop()

    def _pool(self) -> Pool:
        if self._made is None:
            self._made = self._make()
        return self._made
