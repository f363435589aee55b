"""The same content again: later, across a restart, and as another link to a file that is done."""

from __future__ import annotations

from pathlib import Path

import bad_files
import pytest
from fault_case import Case
from processes import WITHOUT_MODELS, Home, Service
from stagehand import Stagehand


def told(service: Service, path: Path) -> list[str]:
    return [event["event"] for event in service.events if event.get("path") == path.name]


@pytest.mark.fault("the same content later and across a restart")
def test_the_same_content_is_one_document_whenever_it_comes(tmp_path: Path, stagehand: Stagehand) -> None:
    home = Home(tmp_path, WITHOUT_MODELS)
    case, first = Case(home, stagehand), bad_files.clip(home.inbox / "first.mp4")
    later, linked = home.inbox / "later.mp4", home.inbox / "linked.mp4"
    after_restart, meanwhile = home.inbox / "after-restart.mp4", home.inbox / "meanwhile.mp4"
    with case.life() as service:
        home.until_state(first, "done")
        later.write_bytes(first.read_bytes())
        linked.hardlink_to(first)
        for path in (later, linked):
            home.until_state(path, "duplicate")
        service.kill()
    meanwhile.write_bytes(first.read_bytes())
    with case.life() as service:
        service.ready()
        home.until_state(meanwhile, "duplicate")
        after_restart.write_bytes(first.read_bytes())
        home.until_state(after_restart, "duplicate")
        case.snapshot()
        service.until_event("file.duplicate", after_restart.name)
        assert [told(service, path) for path in (later, linked)] == [[], []], "nothing is said again"
        case.end(service)
    rows = {job.path.decode(): (str(job.state), job.attempts) for job in home.jobs()}
    assert rows.pop(first.name)[0] == "done"
    assert set(rows.values()) == {("duplicate", 1)}
    doubles = [event["path"] for event in case.events if event["event"] == "file.duplicate"]
    assert sorted(doubles) == sorted(rows)
    assert len(home.document("first").source.also_at) == len(rows)
