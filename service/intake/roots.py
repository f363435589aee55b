"""Whether a root is still the folder it was: an unmounted share must not look like an emptied one."""

from __future__ import annotations

import errno
import os
import stat as stat_module
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from service.intake.looks import SILENCE, PatientLook, SilenceError
from service.intake.mounts import UNSEEN, Mount, mount_of_root

_OURS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Refusals that are about this process or host, not about a folder."""


@dataclass(frozen=True, slots=True)
class RootIdentity:
    """Device and inode of the folder, and the file system's own id (statvfs), which survives a remount."""

    device: int
    inode: int
    file_system: int

    @classmethod
    def of(cls, root: bytes) -> RootIdentity:
        """Look at the folder; raises OSError where it is missing, not a directory, or not readable."""
        status = Path(os.fsdecode(root)).stat()
        if not stat_module.S_ISDIR(status.st_mode):
            raise NotADirectoryError(20, "Not a directory")
        _is_empty(root)  # raises where the folder cannot be listed
        return cls(status.st_dev, status.st_ino, os.statvfs(root).f_fsid)


class RootChange(StrEnum):
    """What a check found."""

    SAME = "same"
    LOST = "lost"
    STILL_LOST = "still_lost"
    BACK = "back"
    REPLACED = "replaced"


class Root:
    """One watched folder and what is known of its identity.

    A folder on another device than before counts as lost (unmounted, or mounted over) until the old one is back: known
    by device and inode, or by inode and file-system id where the device number has changed with the mount. Another
    folder on the same device was made by the user and is accepted: REPLACED. One that does not answer is lost as well.
    """

    def __init__(self, path: bytes, *, expected_devices: frozenset[int] = frozenset()) -> None:
        self.path = path
        self.lost: str | None = None
        self.mount = UNSEEN
        self._look = PatientLook(self._seen)
        self._expected_devices = expected_devices
        self._identity: RootIdentity | None = None

    @property
    def device(self) -> int | None:
        """The device the folder lies on; None before it was first seen."""
        return self._identity.device if self._identity is not None else None

    def check(self) -> RootChange:
        """Look at the folder; `lost` says why it cannot be used, or is None."""
        before = self.lost
        change, self.lost = self._compare()
        if self.lost is not None:
            return RootChange.LOST if before is None else RootChange.STILL_LOST
        self._expected_devices = frozenset()
        if change is RootChange.SAME and before is not None:
            return RootChange.BACK
        return change

    def _compare(self) -> tuple[RootChange, str | None]:
        try:
            # A disk of this host answers; a thread for each look at it would be waste.
            found, mount = self._seen() if self.mount.kind.is_local else self._look.answer()
            if self._identity is None:
                return self._first(found, mount)
        except OSError as error:
            if error.errno in _OURS and self._identity is not None:
                return RootChange.SAME, self.lost  # we could not look, which says nothing about the folder
            return RootChange.LOST, SILENCE if isinstance(error, SilenceError) else os.strerror(error.errno or 0)
        known = self._identity
        if found == known:
            self.mount = mount
            return RootChange.SAME, None
        if found.device == known.device or (found.inode, found.file_system) == (known.inode, known.file_system):
            replaced = found.inode != known.inode
            self._identity, self.mount = found, mount
            return (RootChange.REPLACED if replaced else RootChange.SAME), None
        return RootChange.LOST, "another file system is mounted there, or the folder's own is not"

    def _seen(self) -> tuple[RootIdentity, Mount]:
        return RootIdentity.of(self.path), mount_of_root(self.path)

    def _first(self, found: RootIdentity, mount: Mount) -> tuple[RootChange, str | None]:
        """At start only the ledger tells what should be there; an empty folder elsewhere is a missing mount."""
        if self._expected_devices and found.device not in self._expected_devices and _is_empty(self.path):
            return RootChange.LOST, "the folder is empty and not on the file system its known files were on"
        self._identity, self.mount = found, mount
        return RootChange.SAME, None


def _is_empty(directory: bytes) -> bool:
    with os.scandir(directory) as entries:
        return next(entries, None) is None
