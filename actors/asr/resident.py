"""Models that stay loaded within a budget: the one that was used longest ago leaves first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Model = TypeVar("Model")


class ResidentModels(Generic[Model]):
    """A least-recently-used cache that counts MiB.

    What is needed is loaded even where it alone exceeds the budget: nothing else is held then. `release` runs after
    models were let go, to give cached memory back before the next is loaded. Not for two threads at a time.
    """

    def __init__(self, *, budget_mib: int, release: Callable[[], None] = lambda: None) -> None:
        self.budget_mib = budget_mib
        self.release = release
        self._held: OrderedDict[str, tuple[Model, int]] = OrderedDict()

    @property
    def names(self) -> tuple[str, ...]:
        """What is held, least recently used first."""
        return tuple(self._held)

    @property
    def used_mib(self) -> int:
        """What the held models weigh together."""
        return sum(mib for _, mib in self._held.values())

    def get(self, name: str, *, mib: int, load: Callable[[], Model]) -> Model:
        """Return the model of this name, loading it where it is not held; room is made before it loads, not after."""
        if name not in self._held:
            self._make_room(mib)
            self._held[name] = (load(), mib)
        self._held.move_to_end(name)
        return self._held[name][0]

    def clear(self) -> None:
        """Let go of every model."""
        self._held.clear()
        self.release()

    def _make_room(self, mib: int) -> None:
        evicted = False
        while self._held and self.used_mib + mib > self.budget_mib:
            self._held.popitem(last=False)
            evicted = True
        if evicted:
            self.release()
