"""Which rule keeps one file out of an inbox, as a sentence."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from service.cli.common import printable


def kept_out(path: bytes, extensions: Sequence[str]) -> str | None:
    """Name the rule about names that keeps a file out, None when none does; `path` is relative to its inbox."""
    from service.intake.names import SIDECAR_SUFFIXES, NamePolicy, is_temporary  # noqa: PLC0415 - keeps --help fast

    policy = NamePolicy(tuple(extensions))
    *folders, name = path.split(b"/")
    pruned = next((folder for folder in folders if policy.is_pruned(folder)), None)
    if pruned is not None:
        return f"folders named {printable(pruned)} are never entered (hidden, or of a system or another program)"
    if is_temporary(name):
        return "its name is hidden or one that programs give to unfinished files; it is taken when it gets its own name"
    if not policy.is_video(name):
        if name.endswith(SIDECAR_SUFFIXES):
            return "it is no video; beside a video of the same name it is read as its description"
        return f"its name ends in none of {' '.join(extensions)} (intake.extensions)"
    return None


def wrong_kind(path: bytes) -> str | None:
    """Say what is wrong with the kind of file, None when nothing is."""
    try:
        mode = os.lstat(path).st_mode
    except OSError as exc:
        return f"it cannot be looked at: {exc.strerror}"
    if stat.S_ISLNK(mode):
        return "it is a symbolic link, and links are not followed"
    if stat.S_ISDIR(mode):
        return "it is a folder; ask for one of the files in it, or for `reelwatch status`"
    return None if stat.S_ISREG(mode) else "it is no regular file"
