"""Merges the layers into one checked configuration that knows where each value comes from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from service.assets import asset
from service.configuration import layers as sources
from service.configuration.checks import refuse_contradictions
from service.configuration.layers import Key, Layer, Setting, dotted
from service.configuration.locations import configuration_file, models_directory, state_directory
from service.configuration.profiles import choose
from service.configuration.refusals import refuse_invalid, refuse_unknown, toml
from service.configuration.schema import Configuration
from service.errors import ConfigError

_PROFILE: Key = ("profile",)
_MODELS: Key = ("models", "dir")
_PATHS: tuple[Key, ...] = (
    ("intake", "inboxes"),
    ("output", "dir"),
    ("state", "dir"),
    _MODELS,
    ("done", "move_to"),
    ("webhook", "secret_file"),
)
_PROFILES = ("embedded", "cpu", "gpu")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, the origin of each of its values by dotted key, and the settings file that was read."""

    configuration: Configuration
    origins: Mapping[str, str]
    file: Path | None


def load(
    flags: Mapping[str, Any], *, config_path: Path | None = None, environ: Mapping[str, str] | None = None
) -> Loaded:
    """Return the configuration of this run; raises `ConfigError` with place, value and remedy.

    Order, later wins: `config/default.toml`, the profile, the settings file, `REELWATCH_SECTION__KEY`, `flags`
    (dotted keys; None counts as not given). Lists replace. `environ` defaults to the process's.
    """
    environ = os.environ if environ is None else environ
    here = Path.cwd()
    defaults = sources.file_layer(asset("config/default.toml"), base=here, origin="default")
    state, state_origin = state_directory(environ)
    models, models_origin = models_directory(environ)
    file = configuration_file(config_path, environ)
    given = [
        *([sources.file_layer(file)] if file else []),
        *sources.environment_layers(environ, base=here),
        *sources.flag_layers(flags, base=here),
    ]
    refuse_unknown(given)
    places = [
        Layer(state_origin, {("state", "dir"): str(state)}, here),
        Layer(models_origin, {("models", "dir"): str(models)}, here),
    ]
    asked = sources.merge([defaults, *places, *given])
    name, why = _profile(asked[_PROFILE], models_dir=Path(_rooted(_MODELS, asked[_MODELS])))
    profile = sources.file_layer(asset(f"config/profiles/{name}.toml"), origin=f"profile {name}")
    chosen = Layer(why, {_PROFILE: name}, here)
    base = [defaults, *places, profile]
    merged = sources.merge([*base, *given, chosen])
    return _validated(merged, defaults=defaults.values, file=file)


def _profile(wanted: Setting, *, models_dir: Path) -> tuple[str, str]:
    """Return the profile's name and where the choice comes from."""
    if wanted.value == "auto":
        return choose(models_dir)
    if wanted.value not in _PROFILES:
        raise ConfigError(
            f"{wanted.layer.origin}: profile = {toml(wanted.value)}: there is no such profile. "
            f"Expected one of auto, {', '.join(_PROFILES)}."
        )
    return wanted.value, wanted.layer.origin


def _validated(merged: Mapping[Key, Setting], *, defaults: Mapping[Key, Any], file: Path | None) -> Loaded:
    values = {key: _rooted(key, setting) for key, setting in merged.items()}
    try:
        configuration = Configuration.model_validate(sources.unflatten(values))
    except ValidationError as exc:
        raise refuse_invalid(exc, merged, defaults) from exc
    origins = {dotted(key): setting.layer.origin for key, setting in merged.items()}
    refuse_contradictions(configuration, origins)
    return Loaded(configuration, origins, file)


def _rooted(key: Key, setting: Setting) -> Any:
    """Make paths absolute, from the folder of the file they stand in; leave what is no path to the schema."""
    if key not in _PATHS:
        return setting.value
    if isinstance(setting.value, (list, tuple)):
        return [_absolute(item, setting.layer.base) for item in setting.value]
    return _absolute(setting.value, setting.layer.base)


def _absolute(value: Any, base: Path) -> Any:
    if not isinstance(value, (str, Path)) or not str(value):
        return value
    return Path(os.path.abspath(base / Path(value).expanduser()))  # noqa: PTH100 - resolve() would follow links
