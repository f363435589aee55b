"""The page of a video in a real browser: fingers and keys, a service that is away for a moment, and what costs much."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "events"))

from served import served
from waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from shelf import MakeClient, Shelf

LIMIT_MS = 20_000
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 600}, "has_touch": True, "is_mobile": True}
SEEKS = """
window.seeks = [];
const played = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime");
Object.defineProperty(HTMLMediaElement.prototype, "currentTime", {
  get() { return played.get.call(this); },
  set(seconds) { window.seeks.push(seconds); },
});
"""


@pytest.fixture
def address(make_client: MakeClient, shelf: Shelf) -> Iterator[str]:
    job = shelf.described("a.mp4")
    with served(make_client(base_url="http://127.0.0.1").app) as server:
        yield f"http://127.0.0.1:{server.port}/videos/{job.sha256[:16]}"


@contextmanager
def shown(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """The page; where it goes in the video is written down. Its file is none: what fails is not looked at."""
    context = browser.new_context(**options)
    page, faults = context.new_page(), []
    page.set_default_timeout(LIMIT_MS)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.add_init_script(SEEKS)
    # An answer that does not come: the player waits for its file, and is not replaced by pictures.
    page.route(re.compile(r"/documents/\w+/video"), lambda _route: None)
    page.goto(address)
    page.locator("#video[data-ready]").wait_for()
    yield page
    context.close()
    assert faults == []


def touched(page: Page, *points: tuple[float, float]) -> None:
    """A finger is put down at the first place of the text lane, moved along, and lifted."""
    box = page.locator(".lane[data-lane=text]").bounding_box()
    assert box is not None
    devtools = page.context.new_cdp_session(page)
    for place, (right, down) in enumerate(points):
        point = {"x": box["x"] + right, "y": box["y"] + 4 + down}
        devtools.send(
            "Input.dispatchTouchEvent", {"type": "touchMove" if place else "touchStart", "touchPoints": [point]}
        )
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


UP = tuple((100.0, -20.0 * step) for step in range(12))
ALONG = tuple((50.0 + 10 * step, 0.0) for step in range(8))


@pytest.mark.parametrize(
    ("points", "scrolls", "seeks"), [(UP, True, False), (ALONG, False, True), (((100.0, 0.0),), False, True)]
)
def test_a_finger_on_the_timeline(
    browser: Browser, address: str, points: tuple[tuple[float, float], ...], *, scrolls: bool, seeks: bool
) -> None:
    with shown(browser, address, **PHONE) as page:
        page.evaluate("document.querySelector('.lane[data-lane=text]').scrollIntoView({block: 'center'})")
        before = page.evaluate("scrollY")
        touched(page, *points)
        until(lambda: (page.evaluate("scrollY") > before + 50) is scrolls, "the page follows the finger, or does not")
        until(lambda: bool(page.evaluate("window.seeks.length")) is seeks, "it goes there, or does not")


def test_enter_on_a_word_while_text_is_marked_elsewhere(browser: Browser, address: str) -> None:
    with shown(browser, address) as page:
        page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
        page.locator("[data-word]").first.focus()
        page.keyboard.press("Enter")
        assert page.evaluate("window.seeks") == [0.12]


def test_a_question_that_fails_does_not_end_the_wait_for_a_new_description(browser: Browser, address: str) -> None:
    with shown(browser, f"{address}#artifacts") as page:
        answers = iter(("abort", "broken"))

        def answer(route: Any) -> None:
            how = next(answers, "")
            if how == "abort":
                route.abort()
            elif how == "broken":
                route.fulfill(status=503, body="{}")
            else:
                route.continue_()

        page.route(re.compile(r"/jobs/\d+$"), answer)
        page.get_by_role("button", name="Reprocess").click()
        page.locator("#job-state .state", has_text="queued").wait_for()
        assert next(answers, None) is None


@pytest.mark.parametrize(("options", "asks"), [(PHONE, True), ({}, False)])
def test_the_whole_video_is_loaded_on_a_phone_only_when_asked_for(
    browser: Browser, address: str, options: dict[str, Any], *, asks: bool
) -> None:
    with shown(browser, address, **options) as page:
        note = page.locator("#level-note")
        if asks:
            note.get_by_role("button", name="Draw it").tap()
        note.get_by_text("measuring").wait_for()
