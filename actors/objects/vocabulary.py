"""The nouns a detector is asked for: a list of words, a file that ships with Reelwatch, or one of the user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

EVERYDAY = "everyday"
MOST_CHARACTERS = 60
_PACKAGE = Path(__file__).resolve().parents[1]
_FOLDERS = (_PACKAGE / "_share" / "vocabulary", _PACKAGE.parent / "config" / "vocabulary")
"""Where the files lie: within the installed package, or at the root of a source tree."""


def nouns_of(setting: Any) -> tuple[str, ...]:
    """Return the nouns that a setting means, in lower case, each once.

    setting: a list of nouns, the name of a shipped file (`everyday`), or the path of a TOML file, absolute or from `~`.
    A file holds lists of nouns, whose keys name groups. Raises `ValueError` with what is wrong and what to write.
    """
    words = _read(setting) if isinstance(setting, str) else setting
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise ValueError("a vocabulary is a list of nouns, the name of a shipped file, or the path of a file")
    found = tuple(dict.fromkeys(" ".join(word.lower().split()) for word in words))
    if not found:
        raise ValueError("a vocabulary needs a noun: to detect nothing, give the stage no backend")
    for noun in found:
        _check(noun)
    return found


def split(nouns: Sequence[str], *, tokens_of: Callable[[str], int], room: int) -> list[tuple[str, ...]]:
    """Cut a vocabulary into as few runs as fit into prompts of `room` tokens; the order stays.

    tokens_of: how many tokens a noun takes with what parts it from the next one. Raises `ValueError` for a noun that
    does not fit alone.
    """
    runs: list[tuple[str, ...]] = []
    run: list[str] = []
    used = 0
    for noun in nouns:
        length = tokens_of(noun)
        if length > room:
            raise ValueError(f"the noun {noun!r} takes {length} tokens; the model reads {room} at once")
        if used + length > room:
            runs.append(tuple(run))
            run, used = [], 0
        run.append(noun)
        used += length
    return [*runs, tuple(run)] if run else runs


def _read(setting: str) -> Iterable[str]:
    path = _path(setting)
    try:
        groups = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ValueError(f"the vocabulary {path} cannot be read: {exc}") from exc
    if not all(isinstance(group, list) for group in groups.values()):
        raise ValueError(f"{path}: every key must hold a list of nouns, as people = ['person', 'face']")
    return [word for group in groups.values() for word in group]


def _path(setting: str) -> Path:
    if "/" in setting:
        path = Path(setting).expanduser()
        if not path.is_absolute():
            # Relative to what, the daemon's directory or the file it stands in? Nobody could tell.
            raise ValueError(f"write the vocabulary's path in full: {setting!r} is relative")
        return path
    for folder in _FOLDERS:
        if (folder / f"{setting}.toml").is_file():
            return folder / f"{setting}.toml"
    shipped = sorted(path.stem for folder in _FOLDERS if folder.is_dir() for path in folder.glob("*.toml"))
    raise ValueError(f"no vocabulary named {setting!r} is shipped; there is {', '.join(shipped) or 'none'}")


def _check(noun: str) -> None:
    if not noun or len(noun) > MOST_CHARACTERS or set(noun) & set(".,?") or not noun.isprintable():
        # Dots part the nouns of GroundingDINO's prompt, commas those of OmDet's.
        raise ValueError(f"{noun!r} is no noun: up to {MOST_CHARACTERS} letters, without dots, commas, question marks")
