"""Every page at every size, light and dark: complete, in bounds, readable, reachable by keyboard; pictures of each."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from looks import is_dark, picture, sticking_out, unreached, violations
from watched import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from world import World

WIDTHS = {"desktop": (1280, 800), "phone": (390, 844)}
SCHEMES = ("light", "dark")
PAGES = {
    "queue": "/",
    "library": "/library",
    "library-list": "/library?look=list",
    "video": "/videos/{video_id}",
    "video-story": "/videos/{video_id}#story",
    "video-visual": "/videos/{video_id}#visual",
    "video-artifacts": "/videos/{video_id}#artifacts",
    "search": "/find?q=good",
    "nothing-found": "/find?q=aardvark",
    "wrong-query": "/find?q=kind%3Anothing",
    "system": "/system",
    "login": "/login",
    "absent": "/videos/0000000000000000",
    "api": "/docs",
}
NOT_OURS = {"api"}
"""Swagger UI's own colours and order of focus are its authors'."""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page(browser: Browser, world: World, name: str, width: str) -> None:
    with at_size(browser, world, width) as watched:
        page = watched.page
        if name == "absent":
            watched.expect("404")
        answer = page.goto(PAGES[name].format(video_id=world.spoken))
        assert answer is not None
        assert answer.status == (404 if name == "absent" else 200)
        if name == "api":
            page.get_by_text("/documents/{video_id}", exact=True).first.wait_for()
        if name == "video-artifacts":
            page.locator("#raw summary").nth(1).wait_for()
        assert page.evaluate("document.documentElement.lang") in {"en", "nb"}
        assert page.title().endswith(" · Reelwatch")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            if name == "api":
                page.wait_for_selector("html.dark-mode", state="attached" if scheme == "dark" else "detached")
                assert is_dark(page, ".swagger-ui") == (scheme == "dark")
            picture(page, f"{name}-{width}-{scheme}")
            assert sticking_out(page) == []
            if name not in NOT_OURS and (width, scheme) != ("phone", "dark"):  # no rule goes by both
                assert violations(page) == []
        assert name in NOT_OURS or unreached(page) == ([], [])
        watched.assert_no_complaint()


def at_size(browser: Browser, world: World, width: str) -> AbstractContextManager[Watched]:
    """Open a page in a window of that size; a phone's is touched."""
    across, down = WIDTHS[width]
    is_phone = width == "phone"
    size = {"width": across, "height": down}
    return Watched.opened(browser, world.url, viewport=size, has_touch=is_phone, is_mobile=is_phone)
