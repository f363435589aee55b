"""A ledger in memory that keeps the contract of `IntakeLedger`; ships with the product for tests of intakes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from service.intake.ports import Generation, KnownFile, Location, Observation, Rejection, Settled
from service.ledger.states import SETTLING, State

_VANISHING = SETTLING | {State.QUEUED}


@dataclass(slots=True)
class FakeRow:
    """One job: what a row of the real ledger holds of it."""

    job_id: int
    location: Location
    state: State
    device: int
    inode: int
    size: int
    mtime_ns: int
    head_tail: str = ""
    reason: str = ""
    detail: str = ""
    truncated: bool = False
    changed_at_s: float | None = None

    def holds(self, generation: Generation) -> bool:
        """Whether this is the generation, or would be it but for a touch."""
        body = (self.device, self.inode, self.size, self.head_tail)
        return body == (generation.device, generation.inode, generation.size, generation.head_tail)

    def awaits(self, generation: Generation) -> bool:
        """Whether this is the row of the file while it was not complete."""
        return self.state in SETTLING and (self.device, self.inode) == (generation.device, generation.inode)

    def fill(self, generation: Generation) -> None:
        """Take the generation's figures."""
        self.device, self.inode, self.size = generation.device, generation.inode, generation.size
        self.mtime_ns, self.head_tail = generation.mtime_ns, generation.head_tail


@dataclass(slots=True)
class FakeLedger:
    """rows: every job in the order of their ids. calls: the name and size of each transaction. sidecars: reports."""

    rows: list[FakeRow] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    sidecars: list[Location] = field(default_factory=list)
    _latest: dict[Location, FakeRow] = field(default_factory=dict)
    _at: dict[Location, list[FakeRow]] = field(default_factory=dict)

    def latest(self, root: bytes, path: bytes) -> FakeRow | None:
        """Return the row that `known` would return for a path."""
        return self._latest.get((root, path))

    def states(self) -> dict[bytes, State]:
        """Return path and state of the latest rows, whatever their roots."""
        return {location[1]: row.state for location, row in self._latest.items()}

    def known(self, root: bytes) -> Iterable[KnownFile]:
        """See `IntakeLedger`."""
        for location, row in self._latest.items():
            if location[0] == root and row.state is not State.SUPERSEDED:
                figures = (row.device, row.inode, row.size, row.mtime_ns)
                yield KnownFile(row.job_id, *location, *figures, row.state, row.changed_at_s)

    def observe(self, observations: Sequence[Observation]) -> None:
        """See `IntakeLedger`."""
        self.calls.append(("observe", len(observations)))
        for seen in observations:
            location = (seen.root, seen.path)
            if seen.moved_from is not None:
                self._move(seen.moved_from, location, states=SETTLING)
            row = self._latest.get(location)
            if row is None or row.state not in SETTLING | {State.GONE}:
                row = self._add(location, seen.state)
            row.state, row.reason, row.detail, row.head_tail = seen.state, seen.reason, seen.detail, ""
            row.device, row.inode, row.size, row.mtime_ns = seen.device, seen.inode, seen.size, seen.mtime_ns

    def enqueue(self, settled: Sequence[Settled]) -> None:
        """See `IntakeLedger`."""
        self.calls.append(("enqueue", len(settled)))
        for one in settled:
            row = self._hand_over((one.root, one.path), one.generation, one.moved_from)
            if row is not None:
                row.state, row.truncated = State.QUEUED, one.truncated

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """See `IntakeLedger`."""
        self.calls.append(("reject", len(rejections)))
        for one in rejections:
            row = self._hand_over((one.root, one.path), one.generation, None)
            if row is not None:
                row.state, row.reason, row.detail = State.REJECTED, one.reason, one.detail

    def vanished(self, locations: Sequence[Location]) -> None:
        """See `IntakeLedger`."""
        self.calls.append(("vanished", len(locations)))
        for location in locations:
            row = self._latest.get(location)
            if row is not None and row.state in _VANISHING:
                row.state = State.GONE

    def sidecar_changed(self, root: bytes, path: bytes) -> None:
        """See `IntakeLedger`."""
        self.sidecars.append((root, path))

    def _hand_over(self, location: Location, generation: Generation, moved_from: Location | None) -> FakeRow | None:
        """Return the row to be queued or rejected; None if the generation is one that was handed over before."""
        if moved_from is not None:
            origin = self._latest.get(moved_from)
            if origin is not None and (origin.holds(generation) or origin.awaits(generation)):
                self._move(moved_from, location, states=frozenset(State))
        same = next((row for row in reversed(self._at.get(location, [])) if row.holds(generation)), None)
        latest = self._latest.get(location)
        if same is not None and same.state not in {State.GONE, State.SUPERSEDED}:
            same.mtime_ns = generation.mtime_ns
            if latest is not None and latest is not same and latest.state in SETTLING:
                self._drop(latest)
            self._latest[location] = same
            return None
        row = same if same is not None and same.state is State.GONE else latest
        if row is None or row.state not in SETTLING | {State.GONE}:
            row = self._add(location, State.QUEUED)
        for older in self._at[location]:
            if older is not row and older.state is State.QUEUED:
                older.state = State.SUPERSEDED
        row.fill(generation)
        return row

    def _add(self, location: Location, state: State) -> FakeRow:
        row = FakeRow(len(self.rows) + 1, location, state, 0, 0, 0, 0)
        self.rows.append(row)
        self._at.setdefault(location, []).append(row)
        self._latest[location] = row
        return row

    def _drop(self, row: FakeRow) -> None:
        self.rows.remove(row)
        self._at[row.location].remove(row)

    def _move(self, origin: Location, target: Location, *, states: frozenset[State]) -> None:
        row = self._latest.get(origin)
        if row is None or row.state not in states:
            return
        del self._latest[origin]
        waiting = self._latest.get(target)
        if waiting is not None and waiting.state in SETTLING:
            self._drop(waiting)
        self._at[origin].remove(row)
        row.location = target
        self._at.setdefault(target, []).append(row)
        self._latest[target] = row
