"""`/documents/{id}/frames`: every shot's picture, which of them matter, and which are gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient


def test_every_picture_is_listed_and_served(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("tips/blåbær.mp4")
    frames = client.get(f"/documents/{job.sha256[:16]}/frames").json()["frames"]
    assert [(one["shot_id"], one["representative"], one["dropped"], one["duplicate_of"]) for one in frames] == [
        ("s001", True, None, None),
        ("s002", False, "duplicate", "s001"),
        ("s003", False, "black", None),
    ]
    assert [client.get(one["picture"]).status_code for one in frames] == [200, 200, 200]


def test_what_is_not_known_or_gone_is_null(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    path = shelf.output / "a.json"
    document = json.loads(path.read_text()) | {"representative_frames": None}
    document["shots"][0]["keyframe"] = None
    path.write_text(json.dumps(document))
    first, *_ = client.get(f"/documents/{job.sha256[:16]}/frames").json()["frames"]
    assert (first["picture"], first["representative"]) == (None, None)


def test_no_document(client: TestClient, shelf: Shelf) -> None:
    del shelf
    assert client.get(f"/documents/{'0' * 16}/frames").json()["type"] == "urn:reelwatch:unknown_document"
