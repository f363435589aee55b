"""Every writer there is a test for."""

from __future__ import annotations

from writers import (
    downloads,
    plain,
    recorders,
    replayed,
    slow,
    with_rclone,
    with_rsync,
    with_samba,
    with_ssh,
    with_syncthing,
)

WRITERS = (
    *plain.WRITERS,
    *slow.WRITERS,
    *with_rsync.WRITERS,
    *with_ssh.WRITERS,
    *with_rclone.WRITERS,
    *with_syncthing.WRITERS,
    *with_samba.WRITERS,
    *downloads.WRITERS,
    *recorders.WRITERS,
    *replayed.WRITERS,
)

SERVERS = {
    "ssh": with_ssh.start,
    "smb": with_samba.start,
    "http": downloads.start,
    "mount": with_rclone.start_mounted_inbox,
}

assert len({writer.slug for writer in WRITERS}) == len(WRITERS), "two writers have one name"
