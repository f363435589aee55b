"""`/search`: hits with their place in the video and in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from indexed import index, put_many

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient


@pytest.fixture
def video_id(shelf: Shelf) -> str:
    job = shelf.described("tips/blåbær.mp4")
    index(shelf)
    return str(job.sha256)[:16]


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({"q": "sammen"}, ["speech"]),
        ({"q": "BLÅBÆR"}, ["file", "overlay", "sidecar"]),
        ({"q": "blåbær kind:overlay"}, ["overlay"]),
        ({"q": "blåbær", "kind": ["overlay", "file"]}, ["file", "overlay"]),
        ({"q": "blåbær kind:speech", "kind": ["file"]}, ["file"]),
        ({"q": "blabaer"}, []),
        ({"q": "kroner before:1s"}, []),
    ],
)
def test_where_words_are_found(client: TestClient, video_id: str, asked: dict[str, Any], kinds: list[str]) -> None:
    found = client.get("/search", params=asked).json()
    assert sorted({hit["kind"] for hit in found["hits"]}) == kinds
    assert {hit["video_id"] for hit in found["hits"]} <= {video_id}


def test_a_hit_says_what_matched_and_plays_from_there(client: TestClient, video_id: str) -> None:
    (hit,) = client.get("/search", params={"q": "alle sammen"}).json()["hits"]
    assert [hit["text"][start:end] for start, end in hit["matches"]] == ["alle", "sammen"]
    assert (hit["at_s"], hit["link"]) == (0.36, f"/videos/{video_id}?t=0.36")
    assert 'data-start="0.36"' in client.get(hit["link"]).text
    assert client.get(hit["keyframe"]).status_code == 200


def test_pages(client: TestClient, shelf: Shelf) -> None:
    put_many(shelf, 5)
    seen, asked = [], {"q": "sammen", "limit": 2}
    page = client.get("/search", params=asked).json()
    while page["next"] is not None:
        seen += [hit["video_id"] for hit in page["hits"]]
        page = client.get("/search", params=asked | {"cursor": page["next"]}).json()
    seen += [hit["video_id"] for hit in page["hits"]]
    assert (len(seen), len(set(seen)), page["total"]) == (5, 5, 5)


@pytest.mark.parametrize(
    ("asked", "status", "code", "where"),
    [
        ({"q": "blåbær kind:x"}, 400, "bad_query", "query.q.7"),
        ({"q": "before:soon"}, 400, "bad_query", "query.q.0"),
        ({"q": ""}, 400, "bad_query", "query.q.0"),
        ({"q": "a", "cursor": "x"}, 400, "bad_cursor", None),
        ({}, 422, "invalid_request", "query.q"),
        ({"q": "a", "kind": "x"}, 422, "invalid_request", "query.kind.0"),
    ],
)
def test_what_cannot_be_understood(
    client: TestClient, shelf: Shelf, asked: dict[str, Any], status: int, code: str, where: str | None
) -> None:
    del shelf
    answer = client.get("/search", params=asked)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:reelwatch:{code}")
    assert [error["where"] for error in answer.json()["errors"]] == ([] if where is None else [where])
