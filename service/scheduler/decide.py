"""The scheduler: one pure function from a board and an event to a new board and the actions to carry out."""

from __future__ import annotations

from dataclasses import replace

from actors.pool.base import ActorDied, ActorReady, CallDone, SetLost
from service.scheduler.actors import fill, on_died, on_done, on_ready, start_absent, watch
from service.scheduler.board import Board, Limits, Run
from service.scheduler.events import Action, Claimed, Drained, Dropped, Event, Identified, Release, Requested, Ticked
from service.scheduler.sets import adopt, choose, on_set_lost, ready_sets
from service.scheduler.stages import IDENTITY, REQUEST, request_fusion, settle
from service.scheduler.turn import Turn


def decide(board: Board, event: Event, *, now_s: float) -> tuple[Board, list[Action]]:
    """Return the board after `event` and what has to be done about it, in order.

    now_s: monotonic seconds. Pure: neither `board` nor anything it holds is changed.
    """
    turn = Turn(board, now_s)
    _take_in(turn, event)
    if not isinstance(event, Drained):
        for run in list(turn.runs.values()):
            turn.put(request_fusion(turn, settle(turn, run)))
        start_absent(turn)
        adopt(turn)
        fill(turn)
        watch(turn, deadlines=isinstance(event, Ticked))
    return turn.result()


def capacity(board: Board) -> int:
    """Return how many more videos may be claimed now: bounded by number, by decoded bytes, and by a suspect's right.

    A video whose size in memory is not yet known counts with the largest that the configuration allows. One video
    is always admitted to an empty board, or a budget set too small would stop the service for good. Every replica set
    that can work adds its share.
    """
    if board.draining or any(run.ticket.solo for run in board.runs.values()):
        return 0
    limits = board.limits
    sets = max(1, len(ready_sets(board.plan, board.slots)))
    held = sum(_held_bytes(run, limits) for run in board.runs.values())
    fitting = (sets * limits.payload_budget_bytes - held) // limits.payload_worst_bytes(0.0)
    room = min(fitting, sets * limits.max_active - len(board.runs))
    return max(room, 0 if board.runs else 1)


def _held_bytes(run: Run, limits: Limits) -> int:
    if run.payloads is not None:
        return run.payloads.size_bytes
    return 0 if run.media is not None and not run.decode_again else limits.payload_worst_bytes(run.media_s)


def _take_in(turn: Turn, event: Event) -> None:
    match event:
        case Claimed(ticket):
            turn.put(Run(ticket, replica=choose(turn)))
        case Identified(job_id, sha256, stored) if job_id in turn.runs:
            run = turn.runs[job_id]
            turn.put(replace(run, sha256=sha256, stored=stored, busy=run.busy - {IDENTITY}))
        case Requested(job_id, request) if job_id in turn.runs:
            run = turn.runs[job_id]
            turn.put(replace(run, request=request, busy=run.busy - {REQUEST}))
        case Dropped(job_id) if job_id in turn.runs:
            turn.drop(turn.runs[job_id])
        case Drained():
            for run in list(turn.runs.values()):
                turn.drop(run, Release(run.job_id))
        case _:  # the pool's; or time has passed; or the answer comes for a video that has left the board
            _hear_from_pool(turn, event)


def _hear_from_pool(turn: Turn, event: Event) -> None:
    match event:
        case ActorReady():
            on_ready(turn, event)
        case ActorDied():
            on_died(turn, event)
        case SetLost():
            on_set_lost(turn, event)
        case CallDone():
            on_done(turn, event)
        case _:
            pass
