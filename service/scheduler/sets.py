"""Replica sets: every actor of the plan once, together in one place; a video belongs to one of them (DESIGN 2.7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from actors.plan import DECODE, Plan
from actors.pool.base import SetLost
from service.scheduler.board import Condition, Slot
from service.scheduler.events import Release
from service.scheduler.turn import Turn


def choose(turn: Turn) -> int:
    """Return the set a new video joins: of those without a broken actor the one with the fewest videos."""
    load = Counter(run.replica for run in turn.runs.values())
    replicas = {slot.spec.replica for slot in turn.slots.values()}
    return min(replicas, key=lambda replica: (_broken(turn.slots, replica), load[replica], replica))


def ready_sets(plan: Plan, slots: Mapping[str, Slot]) -> frozenset[int]:
    """Return the sets that can take videos now: nothing in them is broken, and their decoder is there."""
    there = [slot.spec.replica for slot in _decoders(plan, slots) if slot.condition is Condition.READY]
    return frozenset(replica for replica in there if not _broken(slots, replica))


def adopt(turn: Turn) -> None:
    """Let sets that are ready take videos that wait, untouched, for one that is not; as many as they can begin."""
    ready = ready_sets(turn.plan, turn.slots)
    rooms = {slot.spec.replica: slot.room for slot in _decoders(turn.plan, turn.slots) if slot.spec.replica in ready}
    waiting = [r for r in turn.runs.values() if r.sha256 is None and not r.busy and r.replica not in ready]
    for run in waiting:
        roomiest = max(rooms, key=lambda replica: rooms[replica], default=None)
        if roomiest is None or rooms[roomiest] <= 0:
            return
        rooms[roomiest] -= 1
        turn.put(replace(run, replica=roomiest))


def on_set_lost(turn: Turn, event: SetLost) -> None:
    """Give a lost set's videos back, without blame; its actors are absent until they are started anew elsewhere."""
    for name, slot in turn.slots.items():
        if slot.spec.replica == event.replica:
            turn.slots[name] = Slot(slot.spec, failed_starts=slot.failed_starts)
    give_back(turn, event.replica)


def write_off(turn: Turn, replica: int) -> bool:
    """Leave a set with a broken actor to itself where another one can do the work; False where there is none."""
    others = {slot.spec.replica for slot in turn.slots.values()} - {replica}
    if all(_broken(turn.slots, other) for other in others):
        return False
    give_back(turn, replica)
    return True


def give_back(turn: Turn, replica: int) -> None:
    """Return a set's videos to the queue, their attempts refunded: results that are stored are found again."""
    for run in [run for run in turn.runs.values() if run.replica == replica]:
        turn.drop(run, Release(run.job_id))


def _decoders(plan: Plan, slots: Mapping[str, Slot]) -> list[Slot]:
    role = plan.by_name[DECODE].actor
    return [slot for slot in slots.values() if slot.spec.role == role]


def _broken(slots: Mapping[str, Slot], replica: int) -> bool:
    return any(s.condition is Condition.BROKEN for s in slots.values() if s.spec.replica == replica)
