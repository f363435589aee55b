"""Sessions in a real browser: by a link from elsewhere, when they end, and after logging out."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from shelf import TOKEN

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "events"))

from served import Served, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from shelf import MakeClient, Shelf

LIMIT_MS = 20_000
ELSEWHERE = "http://chat.test/"
LINKED = "/library?q=bl%C3%A5b%C3%A6r&sort=name"
OpenPage = Callable[..., "Page"]
LOGIN = re.compile(r"/login\?next=")


@pytest.fixture
def server(make_client: MakeClient, shelf: Shelf) -> Iterator[Served]:
    del shelf
    with served(make_client(base_url="http://127.0.0.1", token=TOKEN).app) as made:
        yield made


@pytest.fixture
def open_page(browser: Browser, server: Served) -> Iterator[OpenPage]:
    """Opens a page of a browser that is not logged in."""
    contexts: list[BrowserContext] = []

    def new_page(*, scripts: bool = True) -> Page:
        contexts.append(browser.new_context(base_url=origin(server), java_script_enabled=scripts))
        page = contexts[-1].new_page()
        page.set_default_timeout(LIMIT_MS)
        return page

    yield new_page
    for context in contexts:
        context.close()


def origin(server: Served) -> str:
    return f"http://127.0.0.1:{server.port}"


def log_in(page: Page, to: str = "/") -> None:
    page.goto(to)
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()


def follow_link(page: Page, server: Served) -> None:
    """Come from another site."""
    link = f'<a href="{origin(server)}{LINKED}">look</a>'
    page.route(f"{ELSEWHERE}**", lambda route: route.fulfill(content_type="text/html", body=link))
    page.goto(ELSEWHERE)
    page.get_by_role("link", name="look").click()


def test_a_link_from_another_site_asks_nobody_twice(open_page: OpenPage, server: Served) -> None:
    page = open_page()
    log_in(page)
    follow_link(page, server)
    page.wait_for_url(f"**{LINKED}")
    page.get_by_role("button", name="Log out").wait_for()
    page.go_back()
    assert page.url == ELSEWHERE, "the login is not on the way back"


def test_without_scripts_it_takes_one_more_click(open_page: OpenPage, server: Served) -> None:
    page = open_page(scripts=False)
    log_in(page)
    follow_link(page, server)
    page.wait_for_url(LOGIN)
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url(f"**{LINKED}")
    assert page.get_by_role("button", name="Log out").is_visible()


def test_who_is_not_logged_in_is_asked(open_page: OpenPage, server: Served) -> None:
    page = open_page()
    with page.expect_request("**/health"):
        follow_link(page, server)
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"**{LINKED}")


def test_a_session_that_ends_while_the_page_follows(open_page: OpenPage, shelf: Shelf) -> None:
    page = open_page()
    log_in(page)
    page.wait_for_selector('#signal[data-state="live"]')
    page.context.clear_cookies()
    shelf.done("a.mp4")
    page.wait_for_url(LOGIN)


def test_a_session_that_has_ended_when_the_page_comes_back(open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "/system")
    page.wait_for_selector('#signal[data-state="live"]')
    page.context.clear_cookies()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    page.wait_for_url(LOGIN)


def test_after_logging_out_nothing_is_shown_by_going_back(open_page: OpenPage) -> None:
    page = open_page()
    log_in(page)
    page.goto("/library")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.go_back()
    assert LOGIN.search(page.url)
