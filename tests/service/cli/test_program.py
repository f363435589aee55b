"""The program as a whole: help, exit codes, messages without tracebacks, and what it does not import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.cli.main import cli

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = [[], *([name] for name in cli.commands), ["config", "show"], ["config", "check"]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "reelwatch")
def test_help(home: Any, command: list[str]) -> None:
    result = home.run(*command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: reelwatch")
    assert "\\b" not in result.stdout


def test_the_list_of_commands_is_not_cut_short(home: Any) -> None:
    listed = home.run("--help").stdout.split("Commands:")[1]
    assert "..." not in listed
    assert all(f"  {name} " in listed for name in cli.commands)


def test_version(home: Any) -> None:
    result = home.run("--version")
    assert result.stdout.startswith("reelwatch, version ")


WRONG = {
    "unknown command": (["rnu"], 2, "No such command 'rnu'"),
    "unknown option": (["run", "--inbx"], 2, "No such option"),
    "an inbox that is not there": (["run", "--inbox", "none"], 78, "--inbox {home}/none: there is no such folder"),
    "nothing to process": (["process"], 2, "Missing argument"),
    "neither paths nor all": (["retry"], 2, "name the videos, or give --all"),
    "both paths and all": (["reprocess", "--all", "a.mp4"], 2, "not both"),
    "no ledger": (["status"], 1, "there is no ledger here yet"),
    "no output": (["export", "srt"], 2, "there is no such output folder"),
    "unknown format": (["export", "pdf"], 2, "'pdf' is not one of"),
    "a settings file that is not there": (["config", "show", "--config", "none.toml"], 78, "there is no such file"),
    "state that is a file": (["process", "a.mp4", "--state", "file"], 2, "Directory 'file' is a file"),
    "state below a file": (
        ["run", "--state", "file/state"],
        78,
        "state.dir = {home}/file/state: cannot be made: Not a",
    ),
    "output below a file": (["process", "a.mp4", "--output", "file/out"], 78, "output.dir = {home}/file/out: cannot"),
    "contradiction": (["run", "--inbox", "inbox", "--output", "inbox/out"], 78, "lies inside the inbox"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), WRONG.values(), ids=WRONG.keys())
def test_errors_of_users(home: Any, arguments: list[str], code: int, message: str) -> None:
    (home.path / "file").touch()
    result = home.run(*arguments)
    assert (result.exit_code, message.format(home=home.path) in result.stderr) == (code, True), result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_run_wants_an_inbox(home: Any) -> None:
    home.monkeypatch.delenv("REELWATCH_INTAKE__INBOXES")
    result = home.run("run")
    assert (result.exit_code, "no inbox is named" in result.stderr) == (2, True)


def program(*arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REELWATCH_")}
    command = [sys.executable, "-m", "service.cli.main", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment | environ, capture_output=True, check=False, timeout=60)


def test_a_real_process_exits_with_the_code_of_its_error() -> None:
    result = program("status", REELWATCH_LOG__LEVEL="loud")
    assert result.returncode == 78
    assert result.stderr.startswith(b"reelwatch: $REELWATCH_LOG__LEVEL: log.level")


def test_nobody_reading_any_more_is_no_error_worth_a_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "service.cli.main", "schema"]
    result = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert (result.returncode, result.stderr) == (1, b"")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, service.cli.main as main; main._run(['--help']);"
        "print(sorted({'ray', 'cv2', 'av', 'numpy', 'sqlalchemy', 'pydantic', 'rich', 'structlog'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=60)
    assert result.stdout.rstrip().endswith(b"[]")
