"""Taking things out of the output again: keyframes, a transcript, a document. Only what fusion wrote is touched."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection

from actors.document import Document, DocumentWarning, Transcript, parse, render
from actors.fusion import directories
from actors.fusion.faults import translated
from actors.fusion.frames import FRAMES, MARK, Place, settle
from actors.fusion.names import components

KEYFRAMES, TRANSCRIPT, DOCUMENT = "keyframes", "transcript", "document"
CODE = "retention"
"""The code of the warning that says what was deleted, and when."""
_FIELDS = {KEYFRAMES: "shots[].keyframe", TRANSCRIPT: "transcript"}
_NO_TRANSCRIPT = Transcript(text=None, words=None, segments=None, quality=None)


def remove(output_root: bytes, name: str, *, sha256: str, kinds: Collection[str], on: str) -> bool:
    """Take `kinds` out of the document of a content, or delete it; return whether it was there and is of that content.

    name: as in `FusionRequest`. on: the date for the document's warning, YYYY-MM-DD. A stranger's file, and a document
    of another content, are left alone. Pictures go after the document has ceased to name them; pictures whose document
    is not there go too. May be repeated after a crash. Raises what `publish` raises for the disk's refusals.
    """
    *folder, stem = components(name)
    with translated(output_root, name):
        with directories.opened(output_root):
            pass  # an output that is not there is a mount that is missing, not a document that is
        try:
            with directories.descended(output_root, folder) as parent:
                return _remove(Place(parent, stem), sha256=sha256, kinds=kinds, on=on)
        except FileNotFoundError:
            return False


def without(document: Document, kinds: Collection[str], *, on: str) -> Document:
    """Return the document without keyframes or transcript, with a warning that says so; pure."""
    changes: dict[str, object] = {}
    shots = document.shots
    if KEYFRAMES in kinds:
        shots = tuple(shot.model_copy(update={"keyframe": None}) for shot in shots)
        chosen = document.representative_frames
        if chosen is not None:
            chosen = tuple(frame.model_copy(update={"keyframe": None}) for frame in chosen)
        changes["representative_frames"] = chosen
    if TRANSCRIPT in kinds:
        shots = tuple(shot.model_copy(update={"transcript_text": None, "word_range": None}) for shot in shots)
        changes |= {"transcript": _NO_TRANSCRIPT, "speakers": None}
    told = {warning.field for warning in document.processing.warnings if warning.code == CODE}
    new = tuple(_warning(kind, on) for kind in sorted(kinds) if _FIELDS[kind] not in told)
    processing = document.processing.model_copy(update={"warnings": (*document.processing.warnings, *new)})
    return document.model_copy(update={**changes, "shots": shots, "processing": processing})


def removed_from(document: Document) -> tuple[str, ...]:
    """Return what was taken out of a document, as it says itself."""
    told = {warning.field for warning in document.processing.warnings if warning.code == CODE}
    return tuple(sorted(kind for kind, field in _FIELDS.items() if field in told))


def _warning(kind: str, on: str) -> DocumentWarning:
    message = f"deleted on {on}, as the retention of {kind} asks"
    return DocumentWarning(code=CODE, field=_FIELDS[kind], message=message)


def _remove(place: Place, *, sha256: str, kinds: Collection[str], on: str) -> bool:
    settle(place)
    document = _ours(place, sha256)
    if document is None and directories.exists(place.document, dir_fd=place.parent):
        return False
    if document is not None and DOCUMENT in kinds:
        directories.remove(place.document, dir_fd=place.parent)
        directories.sync(place.parent)
    elif document is not None:
        _rewrite(place, document, without(document, kinds, on=on))
    if DOCUMENT in kinds or KEYFRAMES in kinds:
        _remove_pictures(place)
    return document is not None


def _ours(place: Place, sha256: str) -> Document | None:
    content = place.content()
    try:
        document = None if content is None else parse(content)
    except ValueError:
        return None
    return document if document is not None and document.source.sha256 == sha256 else None


def _rewrite(place: Place, before: Document, after: Document) -> None:
    # Of an earlier version's document, what this one does not know was not read: it is written as of this version.
    if after == before:
        return
    mode = stat.S_IMODE(os.stat(place.document, dir_fd=place.parent, follow_symlinks=False).st_mode)
    content = render(Document.model_validate(after.model_dump()))
    directories.write_new(place.draft, content, dir_fd=place.parent, mode=mode)
    os.rename(place.draft, place.document, src_dir_fd=place.parent, dst_dir_fd=place.parent)
    directories.sync(place.parent)


def _remove_pictures(place: Place) -> None:
    """Remove the pictures that fusion named, and the folders if nothing else is in them."""
    if not directories.is_directory(place.stem, dir_fd=place.parent):
        return
    with directories.opened(place.stem, dir_fd=place.parent) as folder:
        if directories.is_directory(FRAMES, dir_fd=folder):
            with directories.opened(FRAMES, dir_fd=folder) as frames:
                for name in directories.names_in(frames):
                    if place.is_ours(name) and name != MARK:
                        directories.remove(name, dir_fd=frames)
                directories.sync(frames)
            directories.remove_if_empty(FRAMES, dir_fd=folder)
    directories.remove_if_empty(place.stem, dir_fd=place.parent)
