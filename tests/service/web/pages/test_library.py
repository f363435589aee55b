"""The library page: linkable, works as a plain form, hostile text stays text."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from indexed import index, put_many

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient

HOSTILE = '<img src=x onerror=alert(1)>".mp4'


def shown(page: str) -> list[str]:
    return re.findall(r'<(?:li|tr)[^>]* data-video-id="([0-9a-f]+)"', page)


def test_without_documents(client: TestClient) -> None:
    assert "No videos yet" in client.get("/library").text


@pytest.mark.parametrize("look", ["grid", "list"])
def test_pages_follow_each_other(client: TestClient, shelf: Shelf, look: str) -> None:
    put_many(shelf, 125)
    seen, address = [], f"/library?look={look}&sort=name"
    while address:
        page = client.get(address).text
        seen += shown(page)
        more = re.search(r'id="more" rel="next" href="([^"]+)"', page)
        address = html.unescape(more[1]) if more else ""
        assert f"look={look}" in address or look == "grid" or not address
    assert seen == [f"{place:016x}" for place in range(125)]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("", 3),
        ("q=hei", 3),
        ("q=he", 3),
        ("q=kind:overlay+blåb", 3),
        ("q=nothing", 0),
        ("language=no", 3),
        ("language=en", 0),
        ("length=15", 3),
        ("length=long", 0),
        ("status=partial", 0),
        ("status=complete&q=&language=&length=&folder=&sort=views&direction=asc&look=list", 3),
        ("status=nonsense&sort=nonsense&look=x&direction=up&length=0", 3),
        ("folder=elsewhere", 0),
    ],
)
def test_the_address_says_what_is_shown(client: TestClient, shelf: Shelf, asked: str, number: int) -> None:
    put_many(shelf, 3)
    answer = client.get(f"/library?{asked}")
    assert (answer.status_code, len(shown(answer.text))) == (200, number)
    assert number or "Nothing fits" in answer.text


@pytest.mark.parametrize(
    ("asked", "link"),
    [
        ("", "/library?sort=name"),
        ("q=a&sort=name", "/library?q=a&amp;sort=name&amp;direction=desc"),
        ("sort=name&direction=desc", "/library?sort=name"),
    ],
)
def test_a_column_sorts_and_turns_round(client: TestClient, shelf: Shelf, asked: str, link: str) -> None:
    put_many(shelf, 1)
    page = client.get(f"/library?look=list&{asked}").text.replace("&amp;look=list", "")
    assert f'data-column="name"><a href="{link}"' in page


def test_a_query_that_cannot_be_understood(client: TestClient, shelf: Shelf) -> None:
    put_many(shelf, 1)
    page = client.get("/library?q=kind:x").text
    assert "there is no kind" in page
    assert 'aria-invalid="true"' in page
    assert shown(page) == []


def test_a_cursor_that_nobody_gave(client: TestClient, shelf: Shelf) -> None:
    put_many(shelf, 1)
    answer = client.get("/library?cursor=x&q=a")
    assert (answer.status_code, 'href="/library?q=a">Begin again' in answer.text) == (400, True)


def test_unknown_is_no_zero(client: TestClient, shelf: Shelf) -> None:
    put_many(shelf, 1, word_count=None, views=None, language=None, posted_at=None, keyframe=None, width=None)
    grid, listed = client.get("/library").text, client.get("/library?look=list").text
    for expected in ("words unknown", "no language", "sound only"):
        assert expected in grid
    assert listed.count(">unknown</span>") == 4


def test_hostile_text_stays_text(client: TestClient, shelf: Shelf) -> None:
    put_many(shelf, 1, filename=HOSTILE, author=HOSTILE, language='"><b>', folder=HOSTILE, keyframe=f"a/{HOSTILE}")
    for look in ("grid", "list"):
        page = client.get("/library", params={"look": look, "q": "", "folder": HOSTILE}).text
        page += client.get("/library", params={"look": look, "q": HOSTILE}).text
        assert "<img src=x" not in page
        assert '"><b>' not in page


def test_what_is_described_is_shown(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("tips/blåbær.mp4")
    index(shelf)
    page = client.get("/library").text
    assert shown(page) == [job.sha256[:16]]
    assert f'src="/documents/{job.sha256[:16]}/frames/bl%C3%A5b%C3%A6r_s001.jpg?size=small"' in page
