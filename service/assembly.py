"""Puts the service together from its configuration: plan, limits, pool, ledger and driver."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

from actors.plan import DECODE, Plan
from actors.pool.base import Pool
from actors.pool.deferred import DeferredPool
from actors.pool.ray_options import RayOptions, keep_to_loopback
from actors.redaction.outcomes import STAGES as REDACTED
from actors.redaction.redactor import redaction_of
from actors.registry import PlanError, resolve
from service import __version__
from service.bookkeeping import Bookkeeper, Emit, Recheck, StageWatcher
from service.cards import cards_of
from service.clock import Clock, SystemClock
from service.configuration import STAGES, Configuration
from service.configuration.profiles import has_cuda_device, installed
from service.disk import DiskGate
from service.driver import Driver
from service.errors import ConfigError
from service.fusion_request import Imprint
from service.ledger.ledger import Ledger
from service.placement import place_actors
from service.scheduler import Board, Limits
from service.scheduler.board import Deadline
from service.vram import Smaller

MOST_THREADS = 4
"""More threads do not make the small models faster, and they crawl when two pools of them share the cores."""


@dataclass(frozen=True)
class Assembly:
    """A service that is ready to run: the driver and what it stands on."""

    configuration: Configuration
    plan: Plan
    ledger: Ledger
    driver: Driver
    clock: Clock


def make_plan(configuration: Configuration) -> Plan:
    """Choose the backends; raises `ConfigError` where that cannot be done or the models ask for too many cores."""
    try:
        plan = resolve(configuration.stage_preferences(), options_of(configuration))
    except PlanError as exc:
        raise ConfigError(str(exc)) from exc
    wanted, given = _shares(plan), configuration.pool.num_cpus
    if given and wanted > given and not configuration.pool.address:  # a cluster's nodes are asked when it is joined
        shares = ", ".join(f"{spec.name} {spec.resources.num_cpus:g}" for spec in plan.actors())
        raise ConfigError(
            f"[pool] num_cpus = {given:g}, but the actors ask for {wanted:g} ({shares}): raise pool.num_cpus "
            "(0 gives them what they ask for) or switch a stage off (backends = [])"
        )
    return plan


def _shares(plan: Plan) -> float:
    """Return what one of each actor asks for: shares by which Ray counts, not cores that it hands out."""
    return sum(spec.resources.num_cpus for spec in plan.actors())


def _with_shares(configuration: Configuration, plan: Plan) -> Configuration:
    """Return the configuration with as many logical cores as there are, or as all actors together ask for.

    A small host is slower for it, not unable: actors that wait for each other share its cores well.
    """
    if configuration.pool.num_cpus or configuration.pool.address:  # a cluster has what its nodes have
        return configuration
    sets = max(1, len(cards_of(configuration)))
    counted = max(cores(configuration), ceil(_shares(plan) * sets))
    return configuration.model_copy(update={"pool": configuration.pool.model_copy(update={"num_cpus": counted})})


def make_limits(configuration: Configuration, *, sets: int = 1) -> Limits:
    """Derive the scheduler's limits; half of the object store may hold decoded videos, the rest is room to work.

    sets: how many replica sets share this machine's object store; in a cluster every set has its node's own.
    """
    sharing = 1 if configuration.pool.address else sets
    stages = {name: configuration.stage(name) for name in STAGES}
    return Limits(
        deadlines={name: Deadline(s.deadline_base_s, s.deadline_per_media_s) for name, s in stages.items()},
        start_deadline_s=configuration.pool.start_deadline_s,
        payload_budget_bytes=configuration.pool.object_store_mib * 2**20 // 2 // sharing,
        frames_worst_bytes=configuration.media.frames_mib * 2**20,
        max_media_s=configuration.media.max_media_s,
        backoff_s=configuration.retry.backoff_s,
        idle_stop_s=configuration.pool.idle_stop_s,
        recycle_s=configuration.pool.recycle_s,
        recycle_card_s=configuration.pool.recycle_card_s,
    )


def make_pool(configuration: Configuration) -> Pool:
    """Make the pool of the configured kind; nothing is started yet, and Ray is imported only if it is used."""
    if configuration.pool.kind == "local":
        from actors.pool.process_pool import ProcessPool  # noqa: PLC0415 - one of the two is not needed

        return ProcessPool(niceness=configuration.host.model_niceness)
    options = ray_options(configuration)
    keep_to_loopback(options)
    return DeferredPool(lambda: _ray_pool(options))


def _ray_pool(options: RayOptions) -> Pool:
    from actors.pool.ray_pool import RayPool  # noqa: PLC0415 - takes a second to import

    return RayPool(options)


def ray_options(configuration: Configuration) -> RayOptions:
    """Return how Ray is to be started."""
    return RayOptions(
        num_cpus=cores(configuration),
        object_store_mib=configuration.pool.object_store_mib,
        niceness=configuration.host.model_niceness,
        auth_token=configuration.state.dir / "ray-auth-token",
        num_gpus=len(cards_of(configuration)),
        address=configuration.pool.address,
    )


def assemble(
    configuration: Configuration,
    *,
    ledger: Ledger,
    emit: Emit,
    watcher: StageWatcher | None = None,
    recheck: Recheck | None = None,
    pool_factory: Callable[[Configuration], Pool] = make_pool,
    clock: Clock | None = None,
) -> Assembly:
    """Put a driver together over an open ledger; raises `ConfigError`."""
    clock = clock or SystemClock()
    plan = make_plan(configuration)
    configuration = _with_shares(configuration, plan)
    output_root = os.fsencode(Path(configuration.output.dir).absolute())
    imprint = Imprint(output_root, configuration.profile, __version__, configuration.output.file_mode)
    pool = pool_factory(configuration)
    specs = place_actors(
        configuration, plan, pool, cores=cores(configuration), smaller=partial(_smaller, configuration)
    )
    sets = len({spec.replica for spec in specs})
    ledger.note_pause(None)  # one that an earlier process has noted ended with it
    _forget_raw(ledger, configuration)
    books = Bookkeeper(
        ledger=ledger, plan=plan, imprint=imprint, clock=clock, emit=emit, watcher=watcher, recheck=recheck
    )
    driver = Driver(
        board=Board.empty(plan, make_limits(configuration, sets=sets), specs=specs),
        pool=pool,
        books=books,
        gate=_gate(configuration, clock=clock, emit=emit, note=ledger.note_pause),
        clock=clock,
        emit=emit,
    )
    return Assembly(configuration, plan, ledger, driver, clock)


def _gate(configuration: Configuration, *, clock: Clock, emit: Emit, note: Callable[..., None]) -> DiskGate:
    output, state = (os.fsencode(path.absolute()) for path in (configuration.output.dir, configuration.state.dir))
    low_water_mib = configuration.disk.low_water_mib
    return DiskGate(output, low_water_mib=low_water_mib, clock=clock, emit=emit, note=note, others=(state,))


def _forget_raw(ledger: Ledger, configuration: Configuration) -> None:
    """Drop what was said and shown as it was stored before redaction was asked for, or another one."""
    privacy = configuration.privacy
    if privacy.redact and ledger.forget_unredacted(
        REDACTED, redaction=redaction_of(privacy.redact, privacy.phone_regions)
    ):
        ledger.scrub()


def _smaller(configuration: Configuration) -> list[Smaller]:
    from service.models import choices  # noqa: PLC0415 - it stands on this module, and is asked only before a refusal

    return [Smaller(c.stage, c.backend, c.resources.vram_mib) for c in choices(configuration) if c.lacks is None]


def cores(configuration: Configuration) -> int:
    """Return how many logical cores the models may use."""
    return configuration.pool.num_cpus or len(os.sched_getaffinity(0))


def device(configuration: Configuration) -> str:
    """Return where models that can use a card run: `cuda` where there is one and torch to use it, unless told."""
    if configuration.pool.device != "auto":
        return configuration.pool.device
    return "cuda" if has_cuda_device() and installed("torch") else "cpu"


def options_of(configuration: Configuration) -> dict[str, Mapping[str, Any]]:
    """Add to every stage's options what holds for all, where they do not say so themselves.

    The decoder takes every core when nothing is set: its threads wait without spinning, and what it delivers is what
    all models wait for.
    """
    here, chosen = cores(configuration), configuration.pool.threads
    decoder, model = chosen or max(1, min(MOST_THREADS, here)), chosen or max(1, min(MOST_THREADS, here // 2))
    common: dict[str, Any] = {"device": device(configuration), "models_dir": str(configuration.models.dir)}
    if configuration.privacy.redact:
        common |= configuration.privacy.model_dump()
    return {
        name: {**common, "threads": decoder if name == DECODE else model, **options}
        for name, options in configuration.stage_options().items()
    }
