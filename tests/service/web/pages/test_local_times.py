"""Days and times in the reader's own way: the server spells them in UTC, the script where the reader is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from indexed import index, put_many

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "events"))

from served import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from shelf import MakeClient, Shelf

LATE_S = 1_764_199_800.0
"""2025-11-26 23:30 UTC: the next day in Oslo."""


@pytest.mark.parametrize(
    ("scripts", "posted_at", "shown"),
    [
        (False, "2025-11-26T23:30:00Z", ["2025-11-26", "2025-11-26"]),
        (True, "2025-11-26T23:30:00Z", ["27. nov. 2025", "27. nov. 2025"]),
        (True, "2025-11-26", ["27. nov. 2025", "2025-11-26"]),
    ],
)
def test_days_of_the_library(
    browser: Browser, shelf: Shelf, make_client: MakeClient, *, scripts: bool, posted_at: str, shown: list[str]
) -> None:
    put_many(shelf, 1, described_at=LATE_S, posted_at=posted_at, views=184_233)
    with served(make_client(base_url="http://127.0.0.1").app) as server:
        reader = browser.new_context(locale="nb-NO", timezone_id="Europe/Oslo", java_script_enabled=scripts)
        page = reader.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/library?look=list")
        if scripts:
            page.locator("#results[data-ready]").wait_for()
        row = page.locator("#items tr").first
        assert row.locator("time").all_inner_texts() == shown
        assert row.locator("time").first.get_attribute("datetime") == "2025-11-26T23:30:00Z"
        assert "184\u202f233" in row.inner_text()
        reader.close()


def test_times_of_a_video(browser: Browser, shelf: Shelf, make_client: MakeClient) -> None:
    job = shelf.described("first.mp4")
    index(shelf)
    with served(make_client(base_url="http://127.0.0.1").app) as server:
        reader = browser.new_context(locale="nb-NO", timezone_id="Pacific/Kiritimati")
        page = reader.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/videos/{job.sha256[:16]}")
        page.locator("[data-ready]").first.wait_for()
        times = page.locator("#overview time[data-at]").all_inner_texts()
        assert times
        assert not [text for text in times if "UTC" in text]
        reader.close()
