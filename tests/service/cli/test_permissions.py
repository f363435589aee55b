"""What may not be read or written, as a user meets it: real programs that obey the permissions of files."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "e2e"))
processes = importlib.import_module("processes")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Any]:
    made = processes.Home(tmp_path, processes.WITHOUT_MODELS)
    made.output.mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ledger.sqlite3").touch()
    yield made
    for folder in (made.path / "state", made.output, made.inbox):
        folder.chmod(0o700)


def run(home: Any, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    ended = home.run(*arguments, preexec_fn=processes.obey_permissions)
    assert b"Traceback" not in ended.stderr
    return ended


READING = {
    "status": ["status"],
    "why": ["why", "in/a.mp4"],
    "retry": ["retry", "--all"],
    "reprocess": ["reprocess", "--all"],
    "export": ["export", "csv"],
}


@pytest.mark.parametrize("command", READING.values(), ids=READING.keys())
def test_a_state_that_may_not_be_read(home: Any, command: list[str]) -> None:
    (home.path / "state").chmod(0)
    ended = run(home, *command, "--state", home.path / "state")
    assert (ended.returncode, ended.stdout) == (78, b"")
    assert b"state/ledger.sqlite3: may not be read: Permission denied. Run this as the user" in ended.stderr


@pytest.mark.parametrize("command", [["run"], ["config", "check"], ["process", "in"]], ids=" ".join)
def test_an_output_that_may_not_be_written(home: Any, command: list[str]) -> None:
    home.output.chmod(0o500)
    ended = run(home, *command)
    assert ended.returncode == 78
    assert f"output.dir = {home.output}: may not be written. Give this user the right".encode() in ended.stderr


def test_an_output_that_may_not_be_read(home: Any) -> None:
    home.output.chmod(0)
    ended = run(home, "export", "srt")
    assert (ended.returncode, b"may not be read: Permission denied" in ended.stderr) == (78, True)


def test_a_file_that_may_not_be_read_does_not_stop_the_others(home: Any) -> None:
    (home.path / "state" / "ledger.sqlite3").unlink()
    (home.path / "closed.mp4").touch(mode=0)
    (home.path / "text.mp4").write_text("no video")
    ended = run(home, "process", "closed.mp4", "text.mp4")
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"closed.mp4: no document: refused: it cannot be read: Permission denied" in ended.stderr
    assert b"text.mp4: no document: rejected: " in ended.stderr


BAD_INBOXES = {
    "one that is not there, and one that is": (["--inbox", "none", "--inbox", "in"], None),
    "one that cannot be read, and one that can": (["--inbox", "closed", "--inbox", "in"], None),
    "none that is there": (
        ["--inbox", "none", "--inbox", "nil"],
        b"none: there is no such folder. Create it (mkdir -p)",
    ),
    "none that can be read": (["--inbox", "closed"], b"closed: cannot be read: Permission denied. Correct the path"),
    "configured, none that can be read": ([], b"intake.inboxes: "),
}


@pytest.mark.fault("no inbox can be read at the start")
@pytest.mark.parametrize(("flags", "refusal"), BAD_INBOXES.values(), ids=BAD_INBOXES.keys())
def test_an_inbox_that_cannot_be_watched(home: Any, flags: list[str], refusal: bytes | None) -> None:
    (home.path / "state" / "ledger.sqlite3").unlink()
    (home.path / "closed").mkdir(mode=0)
    if not flags:
        home.inbox.chmod(0)
    with home.start("run", *flags, preexec_fn=processes.obey_permissions) as serving:
        if refusal is None:
            lines = iter(serving.stderr.readline, b"")
            assert b"It is watched as soon as it can be." in next(lines)
            assert any(b'"root.lost"' in line for line in lines)
            assert any(b'"service.ready"' in line for line in lines)
            serving.terminate()
        _, stderr = serving.communicate(timeout=60)
    assert serving.returncode == (0 if refusal is None else 78)
    assert (refusal or b"") in stderr
    assert b"Traceback" not in stderr


def test_a_configured_inbox_may_come_later(home: Any) -> None:
    (home.path / "state" / "ledger.sqlite3").unlink()
    home.inbox.rmdir()
    with home.start("run") as serving:
        lines = iter(serving.stderr.readline, b"")
        assert any(b'"service.ready"' in line for line in lines)
        os.mkdir(home.inbox)  # noqa: PTH102 - as a mount would
        assert any(b'"root.back"' in line for line in lines)
        serving.terminate()
        serving.communicate(timeout=60)
    assert serving.returncode == 0
