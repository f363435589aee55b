"""A long queue, and a service that is killed and started again and again beside it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import bad_files
import pytest
from fault_case import Case
from file_changes import Site
from gates import CLAIM, Gates
from processes import WITHOUT_MODELS, Home, until
from stagehand import Stagehand

KILLS = 10


@pytest.mark.fault("killed ten times over a long queue")
@pytest.mark.parametrize(
    "files", [300, pytest.param(3000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])], ids=lambda n: f"{n} files"
)
def test_every_job_is_there_once(tmp_path: Path, stagehand: Stagehand, files: int) -> None:
    home, gates = Home(tmp_path, WITHOUT_MODELS), Gates(tmp_path / "gates")
    case, model = Case(home, stagehand), bad_files.clip(tmp_path / "model.mp4").read_bytes()
    site = Site(home.inbox, tmp_path, model)
    for number in range(files):
        site.drop(f"{number:04}.mp4")
    case.snapshot()
    gates.shut(CLAIM)

    def states() -> Counter[str]:
        return Counter(str(job.state) for job in home.jobs())

    for life in range(KILLS):
        with case.life(gates=gates) as service:
            service.ready()
            if life == 0:
                until(lambda: states() == {"queued": files}, f"all are queued, but {states()}", within_s=120)
            service.kill()
        assert states() == {"queued": files}
    settled = Counter(event["path"] for event in case.events if event["event"] == "file.settled")
    assert (len(settled), set(settled.values())) == (files, {1})
    with case.life(gates=gates) as last:
        last.ready()
        if files > 1000:
            gates.open(CLAIM)
            until(lambda: states() == {"done": files}, f"all are done, but {states()}", within_s=1800)
            assert {job.attempts for job in home.jobs()} == {1}
        case.end(last)
