"""A real systemd as PID 1 of namespaces of its own, over a copy-on-write view of this host, for one test module."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
BOOT = Path(__file__).with_name("boot.sh")
PROGRAM = Path("/opt/reelwatch/bin/reelwatch")
_LIBRARIES = Path("/opt/venv", Path(sysconfig.get_paths()["purelib"]).relative_to(sys.prefix))
LAUNCHER = f"""#!/bin/sh
# What an installation's own script does; here the environment of the tests is at another place.
export LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/src:{_LIBRARIES}
exec /opt/python/bin/python3 -m service.cli.main "$@"
"""


def lacking() -> str | None:
    """What keeps a systemd from being booted here, None where nothing does."""
    if os.geteuid() != 0:
        return "it takes root to boot a systemd in namespaces"
    programs = ("unshare", "nsenter", "systemctl", "journalctl", "systemd-sysusers", "systemd-tmpfiles")
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} not installed"
    known = Path("/proc/filesystems").read_text()
    if "overlay" not in known or _cgroups() is None:
        return "the kernel has no overlayfs or no mounted cgroup2 here"
    return None


class Container:
    """Boots at the start of the block, and is gone with all its processes at the end."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._group = (_cgroups() or Path()) / f"reelwatch-trial-{os.getpid()}"

    def __enter__(self) -> Self:
        self._group.mkdir()
        unshare = "unshare --mount --pid --fork --uts --ipc --cgroup --kill-child"
        joining = f'echo $$ >"$1" && shift && exec {unshare} bash "$@"'
        arguments = [self._group / "cgroup.procs", BOOT, self._work, ROOT, sys.base_prefix, sys.prefix]
        self._process = subprocess.Popen(
            ["bash", "-c", joining, "boot", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.until(self._booted, "it boots")
        self.write(PROGRAM, LAUNCHER)
        self.run("chmod", "755", PROGRAM)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        init = self._init()
        with suppress(ProcessLookupError):
            os.kill(init or self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self.until(self._swept, "its control groups are empty")

    def run(
        self, *command: str | Path, check: bool = True, within_s: float = 120.0, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root."""
        inside = ["nsenter", f"--target={self._init()}", "--mount", "--pid", "--uts", "--ipc", "--cgroup"]
        given = {"capture_output": True, "text": True, "timeout": within_s}
        ended = subprocess.run(
            [*inside, "sh", "-c", 'cd / && exec "$@"', "sh", *command], check=False, **(given | options)
        )
        assert not check or ended.returncode == 0, f"{command}: {ended.stdout}{ended.stderr}{self.log()}"
        return ended

    def write(self, path: Path, text: str) -> None:
        """Write a file inside."""
        self.run("mkdir", "-p", path.parent)
        self.run("tee", path, input=text)

    def shell(self, script: str) -> str:
        """Run a script inside, as root, and return what it prints."""
        return self.run("bash", "-euc", script).stdout

    def show(self, *names: str, unit: str = "reelwatch.service") -> dict[str, str]:
        """Properties of a unit."""
        shown = self.run("systemctl", "show", unit, f"--property={','.join(names)}").stdout
        return dict(line.partition("=")[::2] for line in shown.splitlines())

    def log(self, unit: str = "reelwatch.service") -> str:
        """What a unit has logged."""
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}", check=False).stdout

    def until(
        self, true: Callable[[], Any], what: str, *, within_s: float = 90.0, unit: str = "reelwatch.service"
    ) -> Any:
        """Poll until something is so, and return it; unit: whose log says why not."""
        end_s = time.monotonic() + within_s
        while not (found := true()):
            assert time.monotonic() < end_s, (
                f"not within {within_s:g} s: {what}\n{self.log(unit) if self._init() else ''}"
            )
            time.sleep(0.2)
        return found

    def _booted(self) -> bool:
        """Whether systemd is up; before it is, process 1 is the script, and a command would run on the host itself."""
        init = self._init()
        if init is None or Path(f"/proc/{init}/comm").read_text() != "systemd\n":
            return False
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in {"running", "degraded"}

    def _init(self) -> int | None:
        """The number, out here, of the process that is 1 inside."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        with suppress(OSError):
            return next(map(int, children.read_text().split()), None)
        return None

    def _swept(self) -> bool:
        for folder, _, _ in os.walk(self._group, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()
        return not self._group.exists()


def asked(port: int, path: str, *, token: str | None = None) -> int | None:
    """The status of an answer, None without one; the container's network is this host's."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=headers), timeout=10) as answer:
            return int(answer.status)
    except HTTPError as exc:
        with exc:
            return exc.code
    except OSError:
        return None


def _cgroups() -> Path | None:
    """Where the unified hierarchy is mounted, with this process's own place in it."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    top = next((Path(mount[1]) for mount in mounts if mount[2] == "cgroup2"), None)
    own = next(
        (line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")), None
    )
    return None if top is None or own is None else top / own.lstrip("/")
