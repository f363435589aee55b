"""What the ledger is to be told: gathered over one step, sent in one transaction for each kind, kept until then."""

from __future__ import annotations

from service.intake.ports import IntakeLedger, Location, Observation, Rejection, Settled


class Outbox:
    """Later words about a path replace earlier ones, so that what is sent is never contradicted by its order."""

    def __init__(self) -> None:
        self._observations: dict[Location, Observation] = {}
        self._settled: dict[Location, Settled] = {}
        self._rejections: dict[Location, Rejection] = {}
        self._vanished: dict[Location, None] = {}
        self._sidecars: dict[Location, None] = {}

    def observe(self, observation: Observation) -> None:
        """Tell why a file waits."""
        location = (observation.root, observation.path)
        self._drop(location)
        self._observations[location] = observation

    def enqueue(self, settled: Settled) -> None:
        """Hand over a generation."""
        location = (settled.root, settled.path)
        self._drop(location)
        self._settled[location] = settled

    def reject(self, rejection: Rejection) -> None:
        """Tell that a file is no video."""
        location = (rejection.root, rejection.path)
        self._drop(location)
        self._rejections[location] = rejection

    def vanish(self, location: Location) -> None:
        """Tell that a file is gone."""
        self._drop(location)
        self._vanished[location] = None

    def sidecar_changed(self, location: Location) -> None:
        """Tell that a sidecar of a taken video changed."""
        self._sidecars[location] = None

    def flush(self, ledger: IntakeLedger) -> tuple[list[Settled], list[Rejection]]:
        """Tell the ledger everything, and return what it has taken over.

        Whatever the ledger raises goes through: what was not told yet stays, and the next flush tells it.
        """
        if self._observations:
            ledger.observe(list(self._observations.values()))
            self._observations.clear()
        settled, rejections = list(self._settled.values()), list(self._rejections.values())
        if settled:
            ledger.enqueue(settled)
        if rejections:
            ledger.reject(rejections)
        self._settled.clear()
        self._rejections.clear()
        if self._vanished:
            ledger.vanished(list(self._vanished))
            self._vanished.clear()
        while self._sidecars:
            ledger.sidecar_changed(*next(iter(self._sidecars)))
            self._sidecars.pop(next(iter(self._sidecars)))
        return settled, rejections

    def _drop(self, location: Location) -> None:
        self._observations.pop(location, None)
        self._settled.pop(location, None)
        self._rejections.pop(location, None)
        self._vanished.pop(location, None)
