"""Which files may be asked for by their path: those beneath an allowed root, links followed before and never after."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.intake.enlist import Refused, look
from service.intake.names import NamePolicy, is_temporary, shown
from service.intake.ports import Location
from service.received.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Admission:
    """The rule. Folders are absolute, in the file system's own bytes.

    roots: allowed ones, those first that others are to be known by. never: folders that no file is admitted from,
    unless one of the roots lies in them.
    """

    roots: Sequence[bytes]
    never: Sequence[bytes] = ()

    def admit(self, path: bytes) -> Location | Refusal:
        """Return where a file lies, as (root, path below it), or why it is not admitted.

        Of what lies outside the roots nothing is told, not even whether it is there. Whoever opens the file does so
        beneath its root, so that a link put in the way afterwards leads nowhere.
        """
        if not path.startswith(b"/") or b"\0" in path:
            return Refusal("not_absolute", "name the whole path, from / on")
        real = os.path.realpath(path)
        place = self._place(real)
        if place is None:
            allowed = ", ".join(map(shown, self.roots)) or "none"
            return Refusal(
                "outside_roots",
                f"it lies in none of the folders that may be asked for ({allowed}). Put it into an inbox, or name its "
                "folder in requests.roots.",
            )
        if _unfinished(place[1]):
            return Refusal("unfinished", "its name, or its folder's, is one for what is hidden or not finished")
        found = look(*place)
        return Refusal(found.reason, found.detail) if isinstance(found, Refused) else place

    def _place(self, real: bytes) -> Location | None:
        holding = [(root, at) for root in self.roots if _within(real, at := os.path.realpath(root))]
        if not holding:
            return None
        root, at = max(holding, key=lambda pair: len(pair[1]))
        kept_out = [folder for folder in map(os.path.realpath, self.never) if _within(real, folder)]
        if any(not _within(at, folder) for folder in kept_out):
            return None
        return root, b"" if real == at else os.path.relpath(real, at)


def _within(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _unfinished(path: bytes) -> bool:
    *folders, name = path.split(b"/")
    return is_temporary(name) or any(NamePolicy().is_pruned(folder) for folder in folders)


def configured(folder: Path) -> bytes:
    """Return a configured folder as an absolute path, its links left as they are."""
    return os.fsencode(folder.absolute())
