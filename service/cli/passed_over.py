"""What `process` leaves aside in folders, in one line."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from service.cli.common import printable

if TYPE_CHECKING:
    from service.intake.names import NamePolicy

_NAMED = 5


def passed_over(paths: Sequence[bytes], extensions: Sequence[str], *, excluded: Sequence[bytes]) -> str | None:
    """Count what the folders among `paths` hold that is not taken, by the rule that keeps it out, and name the first.

    None where everything is taken. Files that describe a video beside them count as taken; a folder that is not entered
    counts as one. excluded: folders that are passed over without a word, our own.
    """
    found = [each for path in paths if os.path.isdir(path) for each in _in(path, extensions, excluded)]  # noqa: PTH112 - bytes paths
    if not found:
        return None
    counts = ", ".join(f"{number} {rule}" for rule, number in Counter(rule for _, rule in found).most_common())
    names = ", ".join(printable(name) for name, _ in found[:_NAMED]) + (", …" if len(found) > _NAMED else "")
    return f"passed over in folders: {counts} ({names})"


def _in(folder: bytes, extensions: Sequence[str], excluded: Sequence[bytes]) -> Iterator[tuple[bytes, str]]:
    """Yield what is passed over below a folder, each with the rule."""
    from service.intake.names import NamePolicy, sidecar_names  # noqa: PLC0415 - keeps --help fast

    policy = NamePolicy(tuple(extensions))
    ours = {os.path.realpath(each) for each in excluded}
    for top, folders, files in os.walk(folder):
        if os.path.realpath(top) in ours:
            folders.clear()
            continue
        folders.sort()
        for name in [name for name in folders if policy.is_pruned(name)]:
            folders.remove(name)
            yield name, "folders that are never entered"
        for name in [name for name in folders if os.path.islink(os.path.join(top, name))]:  # noqa: PTH114, PTH118 - bytes paths
            folders.remove(name)
            yield name, "links, which are not followed"
        described = {sidecar for name in files if policy.is_video(name) for sidecar in sidecar_names(name)}
        for name in sorted(files):
            rule = _rule(top, name, policy, extensions)
            if rule is not None and name not in described:
                yield name, rule


def _rule(top: bytes, name: bytes, policy: NamePolicy, extensions: Sequence[str]) -> str | None:
    from service.intake.names import is_temporary  # noqa: PLC0415 - keeps --help fast

    if is_temporary(name):
        return "hidden or unfinished by their names"
    if not policy.is_video(name):
        return f"whose names end in none of {' '.join(extensions)} (intake.extensions)"
    try:
        mode = os.lstat(os.path.join(top, name)).st_mode  # noqa: PTH118 - bytes paths
    except OSError:
        return None  # gone meanwhile
    if stat.S_ISLNK(mode):
        return "links, which are not followed"
    return None if stat.S_ISREG(mode) else "no regular files"
