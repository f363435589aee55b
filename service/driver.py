"""The loop that uses the pool: claims jobs, feeds events to the scheduler, carries its actions out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection

from actors.pool.base import ActorDied, ActorReady, Pool, PoolEvent, SetLost
from service.bookkeeping import Bookkeeper, Emit
from service.clock import Clock
from service.disk import DiskGate
from service.errors import ReelwatchError
from service.ledger.values import WorkPause
from service.scheduler import Board, capacity, decide
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
        self._actions: dict[type, Callable[..., None]] = {
            ask.StartActor: self._start,
            ask.KillActor: self._kill,
            ask.StopPool: self._stop_pool,
            ask.Submit: lambda action: self._pool.submit(action.call),
            ask.GiveUp: self._give_up,
        }

    @property
    def busy(self) -> bool:
        """Whether any video is on the board."""
        return bool(self._board.runs)

    @property
    def active(self) -> int:
        """How many videos are on the board."""
        return len(self._board.runs)

    @property
    def pool_up(self) -> bool:
        """Whether the actors are up or coming up."""
        return self._board.up

    @property
    def pause(self) -> WorkPause | None:
        """Why nothing is claimed at present, or None."""
        return self._gate.pause

    def restrict(self, job_ids: Collection[int]) -> None:
        """Work on these jobs only, whatever else is queued."""
        self._only = job_ids

    def step(self, *, timeout_s: float, claim: bool = True) -> int:
        """Do one round: claim what fits, wait for the pool at most `timeout_s`, take in what happened.

        Returns how many videos were claimed. Raises `CannotWork` when decoding or fusion cannot be kept alive.
        """
        claimed = self._claim() if claim else 0
        for event in self._pool.wait(timeout_s=timeout_s) if self._board.up else ():
            self._report(event)
            self._feed(event)
        self._feed(ask.Ticked())
        return claimed

    def give_back(self) -> None:
        """Return every video on the board to the queue, its attempt refunded."""
        self._feed(ask.Drained())

    def close(self) -> None:
        """Give back what is on the board and stop the pool."""
        self.give_back()
        self._pool.stop()

    def _claim(self) -> int:
        self._gate.try_open()
        limit = capacity(self._board) if self._gate.pause is None else 0
        if limit <= 0:
            return 0
        tickets = self._books.claim(limit=limit, idle=not self._board.runs, only=self._only)
        for ticket in tickets:
            self._feed(ask.Claimed(ticket))
        return len(tickets)

    def _feed(self, event: ask.Event) -> None:
        """Let the scheduler decide about an event, and about every answer that carrying out its actions brings."""
        pending: deque[ask.Event] = deque([event])
        while pending:
            self._board, actions = decide(self._board, pending.popleft(), now_s=self._clock.monotonic())
            for action in actions:
                pending.extend(self._carry_out(action))

    def _carry_out(self, action: ask.Action) -> list[ask.Event]:
        if isinstance(action, ask.Release) and action.pause:
            self._gate.close(action.pause)
        if self._books.handles(action):
            return self._books.carry_out(action)
        self._actions[type(action)](action)
        return []

    def _start(self, action: ask.StartActor) -> None:
        self._emit("actor.starting", actor=action.spec.name)
        self._pool.start(action.spec)

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
