"""Which models the stages of a profile want, and in what state they are here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from actors.backend import Backend, Resources
from actors.models.asset import UNKNOWN_LICENCE, ModelAsset
from actors.models.store import ModelStore
from actors.registry import Loader, PlanError, installed, read_options
from service.assembly import options_of
from service.configuration import STAGES, Configuration

State = Literal["here", "begun", "missing"]
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend that a stage's list names: what it would take here, and the models it would load.

    first: whether it comes first of those whose packages could be used, so that a pull of the profile fetches it.
    lacks: the package that is missing, with its remedy; None when all are here.
    """

    stage: str
    backend: str
    model: str
    resources: Resources
    assets: tuple[ModelAsset, ...]
    licence: str | None
    first: bool
    lacks: str | None = None


def choices(configuration: Configuration, *, backends: Mapping[str, Loader] | None = None) -> list[Choice]:
    """Return every backend that the profile's lists name and that is registered, in the order of stages and lists.

    The one a profile is after is the first of its list, installed or not: what falls back is not what was asked for.
    """
    known = installed() if backends is None else backends
    options = options_of(configuration)
    found: list[Choice] = []
    for stage in STAGES:
        kinds = {name: known[name]() for name in configuration.stage(stage).backends if name in known}
        found += [_choice(stage, name, kinds, options[stage], first=place == 0) for place, name in enumerate(kinds)]
    return found


def wanted(configuration: Configuration, *, every: bool = False) -> list[tuple[Choice, ModelAsset]]:
    """Return what a pull of the profile fetches, each model once; with `every`, the models of the fall-backs too."""
    pairs = [(choice, asset) for choice in choices(configuration) for asset in choice.assets if every or choice.first]
    once = {asset.name: (choice, asset) for choice, asset in reversed(pairs)}
    return [pair for name, pair in reversed(once.items())]


def named(
    names: Sequence[str], configurations: Sequence[Configuration], *, backends: Mapping[str, Loader] | None = None
) -> tuple[list[ModelAsset], list[str]]:
    """Return the assets with these names, each once, and the names that can be none.

    What the configurations want comes first, then what any registered backend knows by that name, in use or not: a
    backend's remedy names a model, and not the profile to ask for it. Any other hub id is taken as it is.
    """
    known = _known(installed() if backends is None else backends)
    known |= {asset.name: asset for each in configurations for _, asset in _wanted_if_valid(each)}
    found = {name: known.get(name) or _stranger(name) for name in names}
    assets = {asset.name: asset for asset in found.values() if asset is not None}
    return list(assets.values()), [name for name, asset in found.items() if asset is None]


def state_of(asset: ModelAsset, store: ModelStore) -> State:
    """Say whether a model is here, was begun, or is missing."""
    if store.manifest(asset.name) is not None:
        return "here"
    return "begun" if store.part(asset.name).is_dir() else "missing"


def terms_of(asset: ModelAsset) -> str:
    """Say what bars a model's commercial use, or that nobody knows, and what to do about it."""
    if asset.commercial is None:
        return f"{asset.name}: its licence is not known. Read the model's page, https://huggingface.co/{asset.name}."
    instead = f" For commercial use take {asset.instead}." if asset.instead else ""
    return f"{asset.name}: its licence ({asset.licence}) forbids commercial use.{instead}"


def _known(backends: Mapping[str, Loader]) -> dict[str, ModelAsset]:
    found: dict[str, ModelAsset] = {}
    for loader in backends.values():
        with suppress(ImportError):  # a plug-in that is broken; `resolve` says so where it is asked for
            found |= loader().pullable()
    return found


def _wanted_if_valid(configuration: Configuration) -> list[tuple[Choice, ModelAsset]]:
    """Return what a profile wants; nothing where its backends refuse options that are meant for another profile's."""
    try:
        return wanted(configuration, every=True)
    except PlanError:
        return []


def _stranger(name: str) -> ModelAsset | None:
    """Return the asset of a hub id that nobody knows, or None for what is no hub id."""
    valid = _HUB_ID.fullmatch(name) and ".." not in name and "--" not in name
    return ModelAsset(name, UNKNOWN_LICENCE, commercial=None) if valid else None


def _choice(
    stage: str, name: str, kinds: Mapping[str, type[Backend[Any]]], options: Mapping[str, Any], *, first: bool
) -> Choice:
    kind = kinds[name]
    read = read_options(stage, name, kinds, options)
    return Choice(
        stage,
        name,
        kind.model_revision(read),
        kind.resources_for(read),
        kind.assets(read),
        kind.licence,
        first,
        kind.available(),
    )
