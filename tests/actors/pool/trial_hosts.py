"""Hosts for pool tests: importable by name, so that Ray's workers find them too."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Sequence

import numpy as np

from actors.backend import Outcome, Payloads, StageItem, StageStatus
from actors.pool.base import ActorSpec, HostReport
from actors.pool.fake_pool import ActorCrash, ActorHang


class TrialHost:
    """Does what the video's id says; dies and hangs for real in a process of its own."""

    def __init__(self, spec: ActorSpec) -> None:
        self._spec = spec
        self._alone = os.environ.get("TRIAL_DRIVER") != str(os.getpid())

    def load(self) -> HostReport:
        if self._spec.name == "broken":
            if self._alone:
                os._exit(3)
            raise ActorCrash("no libfoo")
        return HostReport(os.getpid(), 0.0, {"asr": "no model"} if self._spec.name == "lame" else {})

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        return [self._one(operation, item) for item in items]

    def close(self) -> None:
        pass

    def _one(self, operation: str, item: StageItem) -> Outcome:
        if item.video_id == "segfault":
            if self._alone:
                ctypes.string_at(0)
            raise ActorCrash("segfault")
        if item.video_id == "hang":
            if self._alone:
                time.sleep(3600)
            raise ActorHang
        if item.video_id.startswith("says "):  # over the socket of `actors.pool.worker`, whatever it is
            os.write(int(sys.argv[1]), bytes.fromhex(item.video_id.removeprefix("says ")))
            time.sleep(3600)
        if operation == "decode":
            return Outcome(StageStatus.DONE, reason=item.video_id, payloads=payloads())
        return Outcome(StageStatus.DONE, reason=describe(item))


def payloads() -> Payloads:
    frames = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3)
    return Payloads(audio=None, frames=frames, keyframes=(b"\xff\xd8one", b"\xff\xd8two"))


def describe(item: StageItem) -> str:
    frames = (
        None if item.frames is None else (item.frames.shape, int(item.frames.sum()), item.frames.flags.c_contiguous)
    )
    return f"{item.video_id} {item.audio} {frames} {item.keyframes}"
