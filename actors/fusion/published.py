"""What lies in the output: one document by its name, all of them, and what an interrupted run left behind."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from actors.backend import StageStatus
from actors.document import Document, parse
from actors.fusion import directories, frames
from actors.fusion.frames import ASIDE, FRAMES, MARK, STAGED, Place
from actors.fusion.names import MAX_DOCUMENT_BYTES, PRIVATE_PREFIX, components

_SUFFIX = b".json"


@dataclass(frozen=True, slots=True)
class Published:
    """A whole, valid document on disk; `name` is its path below the output root without `.json`."""

    name: str
    document: Document

    @property
    def run_id(self) -> str:
        """The run that wrote it."""
        return self.document.processing.run_id

    @property
    def sha256(self) -> str:
        """Digest of the video it describes."""
        return self.document.source.sha256

    @property
    def status(self) -> Literal["complete", "partial"]:
        """Whether a stage is missing."""
        return self.document.status

    @property
    def stages(self) -> Mapping[str, StageStatus]:
        """How each stage ended."""
        return {name: record.status for name, record in self.document.processing.stages.items()}


def published(output_root: bytes, name: str) -> Published | None:
    """Return the document of this name; None when there is none or what lies there is no valid document.

    A document's pictures are on disk before it is, so one that is found was published whole. Raises `ValueError` for a
    name that is none, and `OSError` when the disk refuses to answer: unknown is not absent.
    """
    parts = components(name)
    try:
        with directories.descended(output_root, parts[:-1]) as parent:
            return _read(parts[-1] + _SUFFIX, parent, name)
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_foreign(output_root: bytes, name: str) -> bool:
    """Whether something lies where the document of this name would go that is none of ours, and so is not touched.

    Raises what `published` raises.
    """
    parts = components(name)
    try:
        with directories.descended(output_root, parts[:-1]) as parent:
            there = directories.exists(parts[-1] + _SUFFIX, dir_fd=parent)
            return there and _read(parts[-1] + _SUFFIX, parent, name) is None
    except (FileNotFoundError, NotADirectoryError):
        return False


def documents(output_root: bytes) -> Iterator[Published]:
    """Return every valid document below the output, directory by directory, in order of name.

    Other files, broken documents, names that are not UTF-8 and links are passed over; so is what cannot be read.
    """
    for path, names, fd in _directories(output_root):
        for file in names:
            if file.endswith(_SUFFIX) and not file.startswith(PRIVATE_PREFIX):
                with suppress(OSError, UnicodeDecodeError):
                    name = b"/".join((*path, file.removesuffix(_SUFFIX))).decode()
                    found = _read(file, fd, name)
                    if found is not None:
                        yield found


def document_names(output_root: bytes) -> Iterator[str]:
    """Return the names under which documents may lie below the output, in order; what lies there is not looked at.

    Raises `OSError` when the root cannot be read.
    """
    for path, names, _ in _directories(output_root):
        for file in names:
            if file.endswith(_SUFFIX) and not file.startswith(PRIVATE_PREFIX):
                with suppress(UnicodeDecodeError):
                    yield b"/".join((*path, file.removesuffix(_SUFFIX))).decode()


def file_mark(output_root: bytes, name: str) -> str | None:
    """Return size and time of a document's file, which tell one file of that name from the next; None when none is.

    Raises what `published` raises.
    """
    parts = components(name)
    try:
        with directories.descended(output_root, parts[:-1]) as parent:
            found = os.stat(parts[-1] + _SUFFIX, dir_fd=parent, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return f"{found.st_size}:{found.st_mtime_ns}"


def sweep(output_root: bytes) -> int:
    """Bring everything an interrupted run left behind to rest; return how many documents' places were mended.

    For the start, before the first fusion; no other process may write to the output meanwhile. Raises `OSError` when
    the root cannot be read.
    """
    places = {place for path, names, _ in _directories(output_root) for place in _unsettled(path, names)}
    return sum(_settle(output_root, path, stem) for path, stem in sorted(places))


def settle(output_root: bytes, names: Iterable[str]) -> int:
    """Do what `sweep` does at the places of these documents alone; return how many were mended."""
    return sum(_settle(output_root, path, stem) for *path, stem in map(components, names))


def _read(file: bytes, dir_fd: int, name: str) -> Published | None:
    content = directories.read_regular(file, dir_fd=dir_fd, limit=MAX_DOCUMENT_BYTES)
    try:
        return None if content is None else Published(name, parse(content))
    except ValueError:
        return None


def _directories(output_root: bytes) -> Iterator[tuple[tuple[bytes, ...], list[bytes], int]]:
    """Walk without following links: each directory's path below the root, the names in it, and its descriptor."""
    with directories.opened(output_root) as root:
        for top, folders, files, fd in os.fwalk(b".", dir_fd=root, follow_symlinks=False):
            folders.sort()
            yield tuple(top.split(b"/")[1:]), sorted([*folders, *files]), fd


def _unsettled(path: tuple[bytes, ...], names: list[bytes]) -> Iterator[tuple[tuple[bytes, ...], bytes]]:
    """Return the places, as directory and stem, that a directory's names show to be unsettled."""
    for name in names:
        if path and name in {STAGED, ASIDE}:
            yield path[:-1], path[-1]
        elif len(path) > 1 and path[-1] == FRAMES and name == MARK:
            yield path[:-2], path[-2]
        elif name.startswith(PRIVATE_PREFIX) and name.endswith(_SUFFIX):
            yield path, name.removeprefix(PRIVATE_PREFIX).removesuffix(_SUFFIX)


def _settle(output_root: bytes, path: Sequence[bytes], stem: bytes) -> bool:
    try:
        with directories.descended(output_root, path) as parent:
            return frames.settle(Place(parent, stem))
    except (FileNotFoundError, NotADirectoryError):
        return False  # a run that had not come to its document yet, or one whose folder the user has moved away
