"""What an export never overwrites: videos, documents, files of strangers; and where it never writes: inboxes."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from service.errors import UsageError
from service.exports.formats import TableFormat
from service.exports.tables import AnyTable

_DOCUMENT = ".json"


@dataclass(frozen=True, slots=True)
class Fence:
    """Where no export goes, whatever is asked.

    inboxes: absolute folders; a text or table there would be read back as a video's description. extensions: endings of
    videos, with their dots.
    """

    inboxes: tuple[bytes, ...] = ()
    extensions: tuple[str, ...] = ()

    def refuse(self, path: Path, *, what: str) -> None:
        """Raise `UsageError` where `path` must not be written; links in it are followed."""
        real = os.path.realpath(path)
        for inbox in self.inboxes:
            folder = os.path.realpath(os.fsdecode(inbox))
            if real == folder or real.startswith(folder.rstrip("/") + "/"):
                raise UsageError(
                    f"--out {path}: lies inside the inbox {folder}, where {what} would be taken for somebody's. "
                    "Choose a place outside every inbox."
                )
        ending = os.path.splitext(real)[1].lower()  # noqa: PTH122 - `real` is a text
        if ending in self.extensions and not os.path.isdir(real):  # noqa: PTH112 - as above
            raise UsageError(f"--out {path}: is the name of a video, not of {what}. Choose another name.")
        if ending == _DOCUMENT and not os.path.isdir(real):  # noqa: PTH112 - as above
            raise UsageError(f"--out {path}: is the name of a document, not of {what}. Choose another name.")


def refuse_strangers(path: Path, table: AnyTable, form: TableFormat) -> None:
    """Raise `UsageError` unless `path` is free, empty, or such a table that an earlier export wrote."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise UsageError(f"--out {path}: is no regular file. Name a file, or leave --out away to print the table.")
        with path.open("rb") as file:
            ours = not os.fstat(file.fileno()).st_size or form.holds(table, file)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as exc:
        raise UsageError(f"--out {path}: is there and cannot be read: {exc.strerror}. Name another file.") from exc
    if not ours:
        raise UsageError(
            f"--out {path}: is there, and is no table of {table.name} that an export has written as {form.name}. Name "
            "another file, or give --force to replace it."
        )
