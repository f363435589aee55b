from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.intake import mounts
from service.intake.mounts import MountKind, kind_of, mount_of, mount_of_root, sweep_interval_s

TABLE = rb"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/share rw - nfs4 server:/x rw
31 22 0:41 / /srv/with\040space rw master:3 - cifs //nas/x rw
32 22 0:42 / /home/u/cloud rw - fuse.rclone remote: rw
33 22 0:43 / /home/u/ssh rw - fuse.sshfs host: rw
34 22 8:2 / /srv/share/local rw - xfs /dev/sdb rw
35 22 0:44 / /twice rw - tmpfs tmpfs rw
36 22 0:45 / /twice rw - 9p host rw
37 22 0:46 / /odd rw - marsfs none rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "fs_type", "kind"),
    [
        (b"/srv/inbox", "ext4", MountKind.LOCAL),
        (b"/srv/share", "nfs4", MountKind.NETWORK),
        (b"/srv/share/a/b", "nfs4", MountKind.NETWORK),
        (b"/srv/shared", "ext4", MountKind.LOCAL),
        (b"/srv/share/local/x", "xfs", MountKind.LOCAL),
        (b"/srv/with space/x", "cifs", MountKind.NETWORK),
        (b"/home/u/cloud/x", "fuse.rclone", MountKind.CLOUD),
        (b"/home/u/ssh", "fuse.sshfs", MountKind.FUSE),
        (b"/twice/x", "9p", MountKind.NETWORK),
        (b"/odd", "marsfs", MountKind.UNKNOWN),
    ],
)
def test_the_mount_that_holds_a_path(path: bytes, fs_type: str, kind: MountKind) -> None:
    mount = mount_of(path, mountinfo=TABLE)
    assert (mount.fs_type, mount.kind) == (fs_type, kind)


@pytest.mark.parametrize(
    ("fs_type", "kind", "local", "events"),
    [
        ("btrfs", MountKind.LOCAL, True, True),
        ("overlay", MountKind.LOCAL, True, True),
        ("cifs", MountKind.NETWORK, False, False),
        ("virtiofs", MountKind.NETWORK, False, False),
        ("vboxsf", MountKind.NETWORK, False, False),
        ("fuseblk", MountKind.FUSE, False, False),
        ("fuse.s3fs", MountKind.CLOUD, False, False),
        ("", MountKind.UNKNOWN, False, True),
    ],
)
def test_what_a_type_means(fs_type: str, kind: MountKind, local: object, events: object) -> None:
    found = kind_of(fs_type)
    assert (found, found.is_local, found.has_events) == (kind, local, events)


def test_without_a_table_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "absent")
    assert mount_of(b"/x").kind is MountKind.UNKNOWN


def test_links_are_resolved_first(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/proc")
    assert mount_of_root(os.fsencode(tmp_path / "link")).fs_type == "proc"


@pytest.mark.parametrize(
    ("kind", "watched", "last_s", "interval_s"),
    [
        (MountKind.LOCAL, "watched", 0.02, 20),
        (MountKind.LOCAL, "watched", 0.2, 80),
        (MountKind.LOCAL, "watched", 100, 300),
        (MountKind.LOCAL, "", 0.02, 10),
        (MountKind.NETWORK, "", 0.02, 10),
        (MountKind.NETWORK, "", 2, 40),
        (MountKind.FUSE, "", 60, 300),
        (MountKind.UNKNOWN, "watched", 0.1, 10),
    ],
)
def test_sweeps_cost_a_bounded_share_of_the_time(
    kind: MountKind, watched: str, last_s: float, interval_s: float
) -> None:
    assert sweep_interval_s(kind, watched=bool(watched), last_sweep_s=last_s, base_s=20) == pytest.approx(interval_s)
