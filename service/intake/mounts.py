"""What kind of file system a root lies on, which decides whether events and leases mean anything there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

MOUNTINFO: Final = Path("/proc/self/mountinfo")

_LONGEST_SWEEP_S: Final = 300.0
_WATCHED_SHARE: Final = 400
"""A sweep may take one part in so many of the time between sweeps: idle CPU stays below 0.5 % with the rest of it."""
_LOCAL_SHARE: Final = 200
_REMOTE_SHARE: Final = 20


class MountKind(StrEnum):
    """Who else may write there without this kernel knowing."""

    LOCAL = "local"
    NETWORK = "network"
    FUSE = "fuse"
    CLOUD = "cloud"
    UNKNOWN = "unknown"

    @property
    def is_local(self) -> bool:
        """Whether leases and holes tell the truth: every writer is a process of this kernel."""
        return self is MountKind.LOCAL

    @property
    def has_events(self) -> bool:
        """Whether watching is worth while; inotify is silent about other hosts' changes (inotify(7))."""
        return self in {MountKind.LOCAL, MountKind.UNKNOWN}


_LOCAL: Final = frozenset(
    {
        "bcachefs",
        "btrfs",
        "erofs",
        "exfat",
        "ext2",
        "ext3",
        "ext4",
        "f2fs",
        "hfs",
        "hfsplus",
        "iso9660",
        "jfs",
        "msdos",
        "nilfs2",
        "ntfs3",
        "overlay",
        "ramfs",
        "reiserfs",
        "squashfs",
        "tmpfs",
        "udf",
        "ufs",
        "vfat",
        "xfs",
        "zfs",
    }
)
_NETWORK: Final = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "fakeowner",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "prl_fs",
        "smb2",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
    }
)
_CLOUD: Final = frozenset(
    {
        "blobfuse",
        "blobfuse2",
        "gcsfuse",
        "gdfs",
        "geesefs",
        "goofys",
        "google-drive-ocamlfuse",
        "juicefs",
        "mountpoint-s3",
        "onedriver",
        "rclone",
        "s3fs",
        "s3ql",
    }
)


def kind_of(fs_type: str) -> MountKind:
    """Classify a file-system type as `/proc/self/mountinfo` names it."""
    base, _, subtype = fs_type.partition(".")
    if base in _LOCAL:
        return MountKind.LOCAL
    if base in _NETWORK:
        return MountKind.NETWORK
    if base in {"fuse", "fuseblk"}:
        return MountKind.CLOUD if subtype in _CLOUD else MountKind.FUSE
    return MountKind.UNKNOWN


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount point and the type of what is mounted there."""

    point: bytes
    fs_type: str

    @property
    def kind(self) -> MountKind:
        """See `kind_of`."""
        return kind_of(self.fs_type)


UNSEEN: Final = Mount(b"/", "")
"""Before anybody looked: nothing is known of it."""


def mount_of(path: bytes, *, mountinfo: bytes | None = None) -> Mount:
    """Return the mount that holds `path` (absolute, links resolved); UNKNOWN where the kernel's table is not readable.

    mountinfo: the table, for tests; by default that of this process (proc(5)). Of two mounts on one point the later
    one hides the earlier.
    """
    if mountinfo is None:
        try:
            mountinfo = MOUNTINFO.read_bytes()
        except OSError:
            mountinfo = b""
    found = UNSEEN
    for line in mountinfo.splitlines():
        mount = _parse(line)
        if mount is not None and _holds(mount.point, path) and len(mount.point) >= len(found.point):
            found = mount
    return found


def mount_of_root(root: bytes) -> Mount:
    """Return the mount on which a root lies, whatever links lead there."""
    return mount_of(os.path.realpath(root))


def _parse(line: bytes) -> Mount | None:
    before, separator, after = line.partition(b" - ")
    fields, types = before.split(b" "), after.split(b" ")
    if not separator or len(fields) < 5:  # noqa: PLR2004 - the mount point is the fifth field
        return None
    point = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8) & 0xFF]), fields[4])
    return Mount(point, types[0].decode("ascii", "replace"))


def _holds(point: bytes, path: bytes) -> bool:
    return point in {b"/", path} or path.startswith(point + b"/")


def sweep_interval_s(kind: MountKind, *, watched: bool, last_sweep_s: float, base_s: float) -> float:
    """Return the time until the next full scan.

    base_s where events tell of changes in between; half of it where they do not, stretched in proportion to what a
    sweep costs there, up to five minutes.
    """
    if kind.is_local and watched:
        return min(max(base_s, _WATCHED_SHARE * last_sweep_s), max(base_s, _LONGEST_SWEEP_S))
    share = _LOCAL_SHARE if kind.is_local else _REMOTE_SHARE
    return min(max(base_s / 2, share * last_sweep_s), max(base_s, _LONGEST_SWEEP_S))
