"""Small videos, each like no other: the same clip with a box behind it that players skip."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import bad_files


@cache
def _model() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return bad_files.clip(Path(folder) / "model.mp4").read_bytes()


def film(path: Path) -> Path:
    """Write a video of eight frames as `cp` does; its content follows from its path."""
    bad_files.copies(_model(), os.fsencode(path))
    return path
