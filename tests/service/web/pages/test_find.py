"""The search page: hits by video with their marks, links that play, wrong queries shown where they are wrong."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import pytest
from indexed import index, put_many

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient


def test_without_a_query_it_says_how_to_ask(client: TestClient, shelf: Shelf) -> None:
    del shelf
    page = client.get("/find").text
    for address in re.findall(r'<dt><a href="([^"]+)"', page):
        answer = client.get(html.unescape(address))
        assert (answer.status_code, 'id="wrong"' in answer.text) == (200, False), address


def test_hits_are_marked_and_play(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("tips/blåbær.mp4")
    index(shelf)
    page = client.get("/find", params={"q": "alle"}).text
    assert "Hei <mark>alle</mark> sammen" in page
    assert f'href="/videos/{job.sha256[:16]}?t=0.36"' in page
    assert 'lang="no"' in page


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ("q=blåbær", {"file", "overlay", "sidecar"}),
        ("q=blåbær&kind=overlay", {"overlay"}),
        ("q=blåbær&kind=overlay&kind=file&kind=x", {"overlay", "file"}),
    ],
)
def test_kinds(client: TestClient, shelf: Shelf, asked: str, kinds: set[str]) -> None:
    shelf.described("blåbær.mp4")
    index(shelf)
    assert set(re.findall(r'data-kind="(\w+)"', client.get(f"/find?{asked}").text)) == kinds


def test_pages_follow_each_other(client: TestClient, shelf: Shelf) -> None:
    put_many(shelf, 45)
    seen, address = [], "/find?q=sammen"
    while address:
        page = client.get(address).text
        seen += re.findall(r'class="result" data-video-id="([0-9a-f]+)"', page)
        more = re.search(r'id="more" rel="next" href="([^"]+)"', page)
        address = html.unescape(more[1]) if more else ""
    assert (len(seen), len(set(seen))) == (45, 45)


@pytest.mark.parametrize(
    ("q", "where"),
    [
        ("coffee kind:screen", "coffee <mark>kind:screen</mark>"),
        ("blåbær before:soon x", "blåbær <mark>before:soon x</mark>"),
        ("<b> kind:<i>", "&lt;b&gt; <mark>kind:&lt;i&gt;</mark>"),
    ],
)
def test_a_wrong_query_is_shown_where_it_is_wrong(client: TestClient, shelf: Shelf, q: str, where: str) -> None:
    del shelf
    page = client.get("/find", params={"q": q}).text
    assert f'<pre class="where">{where}</pre>' in page


def test_nothing_found_and_a_lost_cursor(client: TestClient, shelf: Shelf) -> None:
    put_many(shelf, 1)
    assert "Nothing was found." in client.get("/find?q=zzz&kind=speech").text
    answer = client.get("/find?q=sammen&cursor=x")
    assert (answer.status_code, "Begin again" in answer.text) == (400, True)


def test_hostile_text_stays_text(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    path = shelf.output / "a.json"
    document = json.loads(path.read_text())
    hostile = "<img src=x onerror=alert(1)> evil </mark><script>alert(2)</script>"
    document["text_overlays"][0]["text"] = hostile
    document["source"] |= {"caption": hostile, "author": hostile}
    path.write_text(json.dumps(document | {"filename": hostile}))
    index(shelf)
    page = client.get("/find", params={"q": "evil"}).text
    assert job.sha256[:16] in page
    assert "onerror=alert(1)&gt; <mark>evil</mark> &lt;/mark&gt;" in page
    assert "<img src=x" not in page
    assert re.findall("<script[^>]*>", page) == ['<script type="module" src="/static/find/find.js">']
