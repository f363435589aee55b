"""Says what is wrong with a setting: where it stands, which value it has and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from service.configuration.layers import Key, Layer, Setting, dotted, without_secrets
from service.configuration.schema import Configuration
from service.errors import ConfigError

_OPTIONS_DEPTH = 3  # stages.<stage>.options: below that the keys belong to the backend


def known_keys(model: type[BaseModel] = Configuration, prefix: Key = ()) -> tuple[Key, ...]:
    """Return every key that has a value, in the order of the schema; an options table counts as one key."""
    keys: list[Key] = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            keys.extend(known_keys(inner, (*prefix, name)))
        else:
            keys.append((*prefix, name))
    return tuple(keys)


KNOWN = known_keys()


def setting_of(path: tuple[str | int, ...]) -> Key:
    """Return the known key a longer path (a list's item, an option) belongs to; the path itself when there is none."""
    key = tuple(str(part) for part in path)
    return next((key[:end] for end in range(len(key), 0, -1) if key[:end] in KNOWN), key)


def refuse_unknown(layers: Iterable[Layer]) -> None:
    """Raise `ConfigError` naming every key that is no setting, with the nearest that is."""
    problems = [
        _unknown(layer, key, value)
        for layer in layers
        for key, value in layer.values.items()
        if setting_of(key) not in KNOWN or (len(key) > len(setting_of(key)) and not _is_option(key))
    ]
    if problems:
        raise ConfigError("\n".join(problems))


def _is_option(key: Key) -> bool:
    return len(key) > _OPTIONS_DEPTH and key[0] == "stages" and key[2] == "options"


def _unknown(layer: Layer, key: Key, value: Any) -> str:
    place = f"{layer.origin}: {dotted(key)} = {without_secrets(repr(value))}"
    below = [known for known in KNOWN if known[: len(key)] == key]
    if below:
        return f"{place}: [{dotted(key)}] is a section, not a value. Its keys are {_names(below, len(key))}."
    section = [known for known in KNOWN if known[: len(key) - 1] == key[:-1]]
    near = difflib.get_close_matches(dotted(key), [dotted(known) for known in KNOWN], n=1, cutoff=0.75)
    if near:
        return f"{place}: there is no such setting. Did you mean {near[0]}?"
    if len(key) > 1 and section:
        return f"{place}: there is no such setting. [{dotted(key[:-1])}] has {_names(section, len(key) - 1)}."
    return f"{place}: there is no such section. The sections are {_names(KNOWN, 0)}."


def _names(keys: Iterable[Key], depth: int) -> str:
    return ", ".join(dict.fromkeys(key[depth] for key in keys))


def refuse_invalid(error: ValidationError, merged: Mapping[Key, Setting], defaults: Mapping[Key, Any]) -> ConfigError:
    """Turn pydantic's findings into one `ConfigError` that lists each with its place, value and remedy."""
    lines: dict[Key, str] = {}
    for finding in error.errors():
        key = setting_of(finding["loc"])
        setting = merged.get(key)
        origin = setting.layer.origin if setting else "configuration"
        value = setting.value if setting else finding.get("input")
        default = f" The default is {toml(defaults[key])}." if key in defaults else ""
        lines.setdefault(
            key, f"{origin}: {dotted(key)} = {without_secrets(toml(value))}: {_problem(dict(finding), key)}{default}"
        )
    return ConfigError("\n".join(lines.values()))


_EXPECTED = {
    "int_type": "expected a whole number without quotes",
    "float_type": "expected a number without quotes",
    "string_type": "expected a text in quotes",
    "tuple_type": 'expected a list, like ["a", "b"]',
    "dict_type": "expected a table",
    "too_short": "expected at least one item",
    "finite_number": "expected a finite number",
}

_PATTERNS = {
    "extensions": 'expected endings with a dot in lower case, like ".mp4"',
    "phone_regions": 'expected countries by their two letters, like "NO"',
    "backends": 'expected names like "asr.pocketsphinx"',
}


def _problem(finding: dict[str, Any], key: Key) -> str:
    kind, context = finding["type"], finding.get("ctx", {})
    limits = {"greater_than": "above", "greater_than_equal": "at least", "less_than_equal": "at most"}
    if kind == "literal_error":
        return _misspelt(str(finding["input"]), str(context["expected"]))
    if kind == "string_pattern_mismatch":
        text = _PATTERNS.get(key[-1], finding["msg"])
    elif kind == "value_error":
        text = context["error"]
    elif kind in limits:
        text = f"must be {limits[kind]} {next(iter(context.values()))}"
    else:
        text = _EXPECTED.get(kind, finding["msg"])
    return f"{text}."


def _misspelt(value: str, expected: str) -> str:
    near = difflib.get_close_matches(value, re.findall(r"'([^']+)'", expected), n=1)
    return f"expected {expected}." + (f" Did you mean '{near[0]}'?" if near else "")


def toml(value: Any) -> str:
    """Spell a value as TOML, for people to read and to copy."""
    if value is None:
        return '""'  # a path that is not set
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name} = {toml(item)}' for name, item in value.items())}}}"
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_toml_character(character) for character in text) + '"'


def _toml_character(character: str) -> str:
    if character.isprintable():
        return character
    point = ord(character)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004 - the plane \u reaches
