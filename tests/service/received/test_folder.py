"""What is received appears whole, overwrites nothing, and leaves nothing when it is cut short."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from service.received.folder import INCOMING, landing, sweep

RECEIVE = """
import os, sys
from service.received.folder import landing
with landing(os.fsencode(sys.argv[1])) as landed:
    (landed.folder / "video").write_bytes(b"half")
    print(landed.folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "received").mkdir()
    return tmp_path / "received"


def published(root: Path, content: bytes, name: str, sidecar: bytes | None = None) -> str:
    with landing(os.fsencode(root)) as landed:
        (landed.folder / "video").write_bytes(content)
        if sidecar is not None:
            (landed.folder / "about.json").write_bytes(sidecar)
        return landed.publish("video", name=name, sidecar=None if sidecar is None else "about.json")


def held(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}


def test_a_video_and_its_description_appear_and_nothing_else_stays(root: Path) -> None:
    assert published(root, b"one", "clip.mp4", b"{}") == "clip.mp4"
    assert held(root) == {"clip.mp4": b"one", "clip.info.json": b"{}"}
    assert list((root / INCOMING).iterdir()) == []


def test_the_description_appears_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    rename = __import__("service.received.folder", fromlist=["_renamed"])._renamed

    def watched(*given: object) -> None:
        rename(*given)
        seen.append(set(held(root)))

    monkeypatch.setattr("service.received.folder._renamed", watched)
    published(root, b"one", "clip.mp4", b"{}")
    assert seen == [{"clip.info.json"}, {"clip.info.json", "clip.mp4"}]


def test_nothing_is_ever_overwritten(root: Path) -> None:
    names = [published(root, content, "clip.mp4") for content in (b"one", b"two", b"three")]
    assert held(root) == dict(zip(names, (b"one", b"two", b"three"), strict=True))
    assert names == ["clip.mp4", "clip-2.mp4", "clip-3.mp4"]


def test_many_at_once_get_names_of_their_own(root: Path) -> None:
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: names.append(published(root, b"%d" % n, "clip.mp4"))) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 20
    assert sorted(held(root).values()) == sorted(b"%d" % n for n in range(20))


def test_what_fails_leaves_nothing(root: Path) -> None:
    def failing() -> None:
        with landing(os.fsencode(root)) as landed:
            (landed.folder / "video").write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert held(root) == {}
    assert list((root / INCOMING).iterdir()) == []


def test_a_sweep_removes_what_a_killed_process_left_and_nothing_else(root: Path) -> None:
    command = [sys.executable, "-c", RECEIVE, str(root)]
    killed, alive = (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    )
    folders = [Path(process.stdout.readline().strip()) for process in (killed, alive)]
    with landing(os.fsencode(root)) as mine:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert (folders[0] / "video").exists()
        assert sweep(os.fsencode(root)) == 1
        assert [folder.exists() for folder in (*folders, mine.folder)] == [False, True, True]
        assert sweep(os.fsencode(root)) == 0
    for process in (killed, alive):
        process.communicate()
    assert list((root / INCOMING).iterdir()) == []


def test_there_is_nothing_to_sweep_before_the_first(root: Path) -> None:
    assert sweep(os.fsencode(root)) == 0
    assert sweep(os.fsencode(root / "none")) == 0
