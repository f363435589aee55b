"""What people and programs do to a file that the service has seen: each act on one file, in one place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bad_files import box


@dataclass(frozen=True)
class Site:
    """A maker of videos that differ, and a folder beside the inbox on the same file system."""

    inbox: Path
    away: Path
    model: bytes

    def content(self, text: str) -> bytes:
        """A whole video, unlike every other by a box that players skip."""
        return self.model + box(b"free", text.encode())

    def drop(self, name: str, text: str = "") -> Path:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content(text or name))
        return path


def replace(site: Site, path: Path) -> None:
    """As editors, rsync and browsers do: another file is renamed over it."""
    other = site.away / path.name
    other.write_bytes(site.content(f"other {path.name}"))
    other.rename(path)


def append(_site: Site, path: Path) -> None:
    with path.open("ab") as file:
        file.write(box(b"free", b"more"))


def rewrite(_site: Site, path: Path) -> None:
    """In place, as long as before."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(content) - 4)
        file.write(b"ELSE")


def truncate(_site: Site, path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(_site: Site, path: Path) -> None:
    os.truncate(path, 0)


def rename(_site: Site, path: Path) -> None:
    path.rename(renamed(path))


def rename_out_and_back(site: Site, path: Path) -> None:
    path.rename(site.away / path.name)
    (site.away / path.name).rename(path)


def delete(_site: Site, path: Path) -> None:
    path.unlink()


def delete_for_a_moment(site: Site, path: Path) -> None:
    """As Syncthing does: the old file goes, and the new one is renamed into its place."""
    other = site.away / path.name
    other.write_bytes(site.content(f"synced {path.name}"))
    path.unlink()
    other.rename(path)


def link(_site: Site, path: Path) -> None:
    renamed(path).hardlink_to(path)


def copy(_site: Site, path: Path) -> None:
    shutil.copy(path, renamed(path))


def swap_for_a_link(site: Site, path: Path) -> None:
    path.rename(site.away / path.name)
    path.symlink_to("/etc/passwd")


def swap_for_a_fifo(site: Site, path: Path) -> None:
    path.rename(site.away / path.name)
    os.mkfifo(path)


def swap_for_a_folder(site: Site, path: Path) -> None:
    path.rename(site.away / path.name)
    path.mkdir()


def touch(_site: Site, path: Path) -> None:
    path.touch()


def change_attributes(_site: Site, path: Path) -> None:
    path.chmod(0o640)
    if hasattr(os, "setxattr"):
        try:
            os.setxattr(path, b"user.reelwatch-test", b"seen")
        except OSError:  # a file system without them (tmpfs of old kernels)
            path.chmod(0o600)


def renamed(path: Path) -> Path:
    """Where a file goes that is renamed, linked or copied."""
    return path.with_name(f"new-{path.name}")


Act = Callable[[Site, Path], None]
HERE, THERE = "here", "there"
"""The file's own name, and the other one (`renamed`)."""


@dataclass(frozen=True)
class Ends:
    """The states in which the rows of both names end; a name without a row is left out."""

    here: str = ""
    there: str = ""

    def states(self) -> Mapping[str, str]:
        return {where: state for where, state in ((HERE, self.here), (THERE, self.there)) if state}
