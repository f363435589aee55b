"""Where things lie below the state directory, and the output folder in the file system's own bytes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from actors.fusion.frames import directory_mode
from service.configuration import Configuration
from service.configuration.requests import RECEIVED
from service.errors import ConfigError
from service.ledger.place import Place

LEDGER_FILE = "ledger.sqlite3"
_SHARED_FUSE = frozenset({"fuse.sshfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.glusterfs", "fuse.mfs", "fuse.lizardfs"})


def ledger_place(configuration: Configuration) -> Place:
    """Return where the ledger is kept: a file below the state directory, unless a server is named."""
    return configuration.state.ledger or configuration.state.dir / LEDGER_FILE


def received_root(configuration: Configuration) -> bytes:
    """Return the folder of uploads and downloads as an absolute path."""
    return os.fsencode(configuration.state.dir.absolute() / RECEIVED)


def make_received_root(configuration: Configuration) -> bytes:
    """Make the folder of uploads and downloads where there is none; raises `ConfigError` where it cannot be used."""
    root = received_root(configuration)
    make_folder(Path(os.fsdecode(root)), setting="state.dir", flag="--state", mode=0o700)
    return root


def watched_roots(configuration: Configuration) -> list[bytes]:
    """Return every folder that is watched, as absolute paths: the inboxes, and that of uploads and downloads."""
    inboxes = [os.fsencode(inbox.absolute()) for inbox in configuration.intake.inboxes]
    return [*inboxes, received_root(configuration)]


def require_local_state(configuration: Configuration) -> None:
    """Raise `ConfigError` where the state lies on a file system that several hosts share.

    SQLite's log (WAL) lives in memory that all its processes share, which no network file system gives them, and their
    locks are known to be lost: https://sqlite.org/wal.html. A FUSE mount is this host's own, unless its kind says not.
    With the ledger on a server there is only the lock, and the server keeps a second service away.
    """
    if configuration.state.ledger is not None:
        return
    from service.intake.mounts import MountKind, mount_of_root  # noqa: PLC0415 - keeps --help fast

    mount = mount_of_root(os.fsencode(configuration.state.dir.absolute()))
    if mount.kind in {MountKind.NETWORK, MountKind.CLOUD} or mount.fs_type in _SHARED_FUSE:
        raise ConfigError(
            f"state.dir = {configuration.state.dir}: lies on {mount.fs_type}, a file system that hosts share, where "
            "the ledger would be damaged. Name a folder on a local disk with --state; inboxes and output may stay."
        )


def output_root(configuration: Configuration) -> bytes:
    """Return the output folder as an absolute path."""
    return os.fsencode(configuration.output.dir.absolute())


def make_output_root(configuration: Configuration) -> bytes:
    """Make the output folder where there is none; raises `ConfigError` where it cannot be made or written.

    One that is made gets the mode that goes with `output.file_mode`, whatever the umask; one that is there keeps its
    own.

    Only a start makes it: one that disappears later is a disk that was unmounted, and must not be written beside.
    """
    root = output_root(configuration)
    made = not os.path.lexists(root)
    make_folder(configuration.output.dir, setting="output.dir", flag="--output")
    if made:
        with suppress(OSError):  # a share has one mode for all
            os.chmod(root, directory_mode(configuration.output.file_mode))  # noqa: PTH101 - bytes paths
    return root


def make_folder(folder: Path, *, setting: str, flag: str, mode: int = 0o777) -> None:
    """Make a folder that is written to, where it is not there; raises `ConfigError` when it cannot be used."""
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(
            f"{setting} = {folder}: cannot be made: {exc.strerror}. Name another folder with {flag}."
        ) from exc
    _require_writable(folder, folder, setting=setting, flag=flag)


def require_folder(folder: Path, *, setting: str, flag: str) -> None:
    """Raise `ConfigError` unless a start could make a folder, or write to the one that is there; nothing is made."""
    there = folder
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    if not os.path.isdir(there):  # noqa: PTH112 - Path.is_dir raises for what may not be looked at
        raise ConfigError(
            f"{setting} = {folder}: cannot be made: {there} is no folder. Name another folder with {flag}."
        )
    _require_writable(there, folder, setting=setting, flag=flag)


def _require_writable(there: Path, folder: Path, *, setting: str, flag: str) -> None:
    if not os.access(there, os.W_OK | os.X_OK):
        where = "" if there == folder else f" {there}, in which it would be made,"
        raise ConfigError(f"{setting} = {folder}:{where} may not be written. Give this user the right, or use {flag}.")
