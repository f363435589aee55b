"""A video and its sidecars on their way to another folder of the same file system: by descriptor, never by copying."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from actors.fusion import directories
from actors.fusion.exchange import rename_new
from service.intake.names import NamePolicy, sidecar_names, stem
from service.intake.ports import Location
from service.intake.probe import Lease, probe_lease
from service.ledger.afterwork_values import Archived
from service.ledger.names import DIGEST_PREFIXES
from service.ledger.values import Job

SOON_S, LATER_S = 60.0, 3600.0
"""When a move is tried again: what the next minute may bring, and what somebody has to mend."""
MISSING = "missing"
"""The file has left by itself: intake tells that."""
_MEANINGS = {
    errno.EXDEV: ("cross_device", LATER_S, "it and done.move_to are not on one mount; nothing is ever copied"),
    errno.EACCES: ("not_writable", LATER_S, "the service may not write there"),
    errno.EPERM: ("not_writable", LATER_S, "the service may not write there"),
    errno.EROFS: ("not_writable", LATER_S, "the folder is read-only for the service"),
    errno.ENOSPC: ("disk_full", SOON_S, "the disk is full"),
    errno.EDQUOT: ("disk_full", SOON_S, "the quota is used up"),
    errno.ENOENT: (MISSING, LATER_S, "it is not there"),
    errno.ENOTDIR: ("target_blocked", LATER_S, "something that is no folder lies where a folder of the archive goes"),
    errno.ELOOP: ("target_blocked", LATER_S, "a symbolic link lies where a folder of the archive goes"),
    errno.EEXIST: ("name_taken", SOON_S, "the name was taken in this moment"),
    errno.ENAMETOOLONG: ("name_too_long", LATER_S, "its name is too long for the archive's file system"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a file stays where it is, and how long until the next try."""

    reason: str
    detail: str
    retry_s: float


@dataclass(frozen=True, slots=True)
class Route:
    """Where a video goes, with its sidecars: pairs of names, flat, as in `Archived`."""

    target: Location
    sidecars: tuple[bytes, ...]


def plan(job: Job, target_root: bytes, names: NamePolicy) -> Route | Kept:
    """Look whether the file still is what was described, and choose names that are free; nothing is changed."""
    directory, name = _split(job.path)
    try:
        with directories.descended(job.root, directory) as source:
            kept = _look(job, name, source)
            if kept is not None:
                return kept
            if not os.path.isdir(target_root):  # noqa: PTH112 - bytes paths
                return Kept("target_gone", "done.move_to is not there: mount what is missing, or make it", SOON_S)
            beside = _sidecars(name, source, names)
            with _opened_if_there(target_root, directory) as target:
                return _free(job, name, beside, target_root, target)
    except OSError as exc:
        return kept_because(exc)


def carry_out(move: Archived, job: Job) -> Kept | None:
    """Rename the video, then its sidecars; a video that turns out to be another one by then is put back.

    May be repeated after a crash: what has been renamed already is left where it is.
    """
    (source_directory, source_name), (target_directory, name) = _split(move.source_path), _split(move.target_path)
    try:
        with directories.descended(move.source_root, source_directory) as source:
            mode = stat.S_IMODE(os.fstat(source).st_mode) & 0o777
            with directories.descended(move.target_root, target_directory, create_mode=mode) as target:
                if _is(job, name, target):
                    _finish_link(source_name, source, job)
                elif (kept := _rename(job, source_name, source, name, target)) is not None:
                    return kept
                _bring_along(move.sidecars, source, target)
                directories.sync(target)
                directories.sync(source)
    except OSError as exc:
        return kept_because(exc)
    return None


def has_moved(move: Archived, job: Job) -> bool:
    """Whether the video lies at its target: the rename was done before whatever interrupted the move."""
    directory, name = _split(move.target_path)
    try:
        with directories.descended(move.target_root, directory) as target:
            return _is(job, name, target)
    except OSError:
        return False


def kept_because(exc: OSError) -> Kept:
    """Say what a refusal of the operating system means for a move."""
    reason, retry_s, detail = _MEANINGS.get(exc.errno or 0, ("io_error", SOON_S, "the disk does not do it"))
    return Kept(reason, f"{detail} ({exc.strerror})", retry_s)


def _look(job: Job, name: bytes, source: int) -> Kept | None:
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=source)
    try:
        if not _same(job, os.fstat(fd)):
            return Kept("changed", "the file is not the one that was described any more", SOON_S)
        if probe_lease(fd) is Lease.HELD:
            return Kept("in_use", "a program has the file open for writing", SOON_S)
    finally:
        os.close(fd)
    return None


def _rename(job: Job, source_name: bytes, source: int, name: bytes, target: int) -> Kept | None:
    if not _is(job, source_name, source):
        return Kept("changed", "the file is not the one that was described any more", SOON_S)
    rename_new(source_name, name, source_fd=source, target_fd=target)
    if _is(job, name, target):
        return None
    # Between the look and the rename somebody has put another file there: it is theirs, and goes back.
    rename_new(name, source_name, source_fd=target, target_fd=source)
    return Kept("changed", "another file took its name in this moment", SOON_S)


def _finish_link(source_name: bytes, source: int, job: Job) -> None:
    """Remove the first name of a file that was moved by a second link, where a crash came between (`rename_new`)."""
    if _is(job, source_name, source):
        os.unlink(source_name, dir_fd=source)


def _bring_along(sidecars: Sequence[bytes], source: int, target: int) -> None:
    for name, new in zip(sidecars[::2], sidecars[1::2], strict=True):
        with suppress(FileNotFoundError, FileExistsError):  # brought along before a crash, or somebody's own by now
            rename_new(name, new, source_fd=source, target_fd=target)


def _sidecars(video: bytes, source: int, names: NamePolicy) -> list[bytes]:
    """Return the sidecars beside a video; none where another video of the same stem needs them."""
    present = set(directories.names_in(source))
    if any(other != video and stem(other) == stem(video) and names.is_video(other) for other in present):
        return []
    return [name for name in sidecar_names(video) if name in present and _is_regular(name, source)]


def _free(job: Job, name: bytes, beside: Sequence[bytes], target_root: bytes, target: int | None) -> Route | Kept:
    directory, _, _ = job.path.rpartition(b"/")
    base, ending = stem(name), name[len(stem(name)) :]
    digest = (job.sha256 or "").encode()
    for suffix in (b"", *(b"-" + digest[:length] for length in DIGEST_PREFIXES)):
        renamed = [base + suffix + ending, *(base + suffix + other[len(base) :] for other in beside)]
        if target is None or not any(directories.exists(new, dir_fd=target) for new in renamed):
            pairs = tuple(part for pair in zip(beside, renamed[1:], strict=True) for part in pair)
            return Route((target_root, b"/".join(filter(None, (directory, renamed[0])))), pairs)
    return Kept("name_taken", "files of this name lie in done.move_to already", LATER_S)


@contextmanager
def _opened_if_there(root: bytes, parts: Sequence[bytes]) -> Iterator[int | None]:
    try:
        held = directories.descended(root, parts)
        fd = held.__enter__()
    except FileNotFoundError:
        yield None
        return
    try:
        yield fd
    finally:
        held.__exit__(None, None, None)


def _split(path: bytes) -> tuple[tuple[bytes, ...], bytes]:
    directory, _, name = path.rpartition(b"/")
    return tuple(part for part in directory.split(b"/") if part), name


def _is(job: Job, name: bytes, dir_fd: int) -> bool:
    try:
        return _same(job, os.stat(name, dir_fd=dir_fd, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _is_regular(name: bytes, dir_fd: int) -> bool:
    return stat.S_ISREG(os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_mode)


def _same(job: Job, status: os.stat_result) -> bool:
    mine = (job.device, job.inode, job.size, job.mtime_ns)
    return mine == (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
