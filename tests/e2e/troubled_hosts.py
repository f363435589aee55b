"""Hosts that can be imported by name in a child process: the real backends, but some files bring their actor down."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence

from actors.backend import Outcome, StageItem
from actors.host import ActorHost


class TroubledHost(ActorHost):
    """Does its work, but hangs or dies, for real, while it decodes a file whose name says so."""

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        names = [item.source.path.rpartition(b"/")[2] for item in items if item.source is not None]
        if operation == "decode" and any(name.startswith(b"hang") for name in names):
            time.sleep(3600)
        if operation == "decode" and any(name.startswith(b"crash") for name in names):
            ctypes.string_at(0)
        return super().call(operation, items)
