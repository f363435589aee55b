"""Intake with the real watch in real time, and no sweep that would make good for a lost hint.

The real programs write to the whole service in `tests/e2e/writers`.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.clock import SystemClock
from service.intake.fake_ledger import FakeLedger
from service.intake.intake import Intake
from service.intake.settings import IntakeSettings
from service.ledger.states import State

from .conftest import Events

Writer = Callable[[Path, Path], None]


def command(*words: str) -> Writer:
    """A program found on PATH; `{from}` and `{to}` stand for the paths."""

    def run(source: Path, target: Path) -> None:
        subprocess.run([word.format(**{"from": source, "to": target}) for word in words], check=True)

    run.__doc__ = words[0]
    return run


def copy2(source: Path, target: Path) -> None:
    shutil.copy2(source, target)


def atomic_rename(source: Path, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.Ab12Cd")
    shutil.copyfile(source, temporary)
    temporary.rename(target)


def link_and_unlink(source: Path, target: Path) -> None:
    """SFTP v3 has no rename over an existing name: servers link and unlink; no CLOSE_WRITE, no MOVED_TO."""
    temporary = target.with_name(f"{target.name}.filepart")
    shutil.copyfile(source, temporary)
    os.link(temporary, target)
    temporary.unlink()


def tree_moved_in(source: Path, target: Path) -> None:
    tree = source.parent / f"tree-{target.stem}"
    (tree / "deep").mkdir(parents=True)
    shutil.copyfile(source, tree / "deep" / target.name)
    tree.rename(target.parent / tree.name)


def tar_extracted(source: Path, target: Path) -> None:
    with tarfile.open(source.parent / "x.tar", "w") as archive:
        archive.add(source, f"extracted/{target.name}")
    with tarfile.open(source.parent / "x.tar") as archive:
        archive.extractall(target.parent, filter="data")


def chrome(source: Path, target: Path) -> None:
    """Chromium makes an empty final name, then renames the finished download over it."""
    temporary = target.with_name(f"{target.name}.crdownload")
    target.touch()
    shutil.copyfile(source, temporary)
    time.sleep(1.2)
    temporary.rename(target)


def finder(source: Path, target: Path) -> None:
    """Finder over SMB: AppleDouble beside it, closed empty, filled later."""
    target.with_name(f"._{target.name}").write_bytes(b"\x00\x05\x16\x07")
    target.touch()
    time.sleep(1.2)
    target.write_bytes(source.read_bytes())


def slow_one_descriptor(source: Path, target: Path) -> None:
    content = source.read_bytes()
    with target.open("wb", buffering=0) as file:
        for third in (content[:3000], content[3000:6000], content[6000:]):
            file.write(third)
            time.sleep(1.3)


def slow_reopening(source: Path, target: Path) -> None:
    content = source.read_bytes()
    for third in (content[:3000], content[3000:6000], content[6000:]):
        with target.open("ab") as file:
            file.write(third)
        time.sleep(1.3)


def reserved_space(source: Path, target: Path) -> None:
    content = source.read_bytes()
    with target.open("wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, len(content))
        time.sleep(1.3)
        file.write(content)


def mapped(source: Path, target: Path) -> None:
    content = source.read_bytes()
    with target.open("w+b") as file:
        file.truncate(len(content))
        memory = mmap.mmap(file.fileno(), len(content))
    time.sleep(1.3)
    memory[:] = content
    memory.close()


def aria2(source: Path, target: Path) -> None:
    """Parallel ranges into the final name, beside a control file."""
    control = target.with_name(f"{target.name}.aria2")
    control.touch()
    content = source.read_bytes()
    with target.open("wb") as file:
        file.seek(len(content) // 2)
        file.write(content[len(content) // 2 :])
    time.sleep(1.3)
    with target.open("r+b") as file:
        file.write(content[: len(content) // 2])
    control.unlink()


WRITERS: dict[str, Writer] = {
    "cp": command("cp", "--", "{from}", "{to}"),
    "cp -a": command("cp", "-a", "--", "{from}", "{to}"),
    "shell": command("sh", "-c", "cat '{from}' > '{to}'"),
    "dd": command("dd", "if={from}", "of={to}", "bs=1000", "status=none"),
    "rsync": command("rsync", "-a", "{from}", "{to}"),
    "rsync --inplace": command("rsync", "--inplace", "{from}", "{to}"),
    "copy2": copy2,
    "atomic rename": atomic_rename,
    "sftp link and unlink": link_and_unlink,
    "directory moved in": tree_moved_in,
    "tar": tar_extracted,
    "chromium": chrome,
    "finder over smb": finder,
    "slow, one descriptor": slow_one_descriptor,
    "slow, reopening": slow_reopening,
    "reserved space": reserved_space,
    "mapped": mapped,
    "aria2": aria2,
}


@contextlib.contextmanager
def running(root: Path, ledger: FakeLedger, **settings: Any) -> Iterator[Intake]:
    """An intake in a thread of its own, as the daemon runs it."""
    clock, ended = SystemClock(), threading.Event()
    intake = Intake([os.fsencode(root)], IntakeSettings(**settings), ledger, Events(), clock)
    errors: list[BaseException] = []

    def loop() -> None:
        try:
            while not ended.is_set():
                intake.step(clock.monotonic())
                intake.wait(0.2)
        except BaseException as error:  # noqa: BLE001 - raised again below, in the test's thread
            errors.append(error)

    intake.start()
    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield intake
    finally:
        ended.set()
        thread.join()
        intake.stop()
    assert errors == []


def test_every_writer_is_taken_once_and_whole_by_hints_alone(
    tmp_path: Path, media: Any, eventually: Callable[..., None]
) -> None:
    root = tmp_path / "inbox"
    root.mkdir()
    ledger = FakeLedger()
    writers = {name: write for name, write in WRITERS.items() if not name.startswith("rsync") or shutil.which("rsync")}
    sources: dict[bytes, Path] = {}
    with running(root, ledger, sweep_s=1e6):
        threads = []
        for number, (name, write) in enumerate(writers.items()):
            source = tmp_path / "sources" / str(number) / "source"
            source.parent.mkdir(parents=True)
            source.write_bytes(media.mp4(b"\x00\x00\x00\x10%08d" % number * 900))
            sources[b"%d.mp4" % number] = source
            threads.append(threading.Thread(target=write, args=(source, root / f"{number}.mp4"), name=name))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(lambda: sum(row.state is State.QUEUED for row in ledger.rows) >= len(writers), within_s=20)
        time.sleep(1.0)  # whatever would come twice comes now
    taken: dict[bytes, list[int]] = {}
    for row in ledger.rows:
        if row.state is not State.GONE:
            taken.setdefault(row.location[1].rpartition(b"/")[2], []).append(row.size)
    assert taken == {name: [source.stat().st_size] for name, source in sources.items()}
    for row in ledger.rows:
        content = (root / os.fsdecode(row.location[1])).read_bytes()
        assert content == sources[row.location[1].rpartition(b"/")[2]].read_bytes()


def test_a_rename_is_taken_within_three_seconds(tmp_path: Path, media: Any, eventually: Callable[..., None]) -> None:
    root = tmp_path / "inbox"
    root.mkdir()
    ledger = FakeLedger()
    with running(root, ledger):
        for number in range(5):
            (tmp_path / "x").write_bytes(media.mp4())
            (tmp_path / "x").rename(root / f"{number}.mp4")
            eventually(lambda: ledger.states().get(b"%d.mp4" % number) is State.QUEUED, within_s=3)  # noqa: B023 - called at once


@pytest.mark.parametrize("fault", ["the dispatcher dies", "an emitter ends", "the root is replaced"])
def test_a_deaf_watcher_loses_nothing(tmp_path: Path, media: Any, eventually: Callable[..., None], fault: str) -> None:
    root = tmp_path / "inbox"
    root.mkdir()
    ledger = FakeLedger()
    with running(root, ledger, sweep_s=2.0) as intake:
        (root / "before.mp4").write_bytes(media.mp4())
        eventually(lambda: ledger.states().get(b"before.mp4") is State.QUEUED)
        watch: Any = intake._inboxes[0]._watch._watch
        if fault == "the dispatcher dies":
            watch._observer.stop()
        elif fault == "an emitter ends":
            next(iter(watch._observer.emitters)).stop()
        else:
            root.rename(tmp_path / "aside")
            root.mkdir()
        (root / "after.mp4").write_bytes(media.mp4())
        eventually(lambda: ledger.states().get(b"after.mp4") is State.QUEUED)
        eventually(lambda: intake._inboxes[0]._watch._watch not in {watch, None})
        (root / "later.mp4").write_bytes(media.mp4())
        eventually(lambda: ledger.states().get(b"later.mp4") is State.QUEUED)
    assert "gone" not in {str(state) for state in ledger.states().values()}
