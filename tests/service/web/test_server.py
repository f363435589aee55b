"""The command as its users start it: alone, and beside the service for as long as that lives."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from loopback import free_port
from waiting import LIMIT_S, until

from service.configuration import load
from service.errors import ConfigError
from service.web.server import _bound, serve
from service.web_process import WebProcess

PROGRAM = (sys.executable, "-m", "service.cli.main")


def asked(port: int, path: str = "/health") -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def environ(port: int) -> dict[str, str]:
    models = ("VAD", "ASR", "DIARIZATION", "CAPTIONS", "OBJECTS", "OCR", "AUDIO", "FRAMES")
    off = {f"REELWATCH_STAGES__{stage}__BACKENDS": "[]" for stage in models}
    listen = {"REELWATCH_WEB__LISTEN": f'"127.0.0.1:{port}"', "REELWATCH_POOL__KIND": '"local"'}
    return {**os.environ, **off, **listen}


def test_alone_without_a_ledger_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    command = [*PROGRAM, "web", "--port", str(port), "--state", tmp_path / "s", "--output", tmp_path / "o"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    health = until(lambda: asked(port), "it answers")
    assert (health["live"], health["ready"]) == (True, False)
    process.terminate()
    _, stderr = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert f"Reelwatch is at http://127.0.0.1:{port}/" in stderr
    assert [json.loads(line)["event"] for line in stderr.splitlines() if line.startswith("{")] == [
        "web.listening",
        "web.stopped",
    ]


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        loaded = load({"state.dir": tmp_path / "s", "output.dir": tmp_path / "o", "web.listen": listen})
        with pytest.raises(ConfigError, match="--port N"):
            serve(loaded.configuration, lambda *_, **__: None, listening=pytest.fail)


def test_beside_the_service_again_when_it_dies_and_never_without_it(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "in").mkdir()
    folders = ["--inbox", tmp_path / "in", "--output", tmp_path / "o", "--state", tmp_path / "s"]
    service = subprocess.Popen(
        [*PROGRAM, "run", *folders, "--web"], env=environ(port), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        until(lambda: (asked(port) or {}).get("ready"), "the web face says that the service is ready")
        os.kill(web_of(service.pid), signal.SIGKILL)
        until(lambda: asked(port) is None, "it is gone")
        until(lambda: asked(port), "it answers again")
        service.kill()
        _, stderr = service.communicate(timeout=LIMIT_S)
        until(lambda: asked(port) is None, "the web face has ended too")
    finally:
        if service.poll() is None:
            service.kill()
            service.wait()
    lines = [json.loads(line) for line in stderr.splitlines() if line.startswith(b"{")]
    assert [line["exit_code"] for line in lines if line["event"] == "web.ended"] == [-signal.SIGKILL]


def test_it_ends_when_the_service_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("REELWATCH_WEB__LISTEN", f'"127.0.0.1:{port}"')
    told: list[str] = []
    arguments = ["--state", str(tmp_path / "s"), "--output", str(tmp_path / "o")]
    with WebProcess(arguments, lambda event, **_: told.append(event)):
        until(lambda: asked(port), "it answers")
    assert asked(port) is None
    assert told == []


def web_of(service_pid: int) -> int:
    """The web face among the processes that a service has started."""
    tasks = Path(f"/proc/{service_pid}/task").glob("*/children")
    children = [int(pid) for task in tasks for pid in task.read_text().split()]
    (web,) = [pid for pid in children if b"\0web\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return web


def test_an_answer_is_not_held_back_for_the_client_to_confirm_its_head() -> None:
    bound = _bound("127.0.0.1", 0)
    with bound, socket.create_connection(bound.getsockname()):
        accepted, _ = bound.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP, "else asyncio leaves TCP_NODELAY off"
