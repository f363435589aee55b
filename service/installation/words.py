"""Paths as words of unit files and of tmpfiles.d: systemd.syntax(7) splits at spaces and expands `%` and `$`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from service.errors import ConfigError

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,@=~")


def word(path: Path | str) -> str:
    """Spell a path as one word of a setting; raises `ConfigError` for one that a unit file cannot hold."""
    text = os.fspath(path)
    _require_spellable(text)
    escaped = text.replace("%", "%%")
    if set(text) <= _PLAIN:
        return escaped
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'


def argument(text: str) -> str:
    """Spell one word of a command line (`ExecStart=`), where `$` begins a variable."""
    return word(text).replace("$", "$$")


def words(paths: Iterable[Path | str], *, optional: bool = False) -> str:
    """Spell paths as one setting's value; optional: one that is missing is passed over instead of failing the start."""
    return " ".join(word(f"-{path}" if optional else path) for path in paths)


def bound(path: Path) -> str:
    """Spell a path to be bound to the same place in the service's view; raises `ConfigError` where that cannot be."""
    if ":" in os.fspath(path):
        raise ConfigError(f"{path}: a folder with a colon in its name cannot be let into /home. Rename it.")
    return word(f"-{path}")


def _require_spellable(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise ConfigError(f"{text!r}: a unit file is UTF-8 and cannot name this folder. Rename it.") from exc
    if any(ord(character) < ord(" ") for character in text):
        raise ConfigError(f"{text!r}: a unit file cannot name a folder with a control character. Rename it.")
