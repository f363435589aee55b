"""A PostgreSQL of the tests' own: a cluster in a temporary folder, asked over its socket only, gone with the tests."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from service.ledger.place import ServerPlace

DEBIAN = Path("/usr/lib/postgresql")
GUARDED = "guarded"
"""The one role that is asked for its password; whoever needs it makes it."""
_PR_SET_PDEATHSIG = 1
_QUICK = {"fsync": "off", "full_page_writes": "off"}
"""What is lost with the host is not asked about by most tests; what is lost with a process, is kept all the same."""
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "60",
    # It takes transaction numbers whenever it likes, and `data_version` sees that.
    "autovacuum": "off",
    "log_min_messages": "warning",
}


def installed() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs; None where none is installed."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return None if named is None else Path(named).resolve().parent


class Cluster:
    """A server that `start` starts and `stop` stops, with its data in `folder`."""

    def __init__(self, folder: Path, programs: Path, *, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.programs = programs
        self._settings = _SETTINGS | settings | {"unix_socket_directories": str(folder)}
        self._user = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make the cluster's data."""
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        options = ["--auth=trust", "--username=reelwatch", "--no-sync", "--encoding=UTF8", "--locale=C", "-k"]
        command = [self.programs / "initdb", "-D", self.data, *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._as_user)
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"local all {GUARDED} scram-sha-256\n{rules.read_text()}")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start the server; it ends with this process."""
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, *options],
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - the one way; no thread of ours holds a lock
                **self._as_user,
            )
        end_s = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end_s, "the server does not answer"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it: SIGINT breaks off what is asked and writes everything down, SIGQUIT is a crash of the server."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=60)
            self._process = None

    def url(self, database: str = "postgres", *, schema: str | None = None, user: str = "reelwatch") -> str:
        """Spell a database's URL."""
        path = "" if schema is None else f"&options=-csearch_path%3D{schema}"
        return f"postgresql://{user}@/{database}?host={self.folder}{path}"

    def place(self, database: str = "postgres", *, schema: str | None = None) -> ServerPlace:
        return ServerPlace(self.url(database, schema=schema))

    def do(self, statement: str, *values: Any, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the server's administrator."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        try:
            self.do("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _as_user(self) -> dict[str, Any]:
        user = self._user
        return {"cwd": "/"} | ({} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []})


@contextmanager
def cluster(programs: Path, **settings: str) -> Iterator[Cluster]:
    """Run a server of its own for a while. settings: of the server, besides those that make it quick."""
    # Not below pytest's folders: they let nobody else in, and a socket's path has 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="reelwatch-pg-"))
    made = Cluster(folder, programs, settings=_QUICK | settings)
    try:
        made.make()
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


def _unprivileged() -> pwd.struct_passwd | None:
    """Return whom the server is run as: root may not; None stands for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("neither postgres nor nobody is a user of this host")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
