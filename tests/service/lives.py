"""A whole life of the service as the service manager sees it, on a stage of the test's own."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actors.pool.fake_pool import FakePool
from service import daemon
from service.configuration import Configuration, load
from service.logs import Recorder
from service.pulse import Pulse

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "e2e")]
from notify_socket import NotifySocket  # noqa: E402 - the line above finds it

cheap = importlib.import_module("cheap_hosts")

FILE = """
profile = "embedded"
[intake]
inboxes = [{inboxes}]
quiet_local_s = 0.1
foreign_quiet_s = 0.2
[disk]
low_water_mib = 0
[pool]
num_cpus = 8
"""


class Life:
    """A service in the main thread, and a play in another one that acts on it and ends it."""

    def __init__(self, home: Path, manager: NotifySocket) -> None:
        self.home, self.manager, self.emit = home, manager, Recorder()
        self.file = home / "reelwatch.toml"
        self.inbox("in")
        self.write(self.named("in"))
        self.code: int | None = None

    def inbox(self, name: str) -> Path:
        (self.home / name).mkdir(exist_ok=True)
        return self.home / name

    def named(self, *inboxes: str) -> str:
        return FILE.format(inboxes=", ".join(f'"{self.home / name}"' for name in inboxes))

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def load(self) -> Configuration:
        flags = {"state.dir": self.home / "state", "output.dir": self.home / "out"}
        return load(flags, config_path=self.file, environ={"HOME": str(self.home)}).configuration

    def play(self, act: Callable[[Life], None], *, beside: tuple[Pulse, ...] = (), **environ: str) -> None:
        """Run the service until `act` has been carried out, which begins when READY was said."""
        errors: list[BaseException] = []

        def acting() -> None:
            try:
                self.manager.until("READY=1")
                act(self)
            except BaseException as exc:  # noqa: BLE001 - raised again in the test's own thread
                errors.append(exc)
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=acting)
        thread.start()
        notifier = self.manager.notifier(**environ)
        pool = lambda _configuration: FakePool(cheap.cheap_host)  # noqa: E731 - two words
        self.code = daemon.run(
            self.load(), self.emit, pool_factory=pool, reread=self.load, beside=beside, notifier=notifier
        )
        thread.join()
        for error in errors:
            raise error

    def hang_up(self) -> None:
        os.kill(os.getpid(), signal.SIGHUP)

    def until(self, true: Callable[[], Any], what: str, within_s: float = 30.0) -> Any:
        end_s = time.monotonic() + within_s
        while not (found := true()):
            assert time.monotonic() < end_s, f"not within {within_s:g} s: {what}; {self.emit.events}"
            time.sleep(0.02)
        return found

    def logged(self, event: str, *, count: int = 1) -> dict[str, Any]:
        """Wait for an event's `count`th occurrence."""
        return self.until(lambda: self.emit.named(event)[count - 1 :], event)[0]

    def described(self, inbox: str, name: str) -> None:
        """A video comes to lie there, and is described."""
        before = len(self.emit.named("job.done"))
        (self.home / inbox / name).write_bytes(cheap.mp4(name.encode()))
        assert self.logged("job.done", count=before + 1)["path"] == name.encode()


@contextmanager
def a_life(home: Path) -> Iterator[Life]:
    """Make one; whatever was put in place for it is gone afterwards."""
    before = signal.getsignal(signal.SIGHUP)
    with NotifySocket(home / "notify") as manager:
        yield Life(home, manager)
    assert signal.getsignal(signal.SIGHUP) == before
    assert not {"intake", "supervisor"} & {thread.name for thread in threading.enumerate()}
