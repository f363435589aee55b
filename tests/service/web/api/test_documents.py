"""`/documents/{id}`: the document as it lies on disk, and describing it anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from indexed import index

if TYPE_CHECKING:
    from pathlib import Path

    from shelf import Shelf
    from starlette.testclient import TestClient


def test_the_document_as_it_lies_on_disk(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    assert client.get(f"/documents/{job.sha256[:16]}").json() == json.loads((shelf.output / "a.json").read_text())


@pytest.mark.parametrize("video_id", ["0" * 16, "f" * 16])
def test_none_of_that_name(client: TestClient, shelf: Shelf, video_id: str) -> None:
    shelf.described("a.mp4")
    assert client.get(f"/documents/{video_id}").json()["type"] == "urn:reelwatch:unknown_document"


def test_one_that_was_deleted(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    (shelf.output / "a.json").unlink()
    assert client.get(f"/documents/{job.sha256[:16]}").status_code == 404


@pytest.mark.parametrize("name", ["x", "0" * 15, "0" * 17, "G" * 16, "..%2f..%2fetc", "%27%20OR%201=1"])
def test_what_is_no_id(client: TestClient, name: str) -> None:
    assert client.get(f"/documents/{name}").status_code in {404, 422}


@pytest.mark.parametrize(
    ("stage", "kept"),
    [(None, set()), ("asr", {"diarization", "ocr", "frames"}), ("frames", {"asr", "diarization", "ocr"})],
)
def test_describing_it_anew(client: TestClient, shelf: Shelf, stage: str | None, kept: set[str]) -> None:
    job = shelf.described("a.mp4")
    answer = client.post(f"/documents/{job.sha256[:16]}/reprocess", params={} if stage is None else {"stage": stage})
    assert (answer.status_code, answer.json()) == (202, {"jobs": [job.job_id]})
    assert shelf.ledger.job(job.job_id).state.value == "queued"
    assert {found.stage for found in shelf.ledger.results_of(job.sha256).values()} == kept


def test_not_twice_and_no_unknown_stage(client: TestClient, shelf: Shelf) -> None:
    url = f"/documents/{shelf.described('a.mp4').sha256[:16]}/reprocess"
    assert client.post(url, params={"stage": "nonsense"}).status_code == 422
    assert client.post(url).status_code == 202
    assert client.post(url).json()["type"] == "urn:reelwatch:in_work"


@pytest.fixture
def another_s(client: TestClient, shelf: Shelf, tmp_path: Path) -> str:
    """A document that another ledger's job has made, and this one's index knows; return its video's id."""
    del client
    job = shelf.described("tips/a.mp4")
    video_id = str(job.sha256)[:16]
    shelf.ledger.close()
    for left in (tmp_path / "state").glob("ledger.sqlite3*"):
        left.unlink()
    shelf.ledger = shelf.open()
    index(shelf)
    return video_id


def test_one_that_only_the_index_knows(client: TestClient, shelf: Shelf, another_s: str) -> None:
    url = f"/documents/{another_s}"
    assert client.get(url).json() == json.loads((shelf.output / "tips" / "a.json").read_text())
    (entry,) = client.get("/documents").json()["documents"]
    assert client.get(entry["keyframe"]).headers["content-type"] == "image/jpeg"
    assert "Hei" in client.get(f"{url}/subtitles.srt").text
    assert client.get(f"{url}/video").json()["type"] == "urn:reelwatch:source_gone"
    assert client.post(f"{url}/reprocess").json()["type"] == "urn:reelwatch:source_unknown"
    page = client.get(entry["page"])
    assert (page.status_code, "Where the video lies is not known" in page.text) == (200, True)
    other = shelf.output / f"{shelf.described('b.mp4', b'other').document}.json"
    (shelf.output / "tips" / "a.json").write_bytes(other.read_bytes())  # its name is another video's by now
    assert client.get(url).status_code == 404
    (shelf.output / "tips" / "a.json").unlink()
    assert {client.get(f"{url}{part}").status_code for part in ("", "/video", "/subtitles.vtt")} == {404}
