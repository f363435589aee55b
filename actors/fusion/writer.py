"""The one way into the output: pictures first, then the document, each in one step, and back again on failure."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress

from actors.document import Document, parse, render
from actors.errors import Transient
from actors.fusion import directories
from actors.fusion.faults import translated
from actors.fusion.frames import FRAMES, Place, directory_mode, replace_frames, settle
from actors.fusion.names import components, keyframe_name
from actors.fusion.request import FusionRequest

KEYFRAMES_MISSING = "keyframes_missing"
"""The run brought no keyframes and those on disk are not this document's: the video must be decoded once more."""

_MAX_PICTURE_BYTES = 256 * 1024 * 1024


def publish(document: Document, request: FusionRequest, keyframes: Sequence[bytes] | None) -> None:
    """Write a document and its pictures so that a reader, a crash or a full disk never meets half of either.

    keyframes: JPEG bytes, one per shot, or None to keep the pictures that are there. On return both are on the disk.

    Raises `EnvironmentFault` (`disk_full`, `quota_exceeded`, `read_only`, `io_error`, `not_writable`, `output_gone`),
    `Transient` (`keyframes_missing`; `name_taken`, a stranger's file has the document's name; `output_blocked`),
    `BadInput` (`name_too_long`). Then what was there before is there still, and nothing else.
    """
    content = render(document)
    parts = components(request.name)
    pictures = None if keyframes is None else _pictures(document, request.name, keyframes)
    with (
        translated(request.output_root, request.name),
        directories.descended(request.output_root, parts[:-1], create_mode=directory_mode(request.file_mode)) as parent,
    ):
        place = Place(parent, parts[-1])
        settle(place)
        previous = _previous(place, request)
        if pictures is None and not _pictures_fit(place, document, previous):
            raise Transient(KEYFRAMES_MISSING, f"{request.name}: the keyframes on disk are not this document's")
        try:
            _write(place, content, pictures, mode=request.file_mode)
        except OSError:
            _settle_if_possible(place)
            raise
        _settle_if_possible(place)


def _write(place: Place, content: bytes, pictures: Mapping[bytes, bytes] | None, *, mode: int) -> None:
    """Write first what may meet a full disk; what changes names comes last."""
    directories.write_new(place.draft, content, dir_fd=place.parent, mode=mode)
    if pictures or (pictures is not None and _has_frames(place)):
        replace_frames(place, pictures, digest=hashlib.sha256(content).hexdigest(), mode=mode)
    os.rename(place.draft, place.document, src_dir_fd=place.parent, dst_dir_fd=place.parent)
    directories.sync(place.parent)


def _settle_if_possible(place: Place) -> None:
    # The document itself is decided by now; leftovers of a disk that refuses even this go when it is replaced.
    with suppress(OSError):
        settle(place)


def _pictures(document: Document, name: str, keyframes: Sequence[bytes]) -> dict[bytes, bytes]:
    if len(keyframes) != len(document.shots):
        raise ValueError(f"{len(keyframes)} keyframes for {len(document.shots)} shots")
    return {keyframe_name(name, index).encode(): jpeg for index, jpeg in enumerate(keyframes)}


def _previous(place: Place, request: FusionRequest) -> Document | None:
    """Return the document this one replaces; a stranger's file of that name is not touched."""
    content = place.content()
    if content is None and not directories.exists(place.document, dir_fd=place.parent):
        return None
    try:
        return parse(content or b"")
    except ValueError as exc:
        path = os.fsdecode(request.output_root + b"/" + request.name.encode() + b".json")
        raise Transient("name_taken", f"{path} is there and is no document of ours; move it away, then retry") from exc


def _has_frames(place: Place) -> bool:
    if not directories.is_directory(place.stem, dir_fd=place.parent):
        return False
    with directories.opened(place.stem, dir_fd=place.parent) as folder:
        return directories.exists(FRAMES, dir_fd=folder)


def _pictures_fit(place: Place, document: Document, previous: Document | None) -> bool:
    """Whether the pictures on disk show these shots: same bytes, same cuts by the same decoder, and all whole."""
    if not document.shots:
        return True
    if previous is None or _cut(previous) != _cut(document) or not _has_frames(place):
        return False
    with (
        directories.opened(place.stem, dir_fd=place.parent) as folder,
        directories.opened(FRAMES, dir_fd=folder) as frames,
    ):
        names = ((shot.keyframe or "").rpartition("/")[2].encode() for shot in document.shots)
        return all(_is_whole_jpeg(name, frames) for name in names)


def _cut(document: Document) -> tuple[object, ...]:
    decoded = document.processing.stages.get("decode")
    decoder = (decoded.backend, decoded.model) if decoded else None
    return document.source.sha256, decoder, [(shot.start_s, shot.end_s, shot.keyframe) for shot in document.shots]


def _is_whole_jpeg(name: bytes, frames: int) -> bool:
    """Whether a picture has JPEG's first and last marker (ISO/IEC 10918-1: SOI, EOI)."""
    content = directories.read_regular(name, dir_fd=frames, limit=_MAX_PICTURE_BYTES) or b""
    return content.startswith(b"\xff\xd8") and content.endswith(b"\xff\xd9")
