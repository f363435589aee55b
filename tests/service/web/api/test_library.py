"""`/documents` as a list: what is left out, in which order, page by page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from indexed import index, put_many

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient


def described(shelf: Shelf, name: str, **changes: Any) -> str:
    job = shelf.described(name, name.encode())
    path = shelf.output / f"{job.document}.json"
    document = json.loads(path.read_text()) | {"filename": name.rpartition("/")[2]} | changes
    document["source"] |= {"relative_path": name}
    path.write_text(json.dumps(document))
    return str(job.sha256)[:16]


def test_an_entry_says_what_the_document_says(client: TestClient, shelf: Shelf) -> None:
    video_id = described(shelf, "tips/blåbær.mp4")
    index(shelf)
    found = client.get("/documents").json()
    assert (found["total"], found["next"]) == (1, None)
    entry = found["documents"][0]
    expected = {
        "video_id": video_id,
        "filename": "blåbær.mp4",
        "document": "tips/blåbær",
        "language": "no",
        "words": 8,
        "shots": 3,
        "speakers": None,
        "views": 1200,
        "saves": None,
        "hashtags": ["Blåbær", "fyp"],
        "keyframe": f"/documents/{video_id}/frames/bl%C3%A5b%C3%A6r_s001.jpg",
        "page": f"/videos/{video_id}",
    }
    assert {name: entry[name] for name in expected} == expected
    assert client.get(entry["keyframe"]).status_code == 200
    assert client.get(entry["page"]).status_code == 200


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"a.mp4", "b.mp4", "c.mp4"}),
        ({"status": "partial"}, {"b.mp4"}),
        ({"language": "en"}, {"b.mp4"}),
        ({"language": ["en", "none"]}, {"b.mp4", "c.mp4"}),
        ({"folder": "tips"}, {"a.mp4"}),
        ({"folder": "/tips/"}, {"a.mp4"}),
        ({"author": "KARI"}, {"a.mp4", "b.mp4", "c.mp4"}),
        ({"author": "nobody"}, set()),
        ({"tag": ["#blåbær", "fyp"]}, {"a.mp4", "b.mp4", "c.mp4"}),
        ({"duration_from": 10}, {"c.mp4"}),
        ({"duration_to": 10}, {"a.mp4", "b.mp4"}),
        ({"has_words": "true"}, {"a.mp4", "b.mp4", "c.mp4"}),
        ({"q": "kroner in:tips"}, {"a.mp4"}),
        ({"q": "nowhere"}, set()),
        ({"q": " "}, {"a.mp4", "b.mp4", "c.mp4"}),
        ({"author": " ", "tag": ""}, {"a.mp4", "b.mp4", "c.mp4"}),
        ({"tag": " #fyp "}, {"a.mp4", "b.mp4", "c.mp4"}),
    ],
)
def test_filters(client: TestClient, shelf: Shelf, asked: dict[str, Any], expected: set[str]) -> None:
    described(shelf, "tips/a.mp4")
    described(shelf, "b.mp4", status="partial", language="en")
    described(shelf, "c.mp4", language=None, duration_s=20.0)
    index(shelf)
    found = client.get("/documents", params=asked).json()
    assert {entry["filename"] for entry in found["documents"]} == expected
    assert found["total"] == len(expected)


@pytest.mark.parametrize("sort", ["described", "name", "duration", "words", "shots", "views", "posted"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_hold_every_document_once(client: TestClient, shelf: Shelf, sort: str, direction: str) -> None:
    put_many(shelf, 7)
    seen, asked = [], {"sort": sort, "direction": direction, "limit": 3}
    page = client.get("/documents", params=asked).json()
    for _ in range(2):
        seen += [entry["filename"] for entry in page["documents"]]
        page = client.get("/documents", params=asked | {"cursor": page["next"]}).json()
    seen += [entry["filename"] for entry in page["documents"]]
    assert (page["next"], page["total"]) == (None, 7)
    assert seen == sorted(seen, reverse=direction == "desc")
    assert len(set(seen)) == 7


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"cursor": "x"}, 400, "bad_cursor"),
        ({"cursor": "é" * 1000}, 400, "bad_cursor"),
        ({"q": "kind:nonsense"}, 400, "bad_query"),
        ({"author": "%"}, 400, "bad_filter"),
        ({"author": "★"}, 400, "bad_filter"),
        ({"tag": "#"}, 400, "bad_filter"),
        ({"tag": ["recipe", "##"]}, 400, "bad_filter"),
        ({"limit": 0}, 422, "invalid_request"),
        ({"limit": 201}, 422, "invalid_request"),
        ({"sort": "x; DROP TABLE library"}, 422, "invalid_request"),
        ({"duration_from": "nan"}, 422, "invalid_request"),
        ({"duration_from": -1}, 422, "invalid_request"),
        ({"status": "x"}, 422, "invalid_request"),
        ({"q": "x" * 1001}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_asked(client: TestClient, shelf: Shelf, asked: dict[str, Any], status: int, code: str) -> None:
    del shelf
    answer = client.get("/documents", params=asked)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:reelwatch:{code}")


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", '"', "NEAR(a b)", "a* AND", "\x00", "\ud800".encode("utf-8", "surrogatepass"), "%", "🏔️"]
)
def test_nothing_that_is_asked_breaks_it(client: TestClient, shelf: Shelf, text: str | bytes) -> None:
    described(shelf, "a.mp4")
    index(shelf)
    for name in ("q", "folder", "author", "tag", "language"):
        assert client.get("/documents", params={name: text}).status_code in {200, 400}


def test_a_cursor_of_another_order(client: TestClient, shelf: Shelf) -> None:
    put_many(shelf, 3)
    cursor = client.get("/documents", params={"limit": 1, "sort": "name"}).json()["next"]
    answer = client.get("/documents", params={"limit": 1, "sort": "words", "cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:reelwatch:bad_cursor")
