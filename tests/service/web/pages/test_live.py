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
from service.ledger.request_values import RequestKind
from service.ledger.values import ServiceStart
from service.live.note import JobProgress, LiveNote, StageProgress

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "events"))

from served import Served, served
from waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from shelf import MakeClient, Shelf

LIMIT_MS = 20_000
COUNT_PROGRESS = """
window.heard = 0;
const real = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (kind, listener) {
  real.call(this, kind, (event) => { listener(event); window.heard += kind === "progress"; });
};
"""


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
    assert opened.locator("#signal").inner_text() != "Live"


def test_what_others_asked_for_comes_and_goes(shelf: Shelf, opened: Page) -> None:
    number = shelf.ledger.add_request(RequestKind.UPLOAD, b"other.mp4").request_id
    row = opened.locator(f'[data-request="{number}"]')
    row.wait_for()
    opened.evaluate("document.querySelector('[data-request]').dataset.mine = 'yes'")
    shelf.ledger.note_progress(number, done=25, total=100)
    row.get_by_text("25 %").wait_for()
    assert row.locator("progress").evaluate("bar => [bar.value, bar.max]") == [25, 100]
    assert row.get_attribute("data-mine") == "yes", "the row was not made anew for that"
    shelf.ledger.fail_request(number, reason="aborted", detail="the connection ended")
    opened.locator('[data-request][data-state="failed"]').get_by_text("The connection ended").wait_for()
    assert opened.locator("#announcer").inner_text() == "other.mp4: the connection ended"
    assert opened.locator('a[data-group="attention"] .count').inner_text() == "1"


@pytest.fixture
def slow(opened: Page) -> Page:
    """The queue over a line on which a file takes its time, with one under way."""
    devtools = opened.context.new_cdp_session(opened)
    devtools.send("Network.enable")
    rates = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    devtools.send("Network.emulateNetworkConditions", rates)
    files = [{"name": name, "mimeType": "video/mp4", "buffer": b"x" * 1_000_000} for name in ("a.mp4", "b.mp4")]
    opened.locator("#file").set_input_files(files)
    opened.get_by_role("button", name="Upload").click()
    return opened


def test_a_file_on_its_way_is_shown_once(slow: Page) -> None:
    slow.locator('#queue [data-request][data-asked="a.mp4"]').wait_for()
    slow.locator("#added li", has_text="a.mp4").wait_for(state="hidden")
    assert slow.locator("#added li", has_text="b.mp4").is_visible(), "nobody but this tab knows of it"


def test_who_leaves_while_a_file_is_sent_is_asked(slow: Page) -> None:
    slow.locator('#queue [data-request][data-asked="a.mp4"]').wait_for()
    slow.once("dialog", lambda dialog: dialog.dismiss())
    with slow.expect_event("dialog") as asked:
        slow.evaluate("void setTimeout(() => location.assign('/library'))")
    assert asked.value.type == "beforeunload"
    assert slow.url.endswith("/")


def test_a_list_that_leaves_out_what_is_in_work_is_not_read_again_and_again(shelf: Shelf, opened: Page) -> None:
    inbox, output = os.fsencode(shelf.inbox), os.fsencode(shelf.output)
    shelf.ledger.note_start(ServiceStart((inbox,), ("mp4",), output, "embedded", "k", os.getpid()))
    with state_lock(shelf.home / "state"):
        shelf.done("done.mp4", b"done")
        job = shelf.claimed("a.mp4").job_id
        note(shelf, job, "running", "pending")
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(request.url) if "part=list" in request.url else None)
        opened.add_init_script(COUNT_PROGRESS)
        opened.clock.install()
        opened.goto(f"{opened.url}?state=done")
        for place in range(6):
            note(shelf, job, *(["done"] * place), "running", "pending")
            until(lambda place=place: opened.evaluate("window.heard") > place, "the page is told")
            opened.clock.run_for(5000)
        assert len(asked) <= 1
