"""The actors' side of the board: starting, filling, deadlines, deaths, recycling and the idle stop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from actors.backend import Failure
from actors.plan import DECODE, FUSION, IDENTIFY, Plan
from actors.pool.base import ActorDied, ActorReady, Call, CallDone, PayloadRefs
from service.scheduler.board import DEATHS_WITHOUT_SUCCESS, Condition, Run, Slot, Work
from service.scheduler.endings import absorb, convict
from service.scheduler.events import GiveUp, KillActor, StartActor, StopPool, Submit
from service.scheduler.sets import write_off
from service.scheduler.stages import item, operations
from service.scheduler.turn import Turn

RECYCLED = "recycled"


def start_absent(turn: Turn) -> None:
    """Start every actor that is not there, once there is a video on the board; a pool that is kept stays complete."""
    kept = turn.limits.idle_stop_s <= 0 and any(_loaded(slot) for slot in turn.slots.values())
    if not turn.runs and not kept:
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
    for name, slot in turn.slots.items():
        mine = [(run, op) for run, op in waiting if _belongs(turn.plan, run, op, slot)]
        while turn.slots[name].room > 0 and mine:
            operation = mine[0][1]
            batch_size = 1 if operation == IDENTIFY else turn.plan.by_name[operation].batch_size
            batch = [pair for pair in mine if pair[1] == operation][:batch_size]
            mine = [pair for pair in mine if pair not in batch]
            _submit(turn, name, operation, [turn.runs[run.job_id] for run, _ in batch])


def on_ready(turn: Turn, event: ActorReady) -> None:
    """Note that an actor has loaded; stages that it could not load are unavailable from now on."""
    slot = turn.slots[event.actor]
    turn.slots[event.actor] = replace(slot, condition=Condition.READY, line=(), ready_since_s=turn.now_s)
    turn.unavailable.update(event.unavailable)


def on_done(turn: Turn, event: CallDone) -> None:
    """Take in a call's end: the line behind it moves up, its videos absorb what it says.

    After running out of memory an actor is replaced at once: what CUDA keeps of the process may be spoilt, so the call
    behind it, which convicts nobody, goes to the new one.
    """
    for name, slot in turn.slots.items():
        for work in slot.line:
            if work.call_id == event.call_id:
                line = tuple(w for w in slot.line if w is not work)
                turn.slots[name] = replace(
                    slot,
                    line=line,
                    head_since_s=turn.now_s,
                    answered=True,
                    failed_starts=0,
                    resident_mib=event.resident_mib,
                )
                _absorb_all(turn, work, event)
                if any(outcome.failure is Failure.OUT_OF_MEMORY for outcome in event.outcomes):
                    _recycle(turn, name, "it ran out of memory")
                return


def on_died(turn: Turn, event: ActorDied) -> None:
    """Take in an actor's death: the oldest call is convicted, the ones behind it go back; too many break the actor."""
    slot = turn.slots[event.actor]
    line, was_up = slot.line, slot.condition is Condition.READY
    failed = slot.failed_starts + (0 if slot.reason == RECYCLED else 1)
    turn.slots[event.actor] = replace(Slot(slot.spec), failed_starts=failed)
    for place, work in enumerate(line):
        for run in _still_here(turn, work):
            if place == 0 and was_up and slot.reason != RECYCLED and work.call_id in event.lost:
                reason = slot.reason or f"the {event.actor} actor died: {event.reason}"
                convict(turn, run, operation=work.operation, reason=reason, hung=bool(slot.reason))
            else:
                turn.put(replace(run, busy=run.busy - {work.operation}))
    if failed >= DEATHS_WITHOUT_SUCCESS:
        _break(turn, event)


def watch(turn: Turn, *, deadlines: bool) -> None:
    """Kill what is past its deadline, replace what has grown too large or old; stop a pool that is idle for long.

    deadlines: all that has happened is taken in; before that, a call may have been answered that seems overdue.
    """
    for name, slot in turn.slots.items():
        if slot.reason:
            continue
        overdue = _overdue(turn, slot) if deadlines else ""
        retiring = slot.retiring or _overgrown(turn, slot) or _aged(turn, slot)
        if overdue:
            turn.slots[name] = replace(slot, reason=overdue)
            turn.ask(KillActor(name, overdue))
        elif retiring and not slot.line:
            _recycle(turn, name, retiring)
        else:
            turn.slots[name] = replace(slot, retiring=retiring)
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
    # What lies beyond max_media_s is not decoded, so a file that was padded to terabytes gains no time by it.
    allowed_s = sum(deadline.after(min(run.media_s, turn.limits.max_media_s)) for run in runs)
    work = Work(call_id, operation, tuple(run.job_id for run in runs), allowed_s)
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


def _recycle(turn: Turn, name: str, reason: str) -> None:
    turn.slots[name] = replace(turn.slots[name], reason=RECYCLED)
    turn.ask(KillActor(name, f"{RECYCLED}: {reason}"))


def _overdue(turn: Turn, slot: Slot) -> str:
    waited_s = turn.now_s - slot.head_since_s
    if slot.condition is Condition.STARTING and waited_s > turn.limits.start_deadline_s:
        return f"the {slot.spec.name} actor did not load within {turn.limits.start_deadline_s:.0f} s"
    if slot.condition is Condition.READY and slot.line and waited_s > slot.line[0].allowed_s:
        return f"{slot.line[0].operation} did not end within its {slot.line[0].allowed_s:.0f} s"
    return ""


def _overgrown(turn: Turn, slot: Slot) -> str:
    bound_mib = slot.spec.resources.ram_mib * turn.limits.recycle_factor
    if _loaded(slot) and bound_mib > 0 and slot.resident_mib > bound_mib:
        return f"{slot.resident_mib:.0f} MiB resident, bound {bound_mib:.0f} MiB"
    return ""


def _aged(turn: Turn, slot: Slot) -> str:
    """Say how old an actor is that is due; one at a time in a set, for every video passes through all of them."""
    due_s = turn.limits.recycle_card_s if slot.spec.resources.vram_mib else turn.limits.recycle_s
    age_s = turn.now_s - slot.ready_since_s
    if due_s <= 0 or age_s < due_s or not slot.answered:
        return ""
    peers = [peer for peer in turn.slots.values() if peer.spec.replica == slot.spec.replica]
    changing = any(peer.retiring or peer.reason == RECYCLED or peer.condition is Condition.STARTING for peer in peers)
    return "" if changing else f"{age_s / 60:.0f} min old"


def _loaded(slot: Slot) -> bool:
    return slot.condition is Condition.READY


def _break(turn: Turn, event: ActorDied) -> None:
    """Write an actor off: its stages are unavailable; without decoding or fusion the service cannot go on."""
    slot = turn.slots[event.actor]
    reason = f"the {event.actor} actor died {slot.failed_starts} times before it had answered once: {event.reason}"
    turn.slots[event.actor] = replace(slot, condition=Condition.BROKEN, reason=reason)
    if write_off(turn, slot.spec.replica):
        return
    stages = [spec.stage for spec in slot.spec.backends]
    turn.unavailable.update(dict.fromkeys(stages, reason))
    if {DECODE, FUSION} & set(stages):
        turn.ask(GiveUp(reason))


def _belongs(plan: Plan, run: Run, operation: str, slot: Slot) -> bool:
    role = plan.by_name[DECODE if operation == IDENTIFY else operation].actor
    return run.replica == slot.spec.replica and role == slot.spec.role
