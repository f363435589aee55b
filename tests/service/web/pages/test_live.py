"""The queue in a real browser, over a ledger that changes: what differs comes, what does not is left alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.ledger.live import LiveText
from service.ledger.lock import state_lock
from service.ledger.values import ServiceStart
from service.live.note import JobProgress, LiveNote, StageProgress

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "events"))

from served import Served, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from shelf import MakeClient, Shelf

LIMIT_MS = 20_000


@pytest.fixture
def server(make_client: MakeClient, shelf: Shelf) -> Iterator[Served]:
    del shelf
    with served(make_client(base_url="http://127.0.0.1").app) as made:
        yield made


@pytest.fixture
def opened(browser: Browser, server: Served) -> Iterator[Page]:
    """The queue, open and live; nothing may go wrong in its scripts."""
    page, faults = browser.new_page(), []
    page.set_default_timeout(LIMIT_MS)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_selector('#signal[data-state="live"]')
    yield page
    page.close()
    assert faults == []


def failed(shelf: Shelf, name: str) -> int:
    job = shelf.claimed(name, name.encode())
    shelf.ledger.fail(job.job_id, reason="made up")
    shelf.clock.advance(1)
    return job.job_id


def note(shelf: Shelf, job: int, *statuses: str) -> None:
    stages = tuple(StageProgress(stage=f"s{place}", status=status) for place, status in enumerate(statuses))
    written = LiveNote(
        pid=os.getpid(), at=1.0, started_at=1.0, pool_up=True, jobs=(JobProgress(job=job, stages=stages),)
    )
    shelf.ledger.note_live(LiveText(written.pid, written.at, written.model_dump_json()))


def test_what_changes_comes_and_whoever_has_the_focus_keeps_it(shelf: Shelf, opened: Page) -> None:
    first = failed(shelf, "a.mp4")
    row = opened.locator(f"#job-{first}")
    row.wait_for()
    button = row.locator("button")
    button.focus()
    opened.evaluate("document.activeElement.dataset.mine = 'yes'")
    second = failed(shelf, "b.mp4")
    opened.locator(f"#job-{second}").wait_for()
    assert opened.evaluate("document.activeElement.dataset.mine") == "yes", "it is the same button, with the focus"
    assert [opened.locator("[data-job]").nth(place).get_attribute("data-job") for place in range(2)] == [
        str(second),
        str(first),
    ]
    opened.keyboard.press("Enter")
    opened.locator(f'#job-{first}[data-state="queued"]').wait_for()
    assert opened.locator('a[data-group="attention"] .count').inner_text() == "1"


def test_stages_go_on_in_their_card(shelf: Shelf, opened: Page) -> None:
    inbox, output = os.fsencode(shelf.inbox), os.fsencode(shelf.output)
    shelf.ledger.note_start(ServiceStart((inbox,), ("mp4",), output, "embedded", "k", os.getpid()))
    with state_lock(shelf.home / "state"):
        job = shelf.claimed("a.mp4").job_id
        note(shelf, job, "running", "pending")
        card = opened.locator(f"#job-{job}")
        card.locator('[data-stage="s0"][data-status="running"]').wait_for()
        opened.evaluate("id => { document.getElementById(id).dataset.mine = 'yes' }", f"job-{job}")
        note(shelf, job, "done", "running")
        card.locator('[data-stage="s0"][data-status="done"]').wait_for()
        card.locator('[data-stage="s1"][data-status="running"]').wait_for()
        assert card.locator("progress").evaluate("bar => [bar.value, bar.max]") == [1, 2]
        assert card.get_attribute("data-mine") == "yes", "the card was not made anew for that"


def test_a_server_that_goes_away_is_shown(opened: Page, server: Served) -> None:
    server.end()
    opened.wait_for_selector('#signal[data-state="off"], #signal[data-state="wait"]')
