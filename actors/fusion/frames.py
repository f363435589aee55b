"""The keyframes' folder, which changes in one step and can go back until the document is there.

The new folder is filled beside the old one (`.reelwatch-frames`), then the two swap names. A mark inside the new one
holds the digest of the document it was made for: as long as the document on disk has another digest, the old folder
is still there and `settle` swaps back; once the digests agree, `settle` removes the old one. Until then the new folder
also links the old pictures whose names it does not use, so that the old document never points at nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from actors.document import parse
from actors.fusion import directories
from actors.fusion.exchange import exchange
from actors.fusion.names import MAX_DOCUMENT_BYTES, PRIVATE_PREFIX, keyframe_pattern

FRAMES = b"frames"
STAGED = PRIVATE_PREFIX + b"frames"
ASIDE = PRIVATE_PREFIX + b"frames-old"
MARK = PRIVATE_PREFIX + b"uncommitted"

_NO_LINKS = {errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one document lies: the descriptor of its directory and its stem."""

    parent: int
    stem: bytes

    @property
    def document(self) -> bytes:
        """Name of the document."""
        return self.stem + b".json"

    @property
    def draft(self) -> bytes:
        """Name of the document while it is written."""
        return PRIVATE_PREFIX + self.stem + b".json"

    def content(self) -> bytes | None:
        """Return the document's bytes; None when there is none, or something that cannot be one."""
        return directories.read_regular(self.document, dir_fd=self.parent, limit=MAX_DOCUMENT_BYTES)

    def is_ours(self, name: bytes) -> bool:
        """Whether a name in the keyframes' folder is one that fusion gives."""
        return name == MARK or keyframe_pattern(self.stem).fullmatch(name) is not None


def replace_frames(place: Place, pictures: Mapping[bytes, bytes], *, digest: str, mode: int) -> None:
    """Put a folder with these pictures in place, marked as uncommitted; `settle` ends the exchange either way.

    pictures: JPEG bytes by file name. digest: SHA-256 of the document they belong to, in hex. Raises `OSError`; then
    `settle` takes everything back.
    """
    folder_mode = directory_mode(mode)
    directories.make(place.stem, dir_fd=place.parent, mode=folder_mode)
    with directories.opened(place.stem, dir_fd=place.parent) as folder:
        old = directories.exists(FRAMES, dir_fd=folder)
        if old and not directories.is_directory(FRAMES, dir_fd=folder):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), FRAMES)
        if not directories.make(STAGED, dir_fd=folder, mode=folder_mode):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), STAGED)
        with directories.opened(STAGED, dir_fd=folder) as staged:
            directories.write_new(MARK, digest.encode(), dir_fd=staged, mode=mode)
            for name, jpeg in pictures.items():
                directories.write_new(name, jpeg, dir_fd=staged, mode=mode)
            if old:
                _link_survivors(place, folder, staged, pictures.keys())
            directories.sync(staged)
        if old:
            _swap(folder)
        else:
            os.rename(STAGED, FRAMES, src_dir_fd=folder, dst_dir_fd=folder)
        directories.sync(folder)


def settle(place: Place) -> bool:
    """Bring a document's files to rest after a success, a failure or a crash; return whether there was something to do.

    The document on disk decides: pictures made for it stay and older ones go; pictures made for one that never came
    give way to the older ones. Nothing but files of ours is removed. May be repeated; raises `OSError`.
    """
    found = directories.exists(place.draft, dir_fd=place.parent)
    directories.remove(place.draft, dir_fd=place.parent)
    if not directories.is_directory(place.stem, dir_fd=place.parent):
        return found
    with directories.opened(place.stem, dir_fd=place.parent) as folder:
        _undo_half_swap(folder)
        staged = directories.exists(STAGED, dir_fd=folder)
        mark = _mark(folder)
        if staged and mark is not None and mark != _digest(place.content()):
            _swap(folder)
            mark = None
        if mark is not None:
            _commit(place, folder)
        if staged:
            _remove_ours(place, STAGED, folder)
    mended = found or staged or mark is not None
    if mended:
        directories.remove_if_empty(place.stem, dir_fd=place.parent)
    return mended


def directory_mode(file_mode: int) -> int:
    """Return the mode of a directory whose files have `file_mode`: who may read may also enter."""
    return file_mode | 0o700 | (file_mode & 0o444) >> 2


def _swap(folder: int) -> None:
    """Swap the staged and the present folder; in three steps where the file system has no exchange."""
    if not exchange(STAGED, FRAMES, dir_fd=folder):
        for source, target in ((FRAMES, ASIDE), (STAGED, FRAMES), (ASIDE, STAGED)):
            os.rename(source, target, src_dir_fd=folder, dst_dir_fd=folder)
    directories.sync(folder)


def _undo_half_swap(folder: int) -> None:
    """End a swap in three steps that was cut short: after its first step backwards, after its second forwards."""
    if directories.exists(ASIDE, dir_fd=folder):
        target = STAGED if directories.exists(FRAMES, dir_fd=folder) else FRAMES
        os.rename(ASIDE, target, src_dir_fd=folder, dst_dir_fd=folder)


def _link_survivors(place: Place, folder: int, staged: int, taken: Collection[bytes]) -> None:
    with directories.opened(FRAMES, dir_fd=folder) as frames:
        for name in directories.names_in(frames):
            if place.is_ours(name) and name != MARK and name not in taken:
                _link(name, frames, staged)


def _link(name: bytes, source: int, target: int) -> None:
    try:
        os.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
    except OSError as exc:
        # Without hard links (FAT, some shares) the old document may lack pictures until `settle` has run.
        if exc.errno not in _NO_LINKS:
            raise


def _mark(folder: int) -> str | None:
    """Return the digest the present folder was made for; None when it is committed or not there."""
    if not directories.is_directory(FRAMES, dir_fd=folder):
        return None
    with directories.opened(FRAMES, dir_fd=folder) as frames:
        mark = directories.read_regular(MARK, dir_fd=frames, limit=4096)
    return None if mark is None else mark.decode("ascii", "replace")


def _commit(place: Place, folder: int) -> None:
    """Make the marked folder the document's: strangers' files come along, pictures it does not name go."""
    named = _named_pictures(place)
    with directories.opened(FRAMES, dir_fd=folder) as frames:
        if directories.is_directory(STAGED, dir_fd=folder):
            _carry_over(place, folder, frames)
            _remove_ours(place, STAGED, folder)
        for name in directories.names_in(frames):
            if named is not None and name != MARK and place.is_ours(name) and name not in named:
                os.unlink(name, dir_fd=frames)
        # Last, for the mark is what says that there is something left to do.
        directories.remove(MARK, dir_fd=frames)
    directories.remove_if_empty(FRAMES, dir_fd=folder)


def _named_pictures(place: Place) -> set[bytes] | None:
    """Return the pictures the document on disk names; None when it cannot be read, so that nothing is removed."""
    content = place.content()
    if content is None:
        return None if directories.exists(place.document, dir_fd=place.parent) else set()
    try:
        return {shot.keyframe.rpartition("/")[2].encode() for shot in parse(content).shots if shot.keyframe}
    except ValueError:
        return None


def _carry_over(place: Place, folder: int, frames: int) -> None:
    """Move what is not ours from the old folder into the new one."""
    with directories.opened(STAGED, dir_fd=folder) as old:
        for name in directories.names_in(old):
            if not place.is_ours(name) and not directories.exists(name, dir_fd=frames):
                os.rename(name, name, src_dir_fd=old, dst_dir_fd=frames)


def _remove_ours(place: Place, name: bytes, folder: int) -> None:
    """Remove a folder of ours; should it hold a stranger's file, that file and the folder stay."""
    if not directories.is_directory(name, dir_fd=folder):
        return
    with directories.opened(name, dir_fd=folder) as fd:
        for entry in directories.names_in(fd):
            if place.is_ours(entry):
                directories.remove(entry, dir_fd=fd)
    directories.remove_if_empty(name, dir_fd=folder)


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()
