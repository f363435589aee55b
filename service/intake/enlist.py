"""Files a user names on a command line, as settled generations: no gate applies, the user calls them complete."""

from __future__ import annotations

import os
import stat as stat_module
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from actors.fingerprint import head_tail
from service.intake.beneath import opened_beneath
from service.intake.names import DEFAULT_EXTENSIONS, NamePolicy
from service.intake.ports import Generation, Settled
from service.intake.scan import Scanner, identities


@dataclass(frozen=True, slots=True)
class Refused:
    """A path that cannot be taken. `path` is absolute; `reason` is a code, `detail` a sentence for people."""

    path: bytes
    reason: str
    detail: str


def enlist(
    paths: Iterable[bytes | str | os.PathLike[str]],
    *,
    extensions: tuple[str, ...] = DEFAULT_EXTENSIONS,
    excluded: tuple[bytes, ...] = (),
) -> tuple[list[Settled], list[Refused]]:
    """Turn files and directories into generations and refusals, each path once, in the order given.

    A directory is walked, by the name policy, and is the root of what it holds; a file is taken whatever its name, and
    its parent directory is its root. Links are followed where the user named them, not below. excluded: absolute
    directories that are passed over in a walk. Reasons: missing, not_a_file, unreadable, empty.
    """
    names = NamePolicy(extensions)
    settled: dict[tuple[bytes, bytes], Settled] = {}
    refused: dict[bytes, Refused] = {}
    for given in paths:
        for found in _each(os.path.realpath(os.fsencode(given)), names, excluded):
            if isinstance(found, Refused):
                refused.setdefault(found.path, found)
            else:
                settled.setdefault((found.root, found.path), found)
    return list(settled.values()), list(refused.values())


def _each(path: bytes, names: NamePolicy, excluded: tuple[bytes, ...]) -> Iterator[Settled | Refused]:
    if not os.path.isdir(path):  # noqa: PTH112 - pathlib has no bytes
        root, _, name = path.rpartition(b"/")
        yield look(root or b"/", name)
        return
    for listing in Scanner(path, names, excluded=identities(excluded)).sweep():
        if listing.error is not None:
            yield Refused(_join(path, listing.path), "unreadable", f"the directory cannot be listed: {listing.error}")
        for name in sorted(listing.videos):
            yield look(path, listing.child(name))


def look(root: bytes, path: bytes) -> Settled | Refused:
    """Turn one file below a root into a generation or a refusal; nothing on the way from the root may be a link."""
    absolute = _join(root, path)
    try:
        with opened_beneath(root, path, flags=os.O_RDONLY) as fd:
            status = os.fstat(fd)
            if not stat_module.S_ISREG(status.st_mode):
                kind = "a folder" if stat_module.S_ISDIR(status.st_mode) else "not a regular file"
                return Refused(absolute, "not_a_file", f"it is {kind}; name a video")
            if not status.st_size:
                return Refused(absolute, "empty", "the file is empty")
            fingerprint = head_tail(fd, size=status.st_size)
    except FileNotFoundError:
        return Refused(absolute, "missing", "no such file or directory; check the path")
    except OSError as error:
        return Refused(absolute, "unreadable", f"it cannot be read: {os.strerror(error.errno or 0)}")
    generation = Generation(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, fingerprint)
    return Settled(root, path, generation)


def _join(root: bytes, path: bytes) -> bytes:
    return root.rstrip(b"/") + b"/" + path if path else root
