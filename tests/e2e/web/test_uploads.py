"""Videos that are handed to the page, in a real browser: chosen, dropped onto it, or named by an address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beginnings import beginning
from watched import Watched

from service.assets import demo_clip

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from world import World

UPLOADED_S, LET_GO_S, FETCHED_S = 1.0, 0.9, 0.8
"""Of the sample nobody speaks so early: described within seconds. Another length has another content."""


def test_they_upload_one_from_their_computer(watched: Watched, world: World, tmp_path: Path) -> None:
    page = watched.page
    clip = beginning(demo_clip(), tmp_path / "uploaded.mp4", seconds=UPLOADED_S)
    page.goto("/")
    page.get_by_text("Add a video").click()
    page.get_by_label("From this computer").set_input_files(clip)
    page.get_by_role("button", name="Upload").click()
    link = page.locator("#queue").get_by_role("link", name="uploaded.mp4")
    link.wait_for(timeout=90_000)
    link.click()
    page.get_by_role("heading", name="uploaded.mp4").wait_for()
    watched.until("document.querySelector('video').readyState >= 1")
    assert [file.read_bytes() for file in world.home.path.rglob("received/**/uploaded.mp4")] == [clip.read_bytes()]


def test_they_drop_one_onto_the_page(watched: Watched, world: World, tmp_path: Path) -> None:
    page = watched.page
    clip = beginning(demo_clip(), tmp_path / "let go.mp4", seconds=LET_GO_S)
    page.goto("/")
    page.get_by_text("Live", exact=True).wait_for()
    drag(page, clip)
    page.locator("#queue").get_by_role("link", name="let go.mp4").wait_for(timeout=90_000)
    assert [file.read_bytes() for file in world.home.path.rglob("received/**/let go.mp4")] == [clip.read_bytes()]


def drag(page: Page, file: Path) -> None:
    """Drag a file from outside over the page and let go (Chrome DevTools Protocol, `Input.dispatchDragEvent`)."""
    devtools = page.context.new_cdp_session(page)
    carried = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": carried})
        assert page.evaluate("document.body.classList.contains('dropping')") is (kind != "drop")


def test_they_have_one_fetched_from_an_address(watched: Watched, world: World, tmp_path: Path) -> None:
    page = watched.page
    clip = beginning(demo_clip(), tmp_path / "fetched.mp4", seconds=FETCHED_S)
    with site_of(tmp_path) as address:
        page.goto("/")
        page.get_by_text("Add a video").click()
        page.get_by_label("From an address").fill(f"{address}/fetched.mp4")
        page.get_by_role("button", name="Fetch").click()
        page.locator("#queue").get_by_role("link", name="fetched.mp4").wait_for(timeout=90_000)
    assert [file.read_bytes() for file in world.home.path.rglob("received/**/*.mp4") if "fetched" in file.name] == [
        clip.read_bytes()
    ]


@contextmanager
def site_of(folder: Path) -> Iterator[str]:
    """Somebody's web site: a folder's files."""
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_given: Any) -> None:
        """Say nothing."""
