"""Which names are videos, which are somebody's work in progress, and which of those hold a final name busy (G0, G6).

Everything works on the file system's own bytes; names are compared without regard to ASCII case.
The lists are those of the writers measured for intake: browsers, rsync, rclone, SFTP and sync clients, NAS systems.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from service.logs.names import readable

DEFAULT_EXTENSIONS: Final = ("mp4", "mov", "mkv", "webm", "avi", "m4v", "ts")

SIDECAR_SUFFIXES: Final = (b".info.json", b".json", b".txt")
"""A file named stem + one of these beside a video describes it (yt-dlp writes the first)."""

_TEMPORARY_SUFFIXES: Final = (
    b".part",
    b".partial",
    b".filepart",
    b".crdownload",
    b".download",
    b".tmp",
    b".temp",
    b".!qb",
    b".nextcloud",
    b".swp",
)
_TEMPORARY_INFIXES: Final = (b".aria2", b".~", b".octransferid")
# One expression, since a sweep asks it of every file there is; all of them begin with a dot.
_TEMPORARY: Final = re.compile(
    rb"\.(?:%s|(?:%s)\Z)"
    % (
        b"|".join(re.escape(infix[1:]) for infix in _TEMPORARY_INFIXES),
        b"|".join(re.escape(suffix[1:]) for suffix in _TEMPORARY_SUFFIXES),
    ),
    re.IGNORECASE,
)
_PRUNED_DIRECTORIES: Final = frozenset(
    {b"@eadir", b"#recycle", b"$recycle.bin", b"system volume information", b"lost+found", b"__macosx"}
)
_PIN_SUFFIXES: Final = (b".aria2__temp", b".aria2", b".part", b".partial", b".crdownload", b".filepart", b".!qb")


def shown(path: bytes) -> str:
    """Return a path for people and logs; one spelling, whoever tells of the file."""
    return readable(path)


def stem(name: bytes) -> bytes:
    """Return `name` without its last extension."""
    return name.rpartition(b".")[0] or name


def is_hidden(name: bytes) -> bool:
    """Tell a hidden name; one that starts with two dots (`..mp4`) is a user's odd name, not a hidden one."""
    return name.startswith(b".") and not name.startswith(b"..")


def is_temporary(name: bytes) -> bool:
    """Tell a name some program gives to what it has not finished, or to its own metadata."""
    return name.startswith(b"~") or is_hidden(name) or _TEMPORARY.search(name) is not None


def sidecar_names(video: bytes) -> tuple[bytes, ...]:
    """Return the names that a sidecar of the video called `video` may have."""
    return tuple(stem(video) + suffix for suffix in SIDECAR_SUFFIXES)


@dataclass(frozen=True, slots=True)
class NamePolicy:
    """The configured answer to whether a name is a video and whether a directory is entered.

    extensions: without dots, any case.
    """

    extensions: tuple[str, ...] = DEFAULT_EXTENSIONS
    _suffixes: frozenset[bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        suffixes = frozenset(extension.lower().lstrip(".").encode() for extension in self.extensions)
        object.__setattr__(self, "_suffixes", suffixes)

    def is_video(self, name: bytes) -> bool:
        """Tell a name that intake takes: a video extension, and neither hidden nor temporary."""
        return self._has_video_extension(name) and not is_temporary(name)

    def is_pruned(self, directory: bytes) -> bool:
        """Tell a directory name that is never entered nor watched: hidden, a NAS or system folder, a Safari bundle."""
        lowered = directory.lower()
        if is_hidden(directory) or lowered in _PRUNED_DIRECTORIES:
            return True
        return lowered.endswith(b".download") and self._has_video_extension(lowered.removesuffix(b".download"))

    def _has_video_extension(self, name: bytes) -> bool:
        base, _, extension = name.rpartition(b".")
        return bool(base) and extension.lower() in self._suffixes


class BusySiblings:
    """The temporary names of one directory, to be asked which of them holds a final name busy."""

    def __init__(self, temporary: Iterable[bytes]) -> None:
        self._by_name: dict[bytes, bytes] = {}
        self._by_stem: dict[bytes, bytes] = {}
        for name in temporary:
            self._by_name.update(dict.fromkeys(_pinned_names(name), name))
            self._by_stem.update(dict.fromkeys(_pinned_stems(name), name))

    def of(self, video: bytes) -> bytes | None:
        """Return the temporary name that holds `video` busy, or None."""
        return self._by_name.get(video) or self._by_stem.get(stem(video))


def _pinned_names(temporary: bytes) -> set[bytes]:
    lowered = temporary.lower()
    pinned = {temporary[: -len(suffix)] for suffix in _PIN_SUFFIXES if lowered.endswith(suffix)}
    if lowered.endswith(b".partial"):  # rclone: NAME.<8 hex>.partial
        pinned.add(stem(temporary[: -len(b".partial")]))
    marker = lowered.find(b".octransferid")
    if marker > 0:
        pinned.add(temporary[:marker])
    if lowered.startswith(b".syncthing.") and lowered.endswith(b".tmp"):
        pinned.add(temporary[len(b".syncthing.") : -len(b".tmp")])
    elif lowered.startswith(b"~syncthing~") and lowered.endswith(b".tmp"):
        pinned.add(temporary[len(b"~syncthing~") : -len(b".tmp")])
    elif is_hidden(temporary):  # .NAME.XXXXXX of rsync, .NAME.~hex of Nextcloud
        pinned.add(stem(temporary[1:]))
    return pinned - {b""}


def _pinned_stems(temporary: bytes) -> set[bytes]:
    """Firefox writes STEM.<token>.mp4.part beside an empty STEM.mp4."""
    if not temporary.lower().endswith(b".part"):
        return set()
    without_extension = stem(temporary[: -len(b".part")])
    return {without_extension, stem(without_extension)}
