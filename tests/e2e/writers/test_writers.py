"""Every program that drops videos into folders: its video is taken once, whole, and never before it is complete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from writers.catalogue import WRITERS
from writers.scene import Unavailable, Writer
from writers.servers import NotStarted
from writers.trial import Trial


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Trial]:
    """The writers whose tests were chosen, all at once."""
    items = [item for item in request.session.items if "writer" in getattr(item, "fixturenames", ())]
    with Trial(tmp_path_factory.mktemp("writers"), [item.callspec.params["writer"] for item in items]) as running:
        yield running


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_taken_once_whole_and_not_too_early(trial: Trial, writer: Writer) -> None:
    missing = writer.missing()
    if missing:
        pytest.skip(missing)
    try:
        found = trial.outcome(writer)
    except (Unavailable, NotStarted) as error:
        pytest.skip(str(error))
    assert found.troubles() == []


def test_nothing_else_was_taken(trial: Trial) -> None:
    """The last of this module: by now every writer has ended, and whatever would come twice has had its time."""
    assert trial.strange_events() == []
    targets = {work.scene.target for work in trial.at_work.values() if work.error is None}
    published = [job.absolute_path for job in trial.home.jobs() if job.published and job.state != "superseded"]
    assert sorted(published) == sorted(str(target).encode() for target in targets)
    assert len(list(trial.home.output.rglob("*.json"))) == len(targets)
    assert trial.service.process.poll() is None
    assert trial.service.other_lines == []
