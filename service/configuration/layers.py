"""Where settings come from, as layers of flat keys; each value knows its origin."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from service.errors import ConfigError

Key = tuple[str, ...]

ENVIRONMENT_PREFIX = "REELWATCH_"
_TOP_LEVEL: dict[str, Key] = {"REELWATCH_PROFILE": ("profile",)}
_CREDENTIALS = re.compile(r"://\S*@")
_PASSWORD = re.compile(r"(?i)(password=)[^&\s\"']+")
_NOT_SETTINGS = frozenset({"REELWATCH_CONFIG"})


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings of one origin. `base` is the folder that relative paths in it start from."""

    origin: str
    values: Mapping[Key, Any]
    base: Path


@dataclass(frozen=True, slots=True)
class Setting:
    """A merged value and the layer it won in."""

    value: Any
    layer: Layer


def dotted(key: Key) -> str:
    """Spell a key the way people write it: `intake.sweep_s`."""
    return ".".join(key)


def flatten(tree: Mapping[str, Any], *, prefix: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yield the leaves of nested tables; an empty table has none. Lists are leaves, because lists replace."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flatten(value, prefix=(*prefix, name))
        else:
            yield (*prefix, name), value


def unflatten(values: Mapping[Key, Any]) -> dict[str, Any]:
    """Build nested tables from flat keys; the inverse of `flatten` but for empty tables."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        node = tree
        for name in key[:-1]:
            node = node.setdefault(name, {})
        node[key[-1]] = value
    return tree


def merge(layers: list[Layer]) -> dict[Key, Setting]:
    """Return the winning value per key; later layers win."""
    return {key: Setting(value, layer) for layer in layers for key, value in layer.values.items()}


def file_layer(path: Path, *, base: Path | None = None, origin: str | None = None) -> Layer:
    """Read a TOML file; raises `ConfigError` when it cannot be read or is no TOML."""
    try:
        tree = tomli.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(
            f"{path}: cannot be read: {exc.strerror}. Mend the file or name another with --config."
        ) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: is not UTF-8 (byte {exc.start}). Save it as UTF-8.") from exc
    except tomli.TOMLDecodeError as exc:
        raise ConfigError(f"{path}: is not valid TOML: {exc}. Texts need quotes, lists need brackets.") from exc
    return Layer(origin or str(path), dict(flatten(tree)), base or path.absolute().parent)


def environment_layers(environ: Mapping[str, str], *, base: Path) -> list[Layer]:
    """Read `REELWATCH_SECTION__KEY` variables, each a layer; raises `ConfigError` for a near miss of a known name.

    Variables of that prefix without `__` are not settings, but for REELWATCH_PROFILE.
    """
    layers: list[Layer] = []
    for name, text in sorted(environ.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in _NOT_SETTINGS:
            continue
        key: Key | None = _TOP_LEVEL.get(name)
        if key is None and "__" in name:
            key = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
        if key is None:
            _refuse_near_miss(name)
            continue
        layers.append(Layer(f"${name}", {key: environment_value(name, text)}, base))
    return layers


def _refuse_near_miss(name: str) -> None:
    near = difflib.get_close_matches(name, [*_TOP_LEVEL, *_NOT_SETTINGS], n=1, cutoff=0.85)
    if near:
        raise ConfigError(f"${name}: there is no such setting. Did you mean {near[0]}?")


def environment_value(name: str, text: str) -> Any:
    """Read a variable's text as a TOML value.

    A text that is no TOML value stands for itself, as a string, unless it begins like a quoted string, a list or a
    table: then something was meant that went wrong, and `ConfigError` says so.
    """
    try:
        tree = tomli.loads(f"value = {text}")
    except tomli.TOMLDecodeError as exc:
        if text.lstrip()[:1] in {'"', "'", "[", "{"}:
            raise ConfigError(
                f"${name} = {without_secrets(repr(text))}: is not a valid TOML value: {exc}. Write it as in a file, in "
                f'single quotes for the shell: {name}=\'["a", "b"]\'.'
            ) from exc
        return text
    return tree["value"] if set(tree) == {"value"} else text


def without_secrets(text: str) -> str:
    """Return a text as it may be shown: who a URL in it says somebody is, name and password, is left out."""
    return _PASSWORD.sub(r"\1...", _CREDENTIALS.sub("://...@", text))


FLAGS = {"intake.inboxes": "--inbox", "output.dir": "--output", "state.dir": "--state", "profile": "--profile"}
"""The command line's name of each setting that has one."""


def flag_layers(flags: Mapping[str, Any], *, base: Path) -> list[Layer]:
    """Take the command line's settings, by dotted key; None means the flag was not given."""
    return [
        Layer(FLAGS.get(name, "command line"), {tuple(name.split(".")): value}, base)
        for name, value in flags.items()
        if value is not None
    ]
