"""Whether the service behind a ledger works in this state directory: a ledger on a server is seen from anywhere."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from service.ledger.errors import unreadable

if TYPE_CHECKING:
    from service.ledger.values import ServiceStart

IDENTITY_FILE = "identity"


def made_identity(state: Path) -> str:
    """Return what tells a state directory from every other one, "" where its disk is full.

    Made once, by whoever holds the lock. One that is half written is as good as another.
    """
    if not identity(state):
        with suppress(OSError), open(state / IDENTITY_FILE, "w", encoding="ascii", opener=_private) as file:
            file.write(secrets.token_hex(16))
    return identity(state)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def identity(state: Path) -> str:
    """Return what tells a state directory from others, "" where no service has worked in it.

    Raises `ConfigError` when that may not be read.
    """
    try:
        return (state / IDENTITY_FILE).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as exc:
        raise unreadable(state / IDENTITY_FILE, exc.strerror) from exc


def elsewhere(start: ServiceStart | None, state: Path) -> str | None:
    """Say to people that the service, running or not, works in another state directory; None where it is this one.

    start: what the ledger knows of the service; None, or one of an earlier version, tells nothing.
    """
    if start is None or not start.state_id or start.state_id == identity(state):
        return None
    return f"the service behind this ledger works on {start.host} in another state directory than {state}"
