"""Files that were installed on a host: each says so itself, with its digest, so that no list of them can get lost."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.errors import ConfigError

_MARK = "# Installed by `reelwatch service install`; it removes or replaces this file only unchanged: sha256 "


class Condition(StrEnum):
    """How a file on the host compares with what would be installed."""

    ABSENT = "not installed"
    SAME = "installed"
    OLDER = "installed by another version or with other settings"
    CHANGED = "changed by hand"


@dataclass(frozen=True, slots=True)
class HostFile:
    """A file to be installed: its place on the host, and its text without the mark."""

    path: Path
    text: str

    @property
    def marked(self) -> str:
        """The text as it is written."""
        return f"{_MARK}{_digest(self.text)}\n{self.text}"


def at(root: Path, path: Path) -> Path:
    """Return where a host's path lies below a root that stands for it."""
    return root / path.relative_to("/")


def condition(file: HostFile, *, root: Path) -> Condition:
    """Compare a file with the host's; raises `ConfigError` when that cannot be read."""
    found = _read(at(root, file.path))
    if found is None:
        return Condition.ABSENT
    if found == file.marked:
        return Condition.SAME
    return Condition.OLDER if _is_unchanged(found) else Condition.CHANGED


def difference(file: HostFile, *, root: Path) -> Sequence[str]:
    """Return what installing would change in the host's file, as lines of a diff."""
    found = _read(at(root, file.path)) or ""
    name = os.fspath(file.path)
    return list(difflib.unified_diff(found.splitlines(), file.marked.splitlines(), name, f"{name} (new)", lineterm=""))


def write(file: HostFile, *, root: Path) -> None:
    """Put a file in place, whole, readable for all; raises `ConfigError` when that may not be done."""
    target = at(root, file.path)
    draft = target.with_name(f".{target.name}.reelwatch-new")
    try:
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as written:
            written.write(file.marked)
            written.flush()
            os.fsync(written.fileno())
        draft.chmod(0o644)
        draft.replace(target)
    except OSError as exc:
        raise ConfigError(f"{target}: cannot be written: {exc.strerror}. Run it as root: sudo reelwatch …") from exc


def remove(path: Path, *, root: Path) -> Condition:
    """Remove a file that was installed and is unchanged, and its folder where that was a drop-ins'; say what it was."""
    target = at(root, path)
    found = _read(target)
    if found is None:
        return Condition.ABSENT
    if not _is_unchanged(found):
        return Condition.CHANGED
    try:
        target.unlink()
        if (
            target.parent.suffix == ".d"
            and target.parent.name.startswith("reelwatch")
            and not any(target.parent.iterdir())
        ):
            target.parent.rmdir()
    except OSError as exc:
        raise ConfigError(f"{target}: cannot be removed: {exc.strerror}. Run it as root: sudo reelwatch …") from exc
    return Condition.SAME


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror}. Run it as root: sudo reelwatch …") from exc


def _is_unchanged(found: str) -> bool:
    head, _, text = found.partition("\n")
    return head == _MARK + _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
