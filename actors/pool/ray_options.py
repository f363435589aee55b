"""How Ray is started, as values: configuration needs them, and importing Ray itself takes long."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RayOptions:
    """How Ray is started: logical CPUs, object store, niceness of the workers, and where it keeps what it needs.

    auth_token: the file of the token that keeps other users of the host out; None: Ray's own, in the home directory,
    which a service need not have.
    temp_dir: at most about 60 bytes, because Ray puts AF_UNIX sockets (107 bytes) below it; None: Ray's default.
    """

    num_cpus: float
    object_store_mib: int
    niceness: int = 15
    temp_dir: str | None = None
    auth_token: Path | None = None


def make_token(path: Path) -> None:
    """Write a new token where there is none; Ray refuses a path without one instead of making it."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
