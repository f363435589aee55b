"""Back and forward in a real browser: lists are as they were, and every filter is a place that Back leads to."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from indexed import put_many

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "events"))

from served import served
from waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from shelf import MakeClient, Shelf

LIMIT_MS = 20_000
VIDEOS = 400
TOP = "document.querySelector('[data-video-id=\"{}\"]').getBoundingClientRect().top"


@pytest.fixture
def opened(browser: Browser, make_client: MakeClient, shelf: Shelf) -> Iterator[Page]:
    """The library of many videos; nothing may go wrong in its scripts. Nothing is kept of a page that was left."""
    put_many(shelf, VIDEOS)
    with served(make_client(base_url="http://127.0.0.1").app) as server:
        page, faults = browser.new_page(base_url=f"http://127.0.0.1:{server.port}"), []
        page.set_default_timeout(LIMIT_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.route(re.compile(r"/library(\?|$)"), lambda route: route.fulfill(response=route.fetch(), headers=NOT_KEPT))
        page.goto("/library?sort=name")
        yield page
        page.close()
        assert faults == []


NOT_KEPT = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}


def shown(page: Page) -> int:
    return page.locator("#items > *").count()


def scrolled_to(page: Page, place: int) -> tuple[str, float]:
    """Scroll on until a video is there and on top; return its id, and where it is."""
    video_id = f"{place:016x}"
    while page.locator(f'[data-video-id="{video_id}"]').count() == 0:
        before = shown(page)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        until(lambda before=before: shown(page) > before, "the next page comes")
    page.locator(f'[data-video-id="{video_id}"]').evaluate("one => one.scrollIntoView({block: 'start'})")
    until(lambda: page.evaluate("history.state?.y === scrollY"), "the place is kept")
    return video_id, page.evaluate(TOP.format(video_id))


@pytest.mark.parametrize("look", ["grid", "list"])
def test_back_from_a_video_is_where_they_were(opened: Page, look: str) -> None:
    opened.goto(f"/library?sort=name&look={look}")
    video_id, top = scrolled_to(opened, 200)
    opened.evaluate(f"""document.querySelector('[data-video-id="{video_id}"] a').click()""")
    opened.wait_for_url("**/videos/**")
    opened.go_back()
    opened.locator(f'[data-video-id="{video_id}"]').wait_for()
    until(lambda: abs(opened.evaluate(TOP.format(video_id)) - top) < 2, "it lies where it lay")
    assert shown(opened) >= 240


def choose(page: Page) -> None:
    page.get_by_label("Duration").select_option("15")


def turn(page: Page) -> None:
    page.locator("[data-turn]").click()


def type_and_wait(page: Page) -> None:
    for text in ("he", "hei"):
        page.get_by_label("Search").fill(text)
        page.wait_for_url(f"**q={text}*")


def submit(page: Page) -> None:
    page.get_by_label("Search").fill("hei")
    page.get_by_label("Search").press("Enter")


@pytest.mark.parametrize("act", [choose, turn, type_and_wait, submit])
def test_back_leads_to_what_was_shown_before(opened: Page, act: Callable[[Page], None]) -> None:
    before = opened.url
    act(opened)
    until(lambda: opened.evaluate("location.href") != before, "it is another address")
    after = opened.evaluate("location.href")
    video_id, top = scrolled_to(opened, 100)
    opened.go_back()
    opened.wait_for_url(before)
    until(lambda: opened.evaluate("document.querySelector('#results').dataset.address") in before, "it is shown")
    fields = "[...document.querySelectorAll('#q, #length, [name=direction]')].map((field) => field.value)"
    until(lambda: opened.evaluate(fields) == ["", "", ""], "the form says so too")
    opened.go_forward()
    opened.wait_for_url(after)
    opened.locator(f'[data-video-id="{video_id}"]').wait_for()
    until(lambda: abs(opened.evaluate(TOP.format(video_id)) - top) < 2, "it lies where it lay")


def test_a_search_and_its_kinds_are_places_too(opened: Page) -> None:
    opened.goto("/find?q=hei")
    opened.get_by_label("On screen").check()
    opened.wait_for_url("**kind=*")
    opened.get_by_role("searchbox").fill("alle")
    opened.get_by_role("searchbox").press("Enter")
    opened.wait_for_url("**q=alle*")
    opened.go_back()
    opened.wait_for_url("**q=hei&kind=*")
    until(lambda: opened.get_by_role("searchbox").input_value() == "hei", "the words")
    assert opened.get_by_label("On screen").is_checked()
    opened.go_back()
    opened.wait_for_url("**q=hei")
    until(lambda: not opened.get_by_label("On screen").is_checked(), "the kind")
