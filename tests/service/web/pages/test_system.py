"""The page of the system: of a service that runs, of one that has ended, and before the first; and its chart."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from service.ledger.live import LiveText
from service.ledger.lock import state_lock
from service.ledger.values import ServiceStart
from service.live.note import ActorNote, InboxNote, LiveNote, StageSetting, Vitals
from service.web.views.chart import SIDE, chart, nice

if TYPE_CHECKING:
    from shelf import MakeClient, Shelf
    from starlette.testclient import TestClient

NOTE = LiveNote(
    pid=os.getpid(),
    at=2.0,
    started_at=1.0,
    pool_up=True,
    actors=(
        ActorNote(
            name="speech", state="ready", stages=("vad", "asr"), pid=7, memory_bytes=2_400_000, starts=3, deaths=2
        ),
        ActorNote(name="vision", state="broken", stages=("ocr",), starts=5, deaths=5, reason="died <5> times"),
    ),
    stages=(
        StageSetting(stage="asr", available=True, status="done", backend="asr.x", model="m"),
        StageSetting(stage="ocr", available=False, status="unavailable", backend="ocr.x", reason="no model: pull it"),
        StageSetting(stage="diarization", available=False, status="disabled", reason="the profile does not ask for it"),
    ),
    vitals=Vitals(
        at=2.0,
        memory_bytes={"service": 90_000_000, "other": 1},
        free_bytes={"output": 2**30, "state": 1000},
        low_water_bytes=2**29,
        inboxes=(
            InboxNote(path="/blåbær\\xe6", watched=True, sweep_s=0.012),
            InboxNote(path="/gone", lost="not there", watched=False),
        ),
    ),
)


@pytest.fixture
def told(shelf: Shelf) -> None:
    inbox, output = os.fsencode(shelf.inbox), os.fsencode(shelf.output)
    shelf.ledger.note_start(ServiceStart((inbox,), ("mp4",), output, "embedded", "k", os.getpid()))
    shelf.ledger.note_live(LiveText(NOTE.pid, NOTE.at, NOTE.model_dump_json()))


@pytest.mark.usefixtures("told")
def test_of_a_service_that_runs(client: TestClient, shelf: Shelf) -> None:
    shelf.described("a.mp4")
    with state_lock(shelf.home / "state"):
        page = client.get("/system").text
    for expected in (
        'data-ready="yes"',
        "A video dropped now is described.",
        "<code>asr.x</code>",
        "No model: pull it",
        "The profile does not ask for it",
        "2.4 MB",
        "died &lt;5&gt; times",
        '<strong class="bad">2</strong>',
        '<strong class="bad">1.0 kB</strong>',
        "/blåbær\\xe6",
        "not there",
        "90.0 MB",
        "python",
    ):
        assert expected in page, expected
    assert "has ended" not in page
    assert re.findall(r'data-stage="(\w+)"', page) == ["asr", "ocr", "diarization"]


@pytest.mark.usefixtures("told")
def test_of_one_that_has_ended(client: TestClient) -> None:
    page = client.get("/system").text
    assert 'data-ready="no"' in page
    assert "The service is not running" in page
    assert "has ended; this was so" in page


def test_before_the_first(client: TestClient, make_client: MakeClient, shelf: Shelf) -> None:
    assert "once a service has run" in client.get("/system").text
    for file in (shelf.home / "state").glob("ledger*"):
        file.unlink()
    assert "no ledger here yet" in make_client().get("/system").text


@pytest.mark.parametrize(
    ("span", "shown"),
    [("hour", "by minutes"), ("day", "by hours"), ("month", "by days"), ("century", "by hours"), ("", "by hours")],
)
def test_spans(client: TestClient, shelf: Shelf, span: str, shown: str) -> None:
    del shelf
    assert shown in client.get("/system", params={"span": span}).text


def test_the_part_alone(client: TestClient, shelf: Shelf) -> None:
    del shelf
    assert "<html" not in client.get("/system?part=list").text


def test_bars_stand_on_the_ground_and_under_the_top() -> None:
    drawn = chart((0, 3, 7), start=100.0, step_s=10)
    assert drawn.scale == (10, 5, 0)
    assert [(bar.count, bar.at) for bar in drawn.bars] == [(0, 100.0), (3, 110.0), (7, 120.0)]
    for bar in drawn.bars:
        assert bar.y + bar.height == pytest.approx(SIDE)
        assert bar.height == pytest.approx(SIDE * bar.count / 10)
    assert drawn.bars[-1].x + drawn.bars[-1].width < SIDE
    assert drawn.times[0] == 100.0


def test_an_empty_chart() -> None:
    assert chart((), start=0.0, step_s=1).bars == ()
    assert chart((0, 0), start=0.0, step_s=1).scale == (2, 1, 0)


@pytest.mark.parametrize(
    ("number", "top"), [(0, 2), (1, 2), (2, 2), (3, 4), (5, 10), (10, 10), (11, 20), (999, 1000), (1001, 2000)]
)
def test_nice_numbers(number: int, top: int) -> None:
    assert nice(number) == top
    assert top % 2 == 0
