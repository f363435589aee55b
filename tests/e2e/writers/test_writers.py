"""Every program that drops videos into folders: its video is taken once, whole, and never before it is complete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from writers.catalogue import WRITERS
from writers.scene import Unavailable, Writer
from writers.servers import NotStarted
from writers.trial import Outcome, Trial

TAKEN = ("file.settled", "job.claimed", "job.done")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Trial]:
    """The writers whose tests were chosen, all at once."""
    chosen = [item.callspec.params["writer"] for item in request.session.items if "writer" in item.fixturenames]
    with Trial(tmp_path_factory.mktemp("writers"), chosen) as running:
        yield running


def outcome(trial: Trial, writer: Writer) -> Outcome:
    missing = writer.missing()
    if missing:
        pytest.skip(missing)
    try:
        return trial.outcome(writer)
    except (Unavailable, NotStarted) as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_taken_once_whole_and_not_too_early(trial: Trial, writer: Writer) -> None:
    found = outcome(trial, writer)
    scene, job = found.scene, found.job
    assert (job.state, job.attempts, job.run) == ("done", 1, 0), (job, scene.waited)
    assert found.document_sha256 == job.sha256 == scene.sha256
    assert found.queued_after_s >= 0, "it was taken before its writer had finished"
    claimed = [j for j in found.jobs if j.claimed_at is not None]
    assert claimed == [job], "unfinished content was taken too"
    told = trial.told(scene)
    name = str(scene.target)
    for path, events in told.items():
        expected = list(TAKEN) if path == name else []
        assert [event for event in events if event in TAKEN] == expected, (path, events)
    assert bool(scene.waited) == writer.aborts
