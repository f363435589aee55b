"""Where things lie below the state directory, and the output folder in the file system's own bytes."""

from __future__ import annotations

import os
from pathlib import Path

from service.configuration import Configuration
from service.errors import ConfigError

LEDGER_FILE = "ledger.sqlite3"


def ledger_path(configuration: Configuration) -> Path:
    """Return the ledger's file."""
    return configuration.state.dir / LEDGER_FILE


def output_root(configuration: Configuration) -> bytes:
    """Return the output folder as an absolute path."""
    return os.fsencode(configuration.output.dir.absolute())


def make_output_root(configuration: Configuration) -> bytes:
    """Make the output folder where there is none; raises `ConfigError` where that cannot be.

    Only a start makes it: one that disappears later is a disk that was unmounted, and must not be written beside.
    """
    root = output_root(configuration)
    try:
        os.makedirs(root, exist_ok=True)  # noqa: PTH103 - bytes paths
    except OSError as exc:
        where = configuration.output.dir
        raise ConfigError(
            f"[output] dir = {where}: it cannot be made: {exc.strerror}. Name a folder that can."
        ) from exc
    return root
