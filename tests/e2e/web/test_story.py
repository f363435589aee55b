"""A day of somebody who works with the dashboard, in a real browser on a real service: run them in order."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from loopback import free_port
from processes import until
from watched import Watched
from world import CORRUPT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from world import World

README = Path(__file__).resolve().parents[3] / "README.md"
TOKEN = "a-token-of-at-least-thirty-two-characters"  # noqa: S105 - of this test alone
SILENT_S = 1.2
"""Of the sample nobody speaks so early: described within seconds."""
TELL_STATES = """(name) => {
  window.sameAsBefore = true;
  window.statesSeen = [];
  const look = () => {
    for (const one of document.querySelectorAll("#queue [data-job]"))
      if (one.textContent.includes(name) && window.statesSeen.at(-1) !== one.dataset.state)
        window.statesSeen.push(one.dataset.state);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
SHOWN = (
    "[...document.querySelectorAll('#boxes .overlay')].some((one) => one.checkVisibility({visibilityProperty: true}))"
)


def test_a_dropped_video_goes_through_before_their_eyes(watched: Watched, world: World) -> None:
    page = watched.page
    page.goto("/")
    page.get_by_text("Live", exact=True).wait_for()
    page.evaluate(TELL_STATES, "dropped.mp4")
    world.drop("dropped.mp4", seconds=SILENT_S)
    link = page.get_by_role("link", name="dropped.mp4")
    link.wait_for(timeout=90_000)
    assert page.evaluate("window.sameAsBefore") is True
    states = page.evaluate("window.statesSeen")
    # A fast host is done before a page hears of the work; `tests/service/web/pages/test_live.py` sees the stages go by.
    assert states[-1] == "done", states
    assert [one for one in watched.requests if one.is_navigation_request()][1:] == []
    link.click()
    page.get_by_role("heading", name="dropped.mp4").wait_for()


def test_they_play_it_and_click_a_word(watched: Watched, world: World) -> None:
    page = watched.page
    page.goto(f"/videos/{world.spoken}")
    page.evaluate("document.querySelector('video').play()")
    watched.until("document.querySelector('video').currentTime > 0.3")
    pieces = [one for one in watched.responses if one.url.endswith("/video") and one.status == 206]
    assert pieces, "it is read by ranges"
    word = page.locator("[data-word]", has_text="kitchen")
    start_s = float(word.get_attribute("data-word") or "nan")
    assert start_s > 1
    page.evaluate("document.querySelector('video').pause()")
    word.click()
    at_s = page.evaluate("document.querySelector('video').currentTime")
    assert at_s == pytest.approx(start_s, abs=0.5)
    page.get_by_role("tab", name="Visual").click()
    assert page.locator("#visual").is_visible()


def test_they_see_what_is_written_on_the_picture(watched: Watched, world: World) -> None:
    page = watched.page
    page.goto(f"/videos/{world.spoken}#t=1")
    page.evaluate("document.querySelector('video').currentTime = 1")
    watched.until(SHOWN)
    page.get_by_label("On-screen text").uncheck()
    watched.until(f"!({SHOWN})")


def test_they_sort_and_filter_the_library(watched: Watched, world: World) -> None:
    page = watched.page
    world.home.until_state(world.home.inbox / "dropped.mp4", "done")
    until(lambda: world.ask("/documents")["total"] == 2, "both are in the library")
    page.goto("/library?look=list&sort=duration&direction=asc")
    assert names(page) == ["dropped.mp4", "spoken.mp4"]
    page.get_by_role("link", name="turn the order round").click()
    watched.until("document.querySelector('#items').innerText.trim().startsWith('spoken')")
    assert names(page) == ["spoken.mp4", "dropped.mp4"]
    page.get_by_label("Search").fill("kitchen")
    watched.until("document.querySelectorAll('#items > *').length === 1")
    assert names(page) == ["spoken.mp4"]
    page.get_by_role("link", name="Show all").click()
    watched.until("document.querySelectorAll('#items > *').length === 2")
    page.get_by_label("Language").select_option("en")
    watched.until("document.querySelectorAll('#items > *').length === 1")
    page.reload()
    assert names(page) == ["spoken.mp4"], "what they see can be linked to"


def test_they_search_and_open_a_hit_at_its_second(watched: Watched, world: World) -> None:
    page, video_id = watched.page, world.spoken
    page.goto("/find")
    page.get_by_role("searchbox").fill("kitchen kind:speech")
    page.get_by_role("button", name="Search").click()
    hit = page.locator("[data-kind=speech] a.hit").first
    hit.wait_for()
    assert video_id in (hit.get_attribute("href") or "")
    hit.click()
    page.wait_for_url(re.compile(r"/videos/[0-9a-f]{16}\?.*t="))
    watched.until("document.querySelector('video').currentTime > 1")


def test_they_try_a_refused_one_again(watched: Watched, world: World) -> None:
    page, before = watched.page, world.home.job(world.corrupt)
    assert before is not None
    page.goto("/?state=attention")
    with page.expect_response(re.compile(r"/jobs/\d+/retry")) as told:
        page.get_by_role("button", name=f"Retry {CORRUPT}").click()
    assert told.value.status == 202

    def tried_again() -> Any:
        job = world.home.job(world.corrupt)
        return job is not None and job.state == "rejected" and job.changed_at > before.changed_at

    until(tried_again, "it was tried and refused once more")
    page.get_by_role("button", name=f"Retry {CORRUPT}").wait_for()


def test_they_have_a_video_described_anew(watched: Watched, world: World) -> None:
    page, address = watched.page, f"/documents/{world.spoken}"
    before = world.ask(address)["processing"]["created_at"]
    page.goto(f"/videos/{world.spoken}#artifacts")
    page.get_by_label("What").select_option("captions")
    page.get_by_role("button", name="Reprocess").click()
    page.get_by_role("link", name="Show the new document").click(timeout=90_000)
    page.get_by_role("heading", name="spoken.mp4").wait_for()
    assert world.ask(address)["processing"]["created_at"] > before


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl (Debian: tests/debian-packages.sh)")
def test_a_program_asks_as_readme_says(world: World) -> None:
    assert world.spoken
    part = README.read_text(encoding="utf-8").partition("<!-- api -->")[2].partition("<!-- /api -->")[0]
    commands = [line for line in part.splitlines() if line.startswith("curl")]
    host = world.url.removeprefix("http://")
    told = [subprocess.check_output(line.replace("localhost:8003", host), shell=True) for line in commands]  # noqa: S602 - our own page
    health, jobs, documents, search = map(json.loads, told)
    assert health["ready"] is True
    assert [job["filename"] for job in jobs["jobs"]] == [CORRUPT]
    assert documents["documents"]
    assert [hit["video_id"] for hit in search["hits"]] == [world.spoken]


def test_they_log_in_with_a_token_where_one_is_wanted(browser: Browser, world: World, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    port = free_port()
    environ = world.home.environ | {"REELWATCH_WEB__TOKEN_FILE": f'"{tmp_path / "token"}"'}
    command = [sys.executable, "-m", "service.cli.main", "web", "--port", str(port)]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        next(line for line in process.stderr if b"Reelwatch is at" in line)
        with Watched.opened(browser, f"http://127.0.0.1:{port}") as watched:
            _log_in(watched)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _log_in(watched: Watched) -> None:
    page = watched.page
    page.goto("/library?sort=name")
    assert "/login?next=" in page.url
    watched.expect("403")
    page.get_by_label("Token").fill("not the token")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/library?sort=name")
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert TOKEN not in cookie["value"]
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.goto("/")
    assert "/login?next=" in page.url
    watched.assert_no_complaint()


def names(page: Page) -> list[str]:
    """The file names in the library, as they stand."""
    found = re.findall(r"\b[a-z]+\.mp4\b", page.locator("#items").inner_text())
    return list(dict.fromkeys(found))
