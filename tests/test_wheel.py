"""The wheel alone, installed where no checkout is: it has every file it needs, and serves the dashboard."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WITHIN_S = 60.0
CARRIED = ("service/web/static", "service/web/templates", "config", "systemd", "service/demo")
PAGES = ("/", "/library", "/find", "/system", "/login", "/docs")
LINKED = re.compile(r'(?:src|href)="(/static/[^"?#]+)"')


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="hatchling is not installed (the extra `test`)")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment of its own that shares this one's libraries, but not its Reelwatch."""
    home = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", home], check=True, capture_output=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    # Only a folder of the interpreter's own has its *.pth read, so the checkout that one of them names stays out.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "reelwatch"


def test_it_carries_every_file_that_is_read_at_run_time(wheel: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "--", *CARRIED], cwd=ROOT, check=True, capture_output=True, text=True)
    packaged = set(zipfile.ZipFile(wheel).namelist())
    moved = {"config/vocabulary/": "actors/_share/vocabulary/", "config/": "service/_share/config/"}
    moved |= {"systemd/": "service/_share/systemd/"}
    for name in listed.stdout.splitlines():
        prefix = next((old for old in moved if name.startswith(old)), "")
        assert moved.get(prefix, "") + name.removeprefix(prefix) in packaged
    assert not [name for name in packaged if name.startswith(("tests/", "outputs/"))]


@pytest.fixture(scope="module")
def served(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("served")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("REELWATCH_", "PYTHON"))}
    process = subprocess.Popen(
        [program, "web", "--port", str(port), "--state", home / "s", "--output", home / "o"],
        cwd=home,
        env=environ | {"HOME": str(home)},
        stderr=subprocess.DEVNULL,
    )
    try:
        until_answered(f"http://127.0.0.1:{port}/health/live")
        yield f"http://127.0.0.1:{port}"
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(WITHIN_S)


def test_it_is_the_wheels_own(program: Path, tmp_path: Path) -> None:
    code = "import service.web.app as app; print(app.__file__)"
    python = program.with_name("python")
    found = subprocess.run([python, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert Path(found.strip()).is_relative_to(program.parents[1])


@pytest.mark.parametrize("page", PAGES)
def test_it_serves_a_page_and_what_that_loads(served: str, page: str) -> None:
    status, text = asked(served + page)
    # Without a ledger there is nothing to show, which the page says.
    assert status in {200, 503}
    assert "</html>" in text
    linked = set(LINKED.findall(text))
    assert "/static/base.css" in linked
    assert {address: asked(served + address)[0] for address in linked} == dict.fromkeys(linked, 200)


def asked(address: str) -> tuple[int, str]:
    request = urllib.request.Request(address, headers={"accept": "text/html"})  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read().decode()


def until_answered(address: str) -> None:
    end_s = time.monotonic() + WITHIN_S
    while True:
        try:
            asked(address)
        except OSError:
            assert time.monotonic() < end_s, "it does not answer"
            time.sleep(0.1)
        else:
            return
