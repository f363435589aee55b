"""Which models the stages of a profile want, and in what state they are here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from actors.backend import Backend, Resources
from actors.models.asset import ModelAsset
from actors.models.store import ModelStore
from actors.registry import Loader, installed, read_options
from service.assembly import options_of
from service.configuration import STAGES, Configuration

State = Literal["here", "begun", "missing"]


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


def named(names: Sequence[str], pairs: Sequence[tuple[Choice, ModelAsset]]) -> tuple[list[ModelAsset], list[str]]:
    """Return the assets with these names, and the names that are none of them."""
    by_name = {asset.name: asset for _, asset in pairs}
    return [by_name[name] for name in names if name in by_name], [name for name in names if name not in by_name]


def state_of(asset: ModelAsset, store: ModelStore) -> State:
    """Say whether a model is here, was begun, or is missing."""
    if store.manifest(asset.name) is not None:
        return "here"
    return "begun" if store.part(asset.name).is_dir() else "missing"


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
