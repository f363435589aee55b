"""The names of documents, as pure functions: safe, readable, unique without regard to case (DESIGN 2, Names)."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from itertools import count

STEM_BYTES = 180
"""Longest component. `<180>_s00001.jpg` and a temporary file's affixes still fit into the 255 bytes of a name."""
DIGEST_PREFIXES = (8, 16, 32, 64)
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_UNSAFE = frozenset("/\\'\"`") | frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)))
"""Quotes and separators, and the marks that turn the direction of writing: they let a name pose as another."""


def document_names(path: bytes, sha256: str) -> Iterator[str]:
    """Yield, without end, the names a document may have, the first choice first: `<directory>/<stem>`, no `.json`.

    path: the video's path relative to its inbox, in the file system's own bytes.
    """
    *directories, filename = path.split(b"/")
    parents = [_directory(part, place) for place, part in enumerate(p for p in directories if p not in {b"", b"."})]
    stem, _ = os.path.splitext(filename)  # noqa: PTH122 - pathlib holds no bytes
    for suffix in _suffixes(sha256):
        leaf = _apart(safe_component(stem, limit=STEM_BYTES - len(suffix)) + suffix, place=len(parents))
        yield "/".join((*parents, leaf))


def _suffixes(sha256: str) -> Iterator[str]:
    yield ""
    yield from (f"-{sha256[:length]}" for length in DIGEST_PREFIXES)
    # One content can outgrow its digests where names of files that have left stay taken.
    yield from (f"-{sha256[:8]}-{number}" for number in count(2))


def safe_component(raw: bytes, *, limit: int = STEM_BYTES) -> str:
    """Return one component of a path as valid, printable UTF-8 of at most `limit` bytes; never empty, `.` or `..`.

    NFC. `_` stands for: control characters, bytes that are not UTF-8, separators, quotes, backslashes, marks of
    writing direction, dots and spaces at either end, a leading dash (which would read as an option).
    """
    text = unicodedata.normalize("NFC", raw.decode("utf-8", "surrogateescape"))
    text = "".join("_" if _unsafe(character) else character for character in text)
    if text.startswith("-"):
        text = f"_{text[1:]}"
    return _closed(_cut(_closed(text), limit)) or "_"


def folded(name: str) -> str:
    """Return what two names have in common when a case-insensitive file system takes them for one.

    Canonical caseless matching (Unicode 15, D145), which covers APFS, NTFS and ext4's casefold.
    """
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _unsafe(character: str) -> bool:
    return character in _UNSAFE or unicodedata.category(character) in _UNSAFE_CATEGORIES


def _closed(text: str) -> str:
    """Replace dots and spaces at either end, of which the first hides a file and the last is lost on Windows."""
    kept = text.strip(". ")
    if not kept:
        return "_" * len(text)
    start = text.index(kept)
    return "_" * start + kept + "_" * (len(text) - start - len(kept))


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode("utf-8", "ignore")


def _directory(raw: bytes, place: int) -> str:
    """Return a safe directory that no document can be: `a.mp4` makes the file `a.json`."""
    name = _apart(safe_component(raw), place=place)
    return f"{name[:-5]}_json" if folded(name).endswith(".json") else name


def _apart(name: str, *, place: int) -> str:
    """Keep `a/frames.mp4` and `a/frames/b.mp4` out of the frames folder of `a.mp4`, which is replaced as a whole."""
    return f"{name}_" if place > 0 and folded(name) == "frames" else name
