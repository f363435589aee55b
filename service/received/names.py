"""The names under which videos are received: cleaned of whatever a stranger wrote into them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from itertools import count

from service.intake.names import is_temporary, sidecar_names, stem
from service.ledger.names import folded, safe_component

STEM_BYTES = 150
"""Longest stem: with a number, `.info.json` and a temporary file's affixes it fits into the 255 bytes of a name."""
_UNNAMED = "video"


def clean_name(given: str, extensions: Collection[str]) -> str | None:
    """Return the name a video is to have, None when its extension is none of `extensions` (with dots, lower case).

    No path and no hidden or temporary name, which intake would pass over; valid UTF-8, NFC.
    """
    last = given.replace("\\", "/").rpartition("/")[2]
    rest, extension = os.path.splitext(last)  # noqa: PTH122 - a stranger's words, no path of ours
    if extension.lower() not in extensions:
        return None
    raw = rest.encode("utf-8", "surrogatepass").lstrip(b" .~")
    safe = safe_component(raw, limit=STEM_BYTES) if raw else _UNNAMED
    if folded(safe).endswith(".info"):  # `a.info.json` describes `a.mp4`, and would be read as describing `a.info.mp4`
        safe = f"{safe[:-5]}_info"
    name = safe + extension.lower()
    return _UNNAMED + extension.lower() if is_temporary(os.fsencode(name)) else name


def free_name(wanted: str, taken: Collection[str]) -> str:
    """Return the name, with a number where one like it is taken: no other video shares its stem, nor its sidecars.

    taken: what lies in the folder. Names that differ in case only are the same.
    """
    stems = {folded(_bare(name)) for name in taken}
    rest, extension = os.path.splitext(wanted)  # noqa: PTH122 - as above
    return next(name + extension for name in _numbered(rest) if folded(name) not in stems)


def sidecar_name(video: str) -> str:
    """Return the name of the description that lies beside a downloaded video."""
    return os.fsdecode(sidecar_names(os.fsencode(video))[0])


def _numbered(rest: str) -> Iterator[str]:
    yield rest
    yield from (f"{rest}-{number}" for number in count(2))


def _bare(name: str) -> str:
    """Return what a sidecar's name has in common with its video's."""
    return name.removesuffix(".info.json") if name.endswith(".info.json") else os.fsdecode(stem(os.fsencode(name)))
