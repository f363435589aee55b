"""The real service over canned models, some of whose answers are trouble, by the names of the videos.

    python tests/e2e/log_service.py      settings come from the environment, as for `reelwatch run`

For the log's golden file: intake, ledger, driver, fusion and log are the product's own. A file called `overflow.mp4`
has the watcher say that the kernel dropped events, and nothing in a folder `unheard` is heard: the kernel does both,
but not to order without root.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from cheap_hosts import CannedHost, cheap_host

from actors.backend import Failure, Outcome, StageItem, StageStatus
from actors.pool.base import ActorSpec, Host, HostReport
from actors.pool.fake_pool import ActorCrash, ActorHang, FakePool
from service import daemon, disk
from service.cli.main import main
from service.intake import supervision
from service.intake.watch import HintBox

FAILURES = {
    ("decode", b"passing.mp4"): (Failure.TRANSIENT, "decoder_busy"),
    ("decode", b"undecodable.mp4"): (Failure.BAD_INPUT, "no_streams"),
    ("ocr", b"partial.mp4"): (Failure.BUG, "IndexError"),
}
WARNINGS = 7


class TroubledHost(CannedHost):
    """Answers like the canned one, but for some videos: fails, crashes, hangs, or finds them changed."""

    names: ClassVar[dict[str, bytes]] = {}
    hung: ClassVar[set[bytes]] = set()
    loaded: ClassVar[set[str]] = set()

    def __init__(self, spec: ActorSpec) -> None:
        super().__init__(spec)
        self._stages = [backend.stage for backend in spec.backends]

    def load(self) -> HostReport:
        report = super().load()
        if "audio" not in self._stages or "audio" in self.loaded:
            return report
        self.loaded.add("audio")
        for _ in range(WARNINGS):
            logging.getLogger("some.library").warning("an old file format")
        return HostReport(report.pid, report.load_s, {"audio": "the library is not installed"})

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        for item in items:
            if item.source is not None:
                self.names[item.video_id] = os.path.basename(item.source.path)  # noqa: PTH119 - bytes
            name = self.names.get(item.video_id, b"")
            self._trouble(operation, name, item)
            if (operation, name) in FAILURES:
                failure, reason = FAILURES[operation, name]
                return [Outcome(StageStatus.FAILED, reason=reason, failure=failure)]
        return super().call(operation, items)

    def _trouble(self, operation: str, name: bytes, item: StageItem) -> None:
        if operation != "decode":
            return
        if name == b"crashing.mp4":
            raise ActorCrash("killed by signal 11")
        if name == b"stuck.mp4" or (name == b"hanging.mp4" and name not in self.hung):
            self.hung.add(name)
            raise ActorHang
        if name == b"overwritten.mp4" and name not in self.hung:
            self.hung.add(name)
            with open(item.source.path, "ab") as file:  # noqa: PTH123 - bytes
                file.write(b"\0\0\0\x0cfreemore")


def host(spec: ActorSpec) -> Host:
    """Return the real fusion, and a troubled host for every other actor."""
    return cheap_host(spec) if spec.role == "fusion" else TroubledHost(spec)


def in_trouble(hear: Callable[[HintBox, bytes], None]) -> Callable[[HintBox, bytes], None]:
    """Hear of changes, but for the two that the kernel is to have trouble with."""

    def note(box: HintBox, path: bytes) -> None:
        if path.endswith(b"/overflow.mp4"):
            box.overflow()
        if b"/unheard" not in path:
            hear(box, path)

    return note


if __name__ == "__main__":
    disk.RECHECK_S = supervision._DEAF_AFTER_S = 0.5
    HintBox.note = in_trouble(HintBox.note)
    daemon.run = partial(daemon.run, pool_factory=lambda _configuration: FakePool(host))
    main(["run"])
