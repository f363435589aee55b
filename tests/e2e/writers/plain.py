"""Writers of every system: copying, moving, linking, unpacking."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path

from writers.scene import Scene, Unavailable, Writer

ON_CLOSE = "the last writer closes it"


def cp(scene: Scene) -> None:
    scene.run("cp", scene.source, scene.target)


def cp_keeping_times(scene: Scene) -> None:
    old_s = time.time() - 86_400
    os.utime(scene.source, (old_s, old_s))
    scene.run("cp", "-a", scene.source, scene.target)
    assert abs(scene.target.stat().st_mtime - old_s) < 1


def cp_killed(scene: Scene) -> None:
    """`cp` copies within the kernel, too fast to be caught; from a pipe it is as slow as what feeds it."""
    fifo = scene.away / "fifo"
    os.mkfifo(fifo)
    with_cp = ("cp", "--copy-contents", fifo, scene.target)
    feeder = os.open(fifo, os.O_RDWR)
    os.set_blocking(feeder, False)
    content, sent = scene.content, 0

    def fed() -> bool:
        nonlocal sent
        while sent < len(content) // 2:
            try:
                sent += os.write(feeder, content[sent : sent + 65_536])
            except BlockingIOError:
                return False
        return scene.grown()

    try:
        scene.broken_off(*with_cp, when=fed, with_signal=signal.SIGKILL)
    finally:
        os.close(feeder)
    scene.wait_for_refusal()
    cp(scene)


def mv(scene: Scene) -> None:
    scene.run("mv", scene.source, scene.target)


def mv_across(scene: Scene) -> None:
    with tempfile.TemporaryDirectory(dir=another_file_system(scene)) as other:
        scene.run("cp", "-p", scene.source, f"{other}/source")
        scene.run("mv", f"{other}/source", scene.target)


def another_file_system(scene: Scene) -> Path:
    """Return a folder on another file system than the inbox's."""
    memory = Path("/dev/shm")  # noqa: S108 - another file system is what is wanted
    if not memory.is_dir() or memory.stat().st_dev == scene.folder.stat().st_dev:
        raise Unavailable(f"{memory} is no file system of its own")
    return memory


def install(scene: Scene) -> None:
    scene.run("install", "-m", "644", scene.source, scene.target)


def hard_link(scene: Scene) -> None:
    scene.run("ln", scene.source, scene.target)


def unnamed_then_linked(scene: Scene) -> None:
    """open(2): an O_TMPFILE is given its name by linkat(2) on /proc/self/fd."""
    fd = os.open(scene.folder, os.O_TMPFILE | os.O_WRONLY, 0o644)
    names = os.open("/proc/self/fd", os.O_PATH)  # os.link follows a link only from a folder's descriptor
    try:
        os.write(fd, scene.content)
        os.link(str(fd), scene.target, src_dir_fd=names, follow_symlinks=True)
        time.sleep(1.5)
        scene.ended_at = time.time()
    finally:
        os.close(fd)
        os.close(names)


def folder_moved_in(scene: Scene) -> None:
    tree = scene.away / "tree"
    scene.target = scene.folder / "tree" / "deep" / scene.target.name
    (tree / "deep").mkdir(parents=True)
    scene.source.rename(tree / "deep" / scene.target.name)
    scene.run("mv", tree, scene.folder / "tree")


def cp_recursive(scene: Scene) -> None:
    tree = scene.away / "tree"
    scene.target = scene.folder / "tree" / "deep" / scene.target.name
    (tree / "deep").mkdir(parents=True)
    scene.source.rename(tree / "deep" / scene.target.name)
    scene.run("cp", "-r", tree, scene.folder)


def tar(scene: Scene) -> None:
    name = f"deep/{scene.target.name}"
    (scene.away / "deep").mkdir()
    scene.source.rename(scene.away / name)
    scene.run("tar", "-cf", "all.tar", name)
    scene.target = scene.folder / name
    scene.run("tar", "-xf", "all.tar", "-C", scene.folder)


def shell(scene: Scene) -> None:
    scene.run("sh", "-c", f"cat '{scene.source}' > '{scene.target}'")


def cp_over(scene: Scene) -> None:
    scene.run("cp", scene.source, scene.target)
    scene.run("cp", scene.replaced(), scene.target)


def mv_over(scene: Scene) -> None:
    scene.run("mv", scene.source, scene.target)
    scene.source = scene.target
    scene.run("mv", scene.replaced(), scene.target)


WRITERS = (
    Writer("cp", cp, ON_CLOSE, needs=("cp",)),
    Writer("cp -a", cp_keeping_times, f"{ON_CLOSE}; its old time is no sign", needs=("cp",)),
    Writer(
        "cp, killed and run again", cp_killed, f"{ON_CLOSE}, and its container is closed", needs=("cp",), aborts=True
    ),
    Writer("mv, same file system", mv, "at once", needs=("mv",)),
    Writer("mv, other file system", mv_across, ON_CLOSE, needs=("mv",)),
    Writer("cp over an earlier video", cp_over, ON_CLOSE, needs=("cp",), generations=2),
    Writer("mv over an earlier video", mv_over, "at once", needs=("mv",), generations=2),
    Writer("install", install, ON_CLOSE, needs=("install",)),
    Writer("ln (hard link)", hard_link, "at once", needs=("ln",)),
    Writer("O_TMPFILE and linkat", unnamed_then_linked, ON_CLOSE),
    Writer("folder moved in", folder_moved_in, "at once", needs=("mv",)),
    Writer("cp -r", cp_recursive, ON_CLOSE, needs=("cp",)),
    Writer("tar -x", tar, ON_CLOSE, needs=("tar",)),
    Writer("cat > file", shell, ON_CLOSE, needs=("sh",)),
)
