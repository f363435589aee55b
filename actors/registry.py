"""Which backend serves which stage: entry points, preference lists, and the stage graph derived from `needs`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from actors.backend import Backend, BackendOptions, StageStatus
from actors.models.store import ModelStore
from actors.plan import FUSION, REQUIRED, Plan, PlannedStage
from actors.redaction.outcomes import STAGES as REDACTED
from actors.redaction.redactor import redaction_of

GROUP = "reelwatch.backends"


class PlanError(Exception):
    """The stages cannot be planned: the message names stage, backend, value and remedy."""


Loader = Callable[[], type[Backend[Any]]]


def installed() -> dict[str, Loader]:
    """Return what loads each registered backend class, by name; a third party adds one by an entry point.

    Nothing is imported until a loader is called: a plug-in that is broken harms only those who ask for it.
    """
    return {point.name: point.load for point in entry_points(group=GROUP)}


def resolve(
    preferences: Mapping[str, Sequence[str]],
    options: Mapping[str, Mapping[str, Any]],
    *,
    backends: Mapping[str, Loader] | None = None,
) -> Plan:
    """Choose for each stage the first available backend of its preference list.

    An empty list means the profile does not ask for the stage (`disabled`). A named backend that is not registered
    or not available is passed over; when none is left the stage is `unavailable` with every reason. Options that a
    backend does not know are refused, for they belong to the backend that would run.

    Raises `PlanError` for wrong options, a needed stage that does not exist, a cycle, an unavailable required stage, or
    a stage that is asked for while what each of its backends requires is switched off.
    """
    known = installed() if backends is None else backends
    off = frozenset(stage for stage, names in preferences.items() if not names)
    planned = [_choose(stage, names, options.get(stage, {}), known, off) for stage, names in preferences.items()]
    for stage in planned:
        if stage.name in REQUIRED and not stage.runs:
            raise PlanError(f"stage {stage.name} is required but cannot run: {stage.reason or 'it is disabled'}")
    return Plan(stages=_ordered(planned))


def _choose(
    stage: str, names: Sequence[str], options: Mapping[str, Any], known: Mapping[str, Loader], off: frozenset[str]
) -> PlannedStage:
    if not names:
        return PlannedStage(stage, None, StageStatus.DISABLED, "the profile does not ask for it")
    loaded = {name: _loaded(name, known) for name in names}
    kinds = {name: backend for name, (backend, _) in loaded.items() if backend is not None}
    _refuse_switched_off(stage, kinds, off)
    reasons = []
    for name, (backend, reason) in loaded.items():
        parsed = read_options(stage, name, kinds, options) if backend is not None and reason is None else None
        lacking = reason if backend is None or parsed is None else _lacking(backend, parsed, off)
        if backend is not None and parsed is not None and lacking is None:
            return _plan(stage, name, backend, parsed)
        reasons.append(f"{name}: {lacking}")
    return PlannedStage(stage, None, StageStatus.UNAVAILABLE, "; ".join(reasons))


def _refuse_switched_off(stage: str, kinds: Mapping[str, type[Backend[Any]]], off: frozenset[str]) -> None:
    """Raise `PlanError` where every backend of a stage requires one that is switched off."""
    required = [backend.requires & off for backend in kinds.values()]
    if required and all(required):
        lacking = sorted(frozenset.union(*required))
        raise PlanError(
            f"stages.{stage}.backends: {', '.join(kinds)} cannot work without {', '.join(lacking)}, which is switched "
            f"off (stages.{lacking[0]}.backends = []). Name a backend for {lacking[0]}, or switch {stage} off too "
            f"(stages.{stage}.backends = [])"
        )


def _lacking(backend: type[Backend[Any]], options: BackendOptions, off: frozenset[str]) -> str | None:
    """Say what is not here that these options need; None when everything is."""
    switched_off = backend.requires & off
    if switched_off:
        return f"requires {', '.join(sorted(switched_off))}, which is switched off"
    return backend.lacking(options) or _not_pulled(backend, options)


def _not_pulled(backend: type[Backend[Any]], options: BackendOptions) -> str | None:
    """Say which models are missing, with the command that mends it; None when all are here."""
    missing = ModelStore(Path(options.models_dir)).missing(backend.assets(options))
    if not missing:
        return None
    names = " ".join(asset.name for asset in missing)
    return f"not pulled: {names}. Run `reelwatch models pull {names}`"


def _loaded(name: str, known: Mapping[str, Loader]) -> tuple[type[Backend[Any]] | None, str | None]:
    """Return the backend's class and why it cannot run here, if so."""
    if name not in known:
        return None, "no backend of this name is installed"
    try:
        backend = known[name]()
    except ImportError as exc:
        return None, f"cannot be imported: {exc}"
    return backend, backend.available()


def _plan(stage: str, name: str, backend: type[Backend[Any]], parsed: BackendOptions) -> PlannedStage:
    model = backend.model_revision(parsed)
    altering = parsed.model_dump(mode="json", exclude=set(backend.options_type.neutral | BackendOptions.neutral))
    redaction = redaction_of(parsed.redact, parsed.phone_regions)
    if redaction and stage in {*REDACTED, FUSION}:
        altering["redaction"] = redaction
    identity = json.dumps([stage, name, backend.revision, model, altering], sort_keys=True, separators=(",", ":"))
    return PlannedStage(
        stage,
        name,
        StageStatus.DONE,
        actor=backend.actor,
        needs=backend.needs,
        identity=identity,
        revision=backend.revision,
        model=model,
        options=parsed.model_dump(mode="json"),
        resources=backend.resources_for(parsed),
        batch_size=backend.batch_size,
    )


def read_options(
    stage: str, name: str, kinds: Mapping[str, type[Backend[Any]]], options: Mapping[str, Any]
) -> BackendOptions:
    """Read a backend's options; what only another backend of the stage's list knows is meant for that one."""
    backend = kinds[name]
    others = {field for kind in kinds.values() for field in kind.options_type.model_fields}
    foreign = others - set(backend.options_type.model_fields)
    try:
        return backend.options_type(**{key: value for key, value in options.items() if key not in foreign})
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        known = ", ".join(sorted(backend.options_type.model_fields.keys() - BackendOptions.elsewhere))
        raise PlanError(
            f"[stages.{stage}.options] {where} = {first.get('input')!r}: {first['msg']} (options of {name}: {known})"
        ) from exc


def _ordered(planned: Sequence[PlannedStage]) -> tuple[PlannedStage, ...]:
    by_name = {stage.name: stage for stage in planned}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for stage in planned:
        for need in stage.upstream:
            if need not in by_name:
                raise PlanError(f"stage {stage.name} ({stage.backend}) needs {need!r}, which no stage provides")
        sorter.add(stage.name, *stage.upstream)
    try:
        return tuple(by_name[name] for name in sorter.static_order())
    except CycleError as exc:
        raise PlanError(f"the stages need each other in a circle: {' -> '.join(exc.args[1])}") from exc
