"""Cases that wait more than they work, so that all of them live at the same time, whatever module they are in.

A case is a function of a `Scene`, given to its test as the parameter `act`. The first test that asks for one begins all
that the session has collected; each then waits for its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fault_case import Case
from films import film
from mounts import Mounts
from processes import WITHOUT_MODELS, Home, Service
from stagehand import Stagehand

AT_ONCE = 8
WITHIN_S = 280.0
SETTINGS = WITHOUT_MODELS | {"REELWATCH_LOG__HEARTBEAT_S": "0.5"}


@dataclass
class Scene:
    """A home, and the means to let something befall it. mounts: only for acts that are marked `on_mounts`."""

    home: Home
    stagehand: Stagehand
    mounts: Mounts | None = None
    closing: ExitStack = field(default_factory=ExitStack)

    @property
    def state(self) -> Path:
        return self.home.path / "state"

    @property
    def mounted(self) -> Mounts:
        assert self.mounts is not None, "the act is not marked `on_mounts`"
        return self.mounts

    def configure(self, **settings: str) -> None:
        """Set what the next life of the service is given; `DISK__LOW_WATER_MIB="2"`."""
        given = {f"REELWATCH_{name}": value for name, value in settings.items()}
        self.home.settings = {**self.home.settings, **given}

    def case(self) -> Case:
        return Case(self.home, self.stagehand)

    def film(self, name: str) -> Path:
        return film(self.home.inbox / name)

    def tmpfs(self, point: Path, *, size: str = "8m") -> Path:
        """Mount an empty file system for as long as the scene lasts."""
        self.mounted.tmpfs(point, size=size)
        self.closing.enter_context(self.mounted.cleared(point))
        return point


Act = Callable[[Scene], None]
_ON_MOUNTS: set[Act] = set()


def on_mounts(act: Act) -> Act:
    """Mark an act that mounts something; it is skipped where that is not allowed."""
    _ON_MOUNTS.add(act)
    return act


def acts_of(session: pytest.Session) -> list[Act]:
    """Return every act among the tests that are to be run."""
    params = (getattr(item, "callspec", None) for item in session.items)
    return list(dict.fromkeys(spec.params["act"] for spec in params if spec is not None and "act" in spec.params))


@contextmanager
def begun(
    acts: list[Act], home: Callable[[str], Path], stagehand: Callable[[bool], Any]
) -> Iterator[Callable[[Act], None]]:
    """Begin all acts; yield what waits for one, and fails or skips as it does.

    home: makes a folder. stagehand: returns the warm process and the mounts that an act is given, or why there is none.
    """
    with ThreadPoolExecutor(AT_ONCE) as crew:
        futures: dict[Act, Future[None]] = {}
        refused: dict[Act, str] = {}
        # A thread stays in the mount namespace it was born in: first those for whom a new one is made.
        for act in sorted(acts, key=lambda act: act not in _ON_MOUNTS):
            given = stagehand(act in _ON_MOUNTS)
            if isinstance(given, str):
                refused[act] = given
            else:
                scene = Scene(Home(home(act.__name__), SETTINGS), *given)
                futures[act] = crew.submit(partial(_play, act, scene))

        def ended(act: Act) -> None:
            if act in refused:
                pytest.skip(refused[act])
            futures[act].result(timeout=WITHIN_S)

        try:
            yield ended
        finally:
            crew.shutdown(cancel_futures=True)


def _play(act: Act, scene: Scene) -> None:
    with scene.closing:
        act(scene)


def table(acts: Mapping[Act, Any]) -> list[Any]:
    """Return the parameters of a test: each act with its marks, of which one names its fault."""
    return [pytest.param(act, id=act.__name__, marks=marks) for act, marks in acts.items()]


def paused(service: Service, *, reason: str, path: Path) -> None:
    """Wait for the pause of work, and hold it against what is to be told."""
    told = service.until_event("work.paused")
    assert (told["reason"], told["path"]) == (reason, str(path)), told
    assert told["remedy"]


def resumed(case: Case, service: Service, *videos: Path) -> None:
    """Wait until all is described; the fault was told once, and has cost nobody an attempt."""
    for video in videos:
        case.home.until_state(video, "done")
    service.until_event("work.resumed")
    assert len(service.named("work.paused")) == 1, service.log()
    assert {job.attempts for job in case.home.jobs()} == {1}
    assert not service.named("job.retry") + service.named("job.failed")
    case.end(service)
