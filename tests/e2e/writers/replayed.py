"""Programs that cannot run here, step by step as they were recorded or as their source says.

Each is a table of steps on the names it uses; `N` is the final name. What the steps leave out is silence.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable

from processes import until
from writers.scene import Scene, Writer

PAUSE_S = 3.0
"""Longer than the quiet windows of local files: what may be taken in the middle of the steps is taken."""

Step = Callable[[Scene], None]


def _named(scene: Scene, name: str) -> str:
    """Spell a name: N is the final one."""
    return str(scene.folder / name.replace("N", scene.target.name))


def write(name: str, *, first: float = 0.0, last: float = 1.0, keep: bool = False) -> Step:
    """Open the file, write the share of the video between `first` and `last` where it belongs, and close it.

    keep: what is there stays, also where the share begins with the first byte.
    """

    def step(scene: Scene) -> None:
        content = scene.content
        begin, end = int(first * len(content)), int(last * len(content))
        with open(_named(scene, name), "r+b" if first or keep else "wb") as file:  # noqa: PTH123 - a spelt name
            file.seek(begin)
            file.write(content[begin:end])

    return step


def fill(name: str, *, first: float = 0.0, last: float = 1.0) -> Step:
    """Write a part into a file that has its size already."""
    return write(name, first=first, last=last, keep=True)


def empty(name: str) -> Step:
    return write(name, last=0.0)


def pause(scene: Scene) -> None:
    del scene
    time.sleep(PAUSE_S)


def ended(scene: Scene) -> None:
    """From here on the video may be taken, whatever its own times say."""
    scene.ended_at = time.time()


def rename(old: str, new: str = "N") -> Step:
    return lambda scene: os.rename(_named(scene, old), _named(scene, new))  # noqa: PTH104


def link(old: str, new: str = "N") -> Step:
    return lambda scene: os.link(_named(scene, old), _named(scene, new))


def copy(old: str, new: str = "N") -> Step:
    return lambda scene: shutil.copyfile(_named(scene, old), _named(scene, new)) and None


def remove(name: str) -> Step:
    return lambda scene: os.unlink(_named(scene, name))  # noqa: PTH108


def folder(name: str) -> Step:
    return lambda scene: os.mkdir(_named(scene, name))  # noqa: PTH102


def set_size(name: str) -> Step:
    """The whole size at once, with nothing written: a hole."""

    def step(scene: Scene) -> None:
        with open(_named(scene, name), "wb") as file:  # noqa: PTH123 - a spelt name
            file.truncate(scene.source.stat().st_size)

    return step


def old_time(name: str) -> Step:
    return lambda scene: os.utime(_named(scene, name), (1_600_000_000, 1_600_000_000))


def size_first_held_open(scene: Scene) -> None:
    content = scene.content
    with scene.target.open("wb", buffering=0) as file:
        file.truncate(len(content))
        time.sleep(PAUSE_S)
        file.write(content[: len(content) // 2])
        time.sleep(PAUSE_S)
        file.write(content[len(content) // 2 :])


def indexer(scene: Scene) -> None:
    """Opens for writing and writes nothing, sets modes and attributes; and times, while the video is worked on."""
    content = scene.content
    scene.target.write_bytes(content)
    scene.ended_at = time.time()
    for mode in (0o600, 0o640, 0o644) * 5:
        scene.target.open("ab").close()
        scene.target.chmod(mode)
        os.setxattr(scene.target, "user.indexed", b"%o" % mode)
        time.sleep(0.2)
    until(lambda: (job := scene.job()) is not None and job.queued_at is not None, "it is taken")
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s and (job := scene.job()) is not None and job.state in {"queued", "running"}:
        os.utime(scene.target)
        time.sleep(0.05)
    os.utime(scene.target)


def under(temporary: str) -> Callable[[Scene], None]:
    """Write under a temporary name, with pauses, and rename."""
    return _steps(write(temporary, last=0.5), pause, write(temporary, first=0.5), pause, rename(temporary))


def staged_in(hidden: str) -> Callable[[Scene], None]:
    """Write in a folder of the program's own, and rename out of it."""
    return _steps(
        folder(hidden),
        write(f"{hidden}/N", last=0.5),
        pause,
        write(f"{hidden}/N", first=0.5),
        pause,
        rename(f"{hidden}/N"),
    )


def _steps(*steps: Step) -> Callable[[Scene], None]:
    def run(scene: Scene) -> None:
        for step in steps:
            step(scene)

    return run


_RENAMED, _FILLED = "it is renamed to its final name", "no hole is in it"
_TABLE: tuple[tuple[str, Callable[[Scene], None], str], ...] = (
    ("hidden name (.NAME)", under(".N"), _RENAMED),
    ("Office, Windows (~NAME)", under("~N"), _RENAMED),
    ("WinSCP, FileZilla (.filepart)", under("N.filepart"), _RENAMED),
    (
        "temporary name, link and unlink",
        _steps(write("N.filepart"), pause, link("N.filepart"), remove("N.filepart")),
        "at once",
    ),
    (
        "temporary name, copy and delete",
        _steps(write("N.filepart"), pause, copy("N.filepart"), pause, pause, remove("N.filepart"), ended),
        "its temporary file is gone",
    ),
    (
        "Finder over SMB",
        _steps(write("._N", last=0.001), empty("N"), pause, write("N", last=0.5), pause, write("N", first=0.5)),
        "its container is closed; empty files are never taken",
    ),
    ("Windows Explorer over SMB", size_first_held_open, "the last writer closes it"),
    (
        "Windows Explorer over SMB, opened anew for every piece",
        _steps(set_size("N"), pause, fill("N", last=0.5), pause, fill("N", first=0.5), old_time("N")),
        _FILLED,
    ),
    ("NAS scanner and indexer, touching it all the time", indexer, "its bytes stand still; touches are no news"),
    ("Dropbox (.dropbox.cache)", staged_in(".dropbox.cache"), _RENAMED),
    ("Maestral (.maestral.cache)", staged_in(".maestral.cache"), _RENAMED),
    ("Google Drive (.tmp.drivedownload)", staged_in(".tmp.drivedownload"), _RENAMED),
    ("OneDrive client for Linux (.partial)", under("N.partial"), _RENAMED),
    (
        "OneDrive, Dropbox: placeholder filled on demand",
        _steps(set_size("N"), old_time("N"), pause, pause, fill("N"), old_time("N")),
        _FILLED,
    ),
    ("Nextcloud client (.NAME.~hex)", _steps(under(".N.~1f2e"), old_time("N")), _RENAMED),
    ("Nextcloud server (.ocTransferId.part)", under("N.ocTransferId812.part"), _RENAMED),
    ("Safari (.download bundle)", staged_in("N.download"), _RENAMED),
    ("qBittorrent (.!qB)", _steps(set_size("N.!qB"), pause, fill("N.!qB"), rename("N.!qB")), _RENAMED),
    ("yt-dlp (.part)", _steps(under("N.part"), old_time("N")), _RENAMED),
)

WRITERS = tuple(Writer(name, run, taken, replayed=True) for name, run, taken in _TABLE)
