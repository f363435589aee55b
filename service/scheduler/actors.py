"""The actors' side of the board: starting, filling, deadlines, deaths, recycling and the idle stop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from actors.plan import DECODE, FUSION, IDENTIFY, Plan
from actors.pool.base import ActorDied, ActorReady, Call, CallDone, PayloadRefs
from service.scheduler.board import DEATHS_WITHOUT_SUCCESS, Condition, Run, Slot, Work
from service.scheduler.endings import absorb, convict
from service.scheduler.events import GiveUp, KillActor, StartActor, StopPool, Submit
from service.scheduler.stages import item, operations
from service.scheduler.turn import Turn

RECYCLED = "recycled"


def start_absent(turn: Turn) -> None:
    """Start every actor that is not there, as soon as there is a video on the board."""
    if not turn.runs:
        return
    for name, slot in turn.slots.items():
        if slot.condition is Condition.ABSENT:
            turn.slots[name] = replace(slot, condition=Condition.STARTING, head_since_s=turn.now_s, reason="")
            turn.ask(StartActor(slot.spec))


def fill(turn: Turn) -> None:
    """Give every actor with room something to do: the stage nearest to fusion first, the oldest video first."""
    waiting = [(run, operation) for run in turn.runs.values() for operation in operations(turn.plan, run)]
    order = {stage.name: place for place, stage in enumerate(turn.plan.stages)}
    waiting.sort(key=lambda pair: -order.get(pair[1], -1))
    for name in turn.slots:
        mine = [(run, op) for run, op in waiting if _actor_of(turn.plan, op) == name]
        while turn.slots[name].room > 0 and mine:
            operation = mine[0][1]
            batch_size = 1 if operation == IDENTIFY else turn.plan.by_name[operation].batch_size
            batch = [pair for pair in mine if pair[1] == operation][:batch_size]
            mine = [pair for pair in mine if pair not in batch]
            _submit(turn, name, operation, [turn.runs[run.job_id] for run, _ in batch])


def on_ready(turn: Turn, event: ActorReady) -> None:
    """Note that an actor has loaded; stages that it could not load are unavailable from now on."""
    turn.slots[event.actor] = replace(turn.slots[event.actor], condition=Condition.READY, line=())
    turn.unavailable.update(event.unavailable)


def on_done(turn: Turn, event: CallDone) -> None:
    """Take in a call's end: the line behind it moves up, its videos absorb what it says."""
    for name, slot in turn.slots.items():
        for work in slot.line:
            if work.call_id == event.call_id:
                line = tuple(w for w in slot.line if w is not work)
                turn.slots[name] = replace(
                    slot, line=line, head_since_s=turn.now_s, failed_starts=0, resident_mib=event.resident_mib
                )
                _absorb_all(turn, work, event)
                return


def on_died(turn: Turn, event: ActorDied) -> None:
    """Take in an actor's death: the oldest call is convicted, the ones behind it go back; too many break the actor."""
    slot = turn.slots[event.actor]
    line, was_up = slot.line, slot.condition is Condition.READY
    failed = slot.failed_starts + (0 if slot.reason == RECYCLED else 1)
    turn.slots[event.actor] = replace(Slot(slot.spec), failed_starts=failed)
    for place, work in enumerate(line):
        for run in _still_here(turn, work):
            if place == 0 and was_up:
                reason = slot.reason or f"the {event.actor} actor died: {event.reason}"
                convict(turn, run, operation=work.operation, reason=reason, hung=bool(slot.reason))
            else:
                turn.put(replace(run, busy=run.busy - {work.operation}))
    if failed >= DEATHS_WITHOUT_SUCCESS:
        _break(turn, event)


def watch(turn: Turn) -> None:
    """Kill what is past its deadline or has grown too large; stop the pool when nothing has happened for long."""
    for name, slot in turn.slots.items():
        reason = None if slot.reason else _overdue(turn, slot) or _overgrown(turn, slot)
        if reason is not None:
            turn.slots[name] = replace(slot, reason=RECYCLED if not slot.line and _loaded(slot) else reason)
            turn.ask(KillActor(name, reason))
    if turn.runs or not any(_loaded(slot) for slot in turn.slots.values()):
        turn.idle_since_s = None
        return
    turn.idle_since_s = turn.now_s if turn.idle_since_s is None else turn.idle_since_s
    idle_stop_s = turn.limits.idle_stop_s
    if idle_stop_s > 0 and turn.now_s - turn.idle_since_s >= idle_stop_s:
        turn.ask(StopPool())
        turn.slots = {name: Slot(slot.spec) for name, slot in turn.slots.items()}
        turn.unavailable = {}
        turn.idle_since_s = None


def _submit(turn: Turn, actor: str, operation: str, runs: list[Run]) -> None:
    slot, call_id = turn.slots[actor], turn.next_call_id
    turn.next_call_id += 1
    turn.ask(Submit(Call(call_id, actor, operation, tuple(item(turn.plan, run, operation) for run in runs))))
    deadline = turn.limits.deadlines[DECODE if operation == IDENTIFY else operation]
    work = Work(call_id, operation, tuple(r.job_id for r in runs), sum(deadline.after(r.media_s) for r in runs))
    since = slot.head_since_s if slot.line else turn.now_s
    turn.slots[actor] = replace(slot, line=(*slot.line, work), head_since_s=since)
    for run in runs:
        turn.put(replace(run, busy=run.busy | {operation}))


def _absorb_all(turn: Turn, work: Work, event: CallDone) -> None:
    payloads = event.payloads or tuple(PayloadRefs() for _ in work.jobs)
    for job_id, outcome, refs in zip(work.jobs, event.outcomes, payloads, strict=True):
        run = turn.runs.get(job_id)
        if run is not None and work.operation in run.busy:
            absorb(turn, run, operation=work.operation, outcome=outcome, payloads=refs)


def _still_here(turn: Turn, work: Work) -> Iterable[Run]:
    return [turn.runs[job] for job in work.jobs if job in turn.runs and work.operation in turn.runs[job].busy]


def _overdue(turn: Turn, slot: Slot) -> str | None:
    waited_s = turn.now_s - slot.head_since_s
    if slot.condition is Condition.STARTING and waited_s > turn.limits.start_deadline_s:
        return f"the {slot.spec.name} actor did not load within {turn.limits.start_deadline_s:.0f} s"
    if slot.condition is Condition.READY and slot.line and waited_s > slot.line[0].allowed_s:
        return f"{slot.line[0].operation} did not end within its {slot.line[0].allowed_s:.0f} s"
    return None


def _overgrown(turn: Turn, slot: Slot) -> str | None:
    bound_mib = slot.spec.resources.ram_mib * turn.limits.recycle_factor
    if _loaded(slot) and not slot.line and bound_mib > 0 and slot.resident_mib > bound_mib:
        return f"{RECYCLED}: {slot.resident_mib:.0f} MiB resident, bound {bound_mib:.0f} MiB"
    return None


def _loaded(slot: Slot) -> bool:
    return slot.condition is Condition.READY


def _break(turn: Turn, event: ActorDied) -> None:
    """Write an actor off: its stages are unavailable; without decoding or fusion the service cannot go on."""
    slot = turn.slots[event.actor]
    reason = f"the {event.actor} actor died {slot.failed_starts} times before it had answered once: {event.reason}"
    turn.slots[event.actor] = replace(slot, condition=Condition.BROKEN, reason=reason)
    stages = [spec.stage for spec in slot.spec.backends]
    turn.unavailable.update(dict.fromkeys(stages, reason))
    if {DECODE, FUSION} & set(stages):
        turn.ask(GiveUp(reason))


def _actor_of(plan: Plan, operation: str) -> str:
    return plan.by_name[DECODE if operation == IDENTIFY else operation].actor
