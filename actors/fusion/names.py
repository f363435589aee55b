"""How the files of one document are called (DESIGN, "Names")."""

from __future__ import annotations

import re

PRIVATE_PREFIX = b".reelwatch-"
"""Everything of ours that is not a document begins so; intake and readers pass it over."""


MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Ten hours of talk with word times come to about 15 MiB; what is longer is not read as a document."""


def shot_id(index: int) -> str:
    """Return `s001` for the first shot; more than 999 shots get a fourth digit."""
    return f"s{index + 1:03d}"


def stem_of(name: str) -> str:
    """Return the last component of a document's name."""
    return name.rpartition("/")[2]


def keyframe_name(name: str, index: int) -> str:
    """Return the file name of a shot's picture."""
    return f"{stem_of(name)}_{shot_id(index)}.jpg"


def keyframe_path(name: str, index: int) -> str:
    """Return the path of a shot's picture, relative to the document's folder."""
    return f"{stem_of(name)}/frames/{keyframe_name(name, index)}"


def keyframe_pattern(stem: bytes) -> re.Pattern[bytes]:
    """Match the names our pictures of one document may have, and no other file of the user's."""
    return re.compile(re.escape(stem) + rb"_s[0-9]{3,}\.jpg")


def components(name: str) -> tuple[bytes, ...]:
    """Split a document's name into path components, in UTF-8 whatever the locale says.

    Raises `ValueError` for a name that could lead out of the output or collide with our own files.
    """
    parts = tuple(part.encode() for part in name.split("/"))
    for part in parts:
        if part in {b"", b".", b".."} or b"\x00" in part or part.startswith(PRIVATE_PREFIX):
            raise ValueError(f"{name!r} is no document name: {part!r} cannot be a component")
    return parts
