"""Turns an event into a line: JSON for machines, the same with a priority for journald, columns for people."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from service.logs.names import readable

Renderer = Callable[[Mapping[str, Any]], str]
"""Takes time, level, event and the fields, already plain values; returns one line without its end."""

MAX_TEXT = 4_000
"""Longest text of one field in characters: a journal line of more than 48 KiB is split (systemd LineMax=)."""

_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}


def plain(value: Any) -> Any:
    """Return a value that JSON can carry, without ever raising. Names of files are given as bytes or paths."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return _short(_spelt(value))


def _spelt(value: Any) -> str:
    if isinstance(value, (bytes, os.PathLike)):
        return readable(value)
    try:
        return _text(str(value))
    except Exception:  # noqa: BLE001 - a value that cannot be spelt must not take the service down
        return object.__repr__(value)


def _text(value: str) -> str:
    # A sentence is not a name: its backslashes stay. What would break a line or a terminal does not.
    return value if value.isprintable() else readable(value).replace("\\\\", "\\")


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text)} characters)"


def as_json(entry: Mapping[str, Any]) -> str:
    """Render one JSON object, keys in the order given."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def as_journal(entry: Mapping[str, Any]) -> str:
    """Render JSON behind a syslog priority, which journald takes off again (sd-daemon(3))."""
    return f"<{_PRIORITIES[entry['level']]}>{as_json(entry)}"


def as_console(*, colour: bool) -> Renderer:
    """Return a renderer for people: local time, level, event, then `field=value`."""

    def render(entry: Mapping[str, Any]) -> str:
        fields = {name: value for name, value in entry.items() if name not in {"time", "level", "event"}}
        clock = datetime.fromisoformat(entry["time"]).astimezone().strftime("%H:%M:%S")
        level = f"{entry['level']:8}"
        if colour:
            level = f"\x1b[{_COLOURS[entry['level']]}m{level}\x1b[0m"
        values = " ".join(f"{name}={_quoted(value)}" for name, value in fields.items() if value is not None)
        return f"{clock} {level} {entry['event']:16} {values}".rstrip()

    return render


def _quoted(value: Any) -> str:
    if isinstance(value, str) and value and not set(value) & set(" \"'="):
        return value
    return json.dumps(value, ensure_ascii=False)


def timestamp(wall_s: float) -> str:
    """Return a wall-clock time as RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def choose(name: str, stream: TextIO, environ: Mapping[str, str]) -> Renderer:
    """Return the renderer of `log.format`; `auto` asks what the stream is."""
    if name == "auto":
        name = "console" if stream.isatty() else "journal" if is_journal(stream, environ) else "json"
    if name == "console":
        return as_console(colour=stream.isatty() and "NO_COLOR" not in environ)
    return as_journal if name == "journal" else as_json


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Say whether the stream goes to journald.

    `$JOURNAL_STREAM` alone is no proof, for children inherit it with another stream: systemd.exec(5) says to
    compare it with the stream's device and inode.
    """
    try:
        stat = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"


def source_of(path: str) -> str:
    """Return a source file's path from its package on, so that a line does not tell where things are installed."""
    parts = Path(path).parts
    for package in ("service", "actors"):
        if package in parts:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(package) :])
    return Path(path).name
