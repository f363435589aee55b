"""SIGKILL at each named point: the next start finds everything in order and goes on where the last one was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bad_files
import pytest
from fault_case import Case
from processes import WITHOUT_MODELS, Home
from stagehand import Stagehand

AT_ONCE = 4
"""Lives wait for quiet files and for each other more than they work."""


@dataclass(frozen=True)
class Outcome:
    """How it was between the lives, and how it ended. A job as (state, attempts, crashes); None: there is none."""

    between: tuple[str, int, int] | None
    left: set[str]
    end: tuple[str, int, int]
    recovered: list[str]
    decoded: int
    claimed: int
    same_document: bool


def live_twice(home: Home, stagehand: Stagehand, point: str) -> Outcome:
    """Kill the first life at the point; let the second one bring the work to its end."""
    video = bad_files.clip(home.inbox / "a.mp4")
    case, document = Case(home, stagehand), home.output / "a.json"
    case.snapshot()
    case.killed(point)
    between, written = home.job(video), document.stat().st_ino if document.exists() else 0
    left = {str(path.relative_to(home.output)) for path in home.output.rglob("*") if path.is_file()}
    with case.life() as second:
        second.ready()
        home.until_state(video, "done")
        case.end(second)
    job = home.job(video)
    return Outcome(
        None if between is None else (str(between.state), between.attempts, between.crashes),
        left,
        (str(job.state), job.attempts, job.crashes),
        [event["reason"] for event in second.named("job.recovered")],
        sum(event["stage"] == "decode" for event in second.named("stage.done")),
        len(second.named("job.claimed")),
        written == document.stat().st_ino,
    )


PICTURE, DRAFT, MARK = "a/frames/a_s001.jpg", ".reelwatch-a.json", "a/frames/.reelwatch-uncommitted"
AGAIN = {"recovered": ["recovered"], "decoded": 1, "claimed": 1}
ANEW = {"recovered": [], "decoded": 1, "claimed": 1, "end": ("done", 1, 0)}
NOTHING = {"decoded": 0, "claimed": 0, "same_document": True, "end": ("done", 1, 0)}

POINTS: dict[str, Any] = {
    "before the row of a new file is committed": pytest.param(
        {"between": None, "left": set(), **ANEW},
        marks=pytest.mark.fault("killed before the row of a new file is committed"),
    ),
    "after the row of a new file is committed": pytest.param(
        {"between": ("waiting", 0, 0), **ANEW},
        marks=pytest.mark.fault("killed while a file settles"),
    ),
    "after the job is queued": pytest.param(
        {"between": ("queued", 0, 0), **ANEW},
        marks=pytest.mark.fault("killed after a job is queued"),
    ),
    "after the claim": pytest.param(
        {"between": ("running", 1, 0), "end": ("done", 2, 0), **AGAIN},
        marks=pytest.mark.fault("killed after a claim"),
    ),
    "in the middle of decoding": pytest.param(
        {"between": ("running", 1, 0), "left": set(), "end": ("done", 2, 0), **AGAIN},
        marks=pytest.mark.fault("killed in the middle of decoding"),
    ),
    "before the draft of the document is on disk": pytest.param(
        {"between": ("running", 1, 0), "left": {DRAFT}, "end": ("done", 2, 1), **AGAIN},
        marks=pytest.mark.fault("killed before the draft of the document is on disk"),
    ),
    "before the document is renamed": pytest.param(
        {"between": ("running", 1, 0), "left": {DRAFT, PICTURE, MARK}, **AGAIN},
        marks=pytest.mark.fault("killed between pictures and document"),
    ),
    "before the ledger hears of the document": pytest.param(
        {"between": ("running", 1, 0), "left": {"a.json", PICTURE}, "recovered": ["published"], **NOTHING},
        marks=pytest.mark.fault("killed before the ledger hears of the document"),
    ),
    "after the job is done": pytest.param(
        {"between": ("done", 1, 0), "left": {"a.json", PICTURE}, "recovered": [], **NOTHING},
        marks=pytest.mark.fault("killed after a job is done"),
    ),
    "before a migration is committed": pytest.param(
        {"between": None, "left": set(), **ANEW},
        marks=pytest.mark.fault("killed in a migration"),
    ),
}


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, stagehand: Stagehand
) -> Iterator[Callable[[str], Future[Outcome]]]:
    """Begin every point's lives at once; each test waits for its own."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = {
            point: pool.submit(live_twice, Home(tmp_path_factory.mktemp("killed"), WITHOUT_MODELS), stagehand, point)
            for point in POINTS
        }
        yield begun.__getitem__


@pytest.mark.parametrize(
    ("expected", "point"),
    [pytest.param(*case.values, point, marks=case.marks, id=point) for point, case in POINTS.items()],
)
def test_the_next_start_goes_on(
    outcomes: Callable[[str], Future[Outcome]], expected: Mapping[str, Any], point: str
) -> None:
    outcome = outcomes(point).result(timeout=240)
    assert {name: getattr(outcome, name) for name in expected} == expected


@pytest.mark.fault("killed three times over one file")
@pytest.mark.parametrize("point", ["in the middle of decoding@bad.mp4", "before the document is renamed@bad.json"])
def test_a_file_that_ends_the_service_again_and_again_is_set_apart(
    tmp_path: Path, stagehand: Stagehand, point: str
) -> None:
    home = Home(tmp_path, WITHOUT_MODELS)
    case, bad = Case(home, stagehand), bad_files.clip(home.inbox / "bad.mp4")
    good = bad_files.long_clip(home.inbox / "good.mp4")
    case.snapshot()
    seen = []
    for _ in range(3):
        case.killed(point)
        job = home.job(bad)
        seen.append((str(job.state), job.attempts, job.crashes, job.deaths, job.solo))
    assert seen == [("running", 1, 0, 0, False), ("running", 2, 1, 0, False), ("running", 3, 2, 1, True)]
    with case.life() as last:
        last.ready()
        home.until_state(good, "done")
        assert home.until_state(bad, "parked").reason == "crash_suspect"
        case.end(last)
    assert [event["reason"] for event in last.named("job.parked", "bad.mp4")] == ["crash_suspect"]
    assert not last.named("job.claimed", "bad.mp4")
    assert home.job(good).attempts <= 4
