"""The loop that uses the pool: claims jobs, feeds events to the scheduler, carries its actions out.

What the scheduler has decided is owed until the ledger has taken it: a ledger that is locked or full for a while makes
`step` raise, and the next one begins with what is owed. Nothing new is begun before that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace

from actors.errors import EnvironmentFault
from actors.pool.base import ActorDied, ActorReady, Pool, PoolEvent, SetLost
from service.bookkeeping import Bookkeeper, Emit
from service.clock import Clock
from service.disk import DiskGate
from service.errors import ReelwatchError
from service.ledger.errors import LedgerError
from service.ledger.values import WorkPause
from service.scheduler import Board, Limits, capacity, decide
from service.scheduler import events as ask


class CannotWork(ReelwatchError):  # noqa: N818 - reads as what it is
    """An actor without which no document can be made does not stay alive; `doctor` tells more."""


class Driver:
    """One `step` after another; between steps nothing of it runs. Not thread-safe: one thread owns it."""

    def __init__(
        self, *, board: Board, pool: Pool, books: Bookkeeper, gate: DiskGate, clock: Clock, emit: Emit
    ) -> None:
        self._board = board
        self._pool = pool
        self._books = books
        self._gate = gate
        self._clock = clock
        self._emit = emit
        self._only: Collection[int] | None = None
        self._events: deque[ask.Event] = deque()
        self._owed: deque[ask.Action] = deque()
        self._actions: dict[type, Callable[..., None]] = {
            ask.StartActor: self._start,
            ask.KillActor: self._kill,
            ask.StopPool: self._stop_pool,
            ask.Submit: lambda action: self._pool.submit(action.call),
            ask.GiveUp: self._give_up,
        }

    @property
    def board(self) -> Board:
        """What is in work and where, at this moment."""
        return self._board

    @property
    def busy(self) -> bool:
        """Whether any video is on the board, or the ledger has not taken yet what became of one."""
        return bool(self._board.runs or self._owed or self._events)

    @property
    def active(self) -> int:
        """How many videos are on the board."""
        return len(self._board.runs)

    @property
    def pool_up(self) -> bool:
        """Whether the actors are up or coming up."""
        return self._board.up

    @property
    def sets(self) -> int:
        """How many replica sets there are."""
        return len({slot.spec.replica for slot in self._board.slots.values()})

    @property
    def pause(self) -> WorkPause | None:
        """Why nothing is claimed at present, or None."""
        return self._gate.pause

    @property
    def lost_roots(self) -> frozenset[bytes]:
        """The inboxes of which nothing is claimed at present."""
        return self._books.lost_roots()

    def change(self, *, limits: Limits, low_water_mib: int) -> None:
        """Work within other limits from the next decision on; what runs already keeps the deadline it was given."""
        self._board = replace(self._board, limits=limits)
        self._gate.low_water_mib = low_water_mib

    def restrict(self, job_ids: Collection[int]) -> None:
        """Work on these jobs only, whatever else is queued."""
        self._only = job_ids

    def step(self, *, timeout_s: float, claim: bool = True) -> int:
        """Do one round: claim what fits, wait for the pool at most `timeout_s`, take in what happened.

        Returns how many videos were claimed. Raises `CannotWork` when decoding or fusion cannot be kept alive, and what
        the ledger raises; nothing is forgotten then, and the next step goes on where this one had to stop.
        """
        self._catch_up()
        claimed = self._claim() if claim else 0
        for event in self._pool.wait(timeout_s=timeout_s) if self._board.up else ():
            self._report(event)
            self._events.append(event)
        self._events.append(ask.Ticked())
        self._catch_up()
        return claimed

    def give_back(self) -> None:
        """Return every video on the board to the queue, its attempt refunded."""
        self._events.append(ask.Drained())
        self._catch_up()

    def close(self, *, give_back: bool = True) -> None:
        """Give back what is on the board and stop the pool.

        What is not given back, or not taken by the ledger now, stays `running` there: the next start recovers it, and
        counts that against it.
        """
        try:
            if give_back:
                self.give_back()
        except LedgerError as exc:
            self._emit("ledger.busy", cause=str(exc), detail="what is in work is given back by the next start")
        finally:
            self._pool.stop()

    def _claim(self) -> int:
        self._gate.look()
        limit = capacity(self._board) if self._gate.pause is None else 0
        if limit <= 0:
            return 0
        tickets = self._books.claim(limit=limit, idle=not self._board.runs, only=self._only)
        self._events.extend(ask.Claimed(ticket) for ticket in tickets)
        self._catch_up()
        return len(tickets)

    def _catch_up(self) -> None:
        """Carry out what is owed, and let the scheduler decide about every event and every answer, in order."""
        while self._owed or self._events:
            if self._owed:
                self._pay(self._owed.popleft())
                continue
            self._board, actions = decide(self._board, self._events.popleft(), now_s=self._clock.monotonic())
            self._owed.extend(actions)

    def _pay(self, action: ask.Action) -> None:
        try:
            self._events.extend(self._carry_out(action))
        except LedgerError:
            self._owed.appendleft(action)
            # Deadlines are looked at when the pool has been asked again: it may have answered meanwhile.
            self._events = deque(event for event in self._events if not isinstance(event, ask.Ticked))
            raise

    def _carry_out(self, action: ask.Action) -> list[ask.Event]:
        if isinstance(action, ask.Release) and action.pause:
            self._gate.close(action.pause)
        if self._books.handles(action):
            return self._books.carry_out(action)
        self._actions[type(action)](action)
        return []

    def _start(self, action: ask.StartActor) -> None:
        self._emit("actor.starting", actor=action.spec.name)
        try:
            self._pool.start(action.spec)
        except EnvironmentFault as exc:
            self._cannot_start(exc)

    def _cannot_start(self, fault: EnvironmentFault) -> None:
        """Stop what is up and give every video back, unblamed: a host without room for a process has none for most."""
        self._gate.close(fault.reason, detail=fault.message)
        self._pool.stop()
        self._owed = deque(owed for owed in self._owed if not isinstance(owed, ask.StartActor))
        replicas = {slot.spec.replica for slot in self._board.slots.values()}
        self._events.extend(SetLost(replica, fault.message) for replica in sorted(replicas))

    def _kill(self, action: ask.KillActor) -> None:
        self._emit("actor.killed", actor=action.actor, reason=action.reason)
        self._pool.kill(action.actor)

    def _stop_pool(self, _action: ask.StopPool) -> None:
        self._pool.stop()
        self._emit("pool.stopped", reason="idle")

    def _give_up(self, action: ask.GiveUp) -> None:
        raise CannotWork(f"{action.reason}. Run `reelwatch doctor` to see what is missing.")

    def _report(self, event: PoolEvent) -> None:
        match event:
            case ActorReady(actor, pid, load_s, unavailable):
                self._emit("actor.ready", actor=actor, pid=pid, seconds=round(load_s, 3))
                for stage, reason in unavailable.items():
                    self._emit("stage.unavailable", stage=stage, reason=reason)
            case ActorDied(actor, reason, _) if reason != "killed":
                self._emit("actor.died", actor=actor, reason=reason)
            case SetLost(replica, reason):
                self._emit("node.lost", replica=replica, reason=reason)
            case _:
                pass  # the bookkeeper logs what a call says, with the video's id
