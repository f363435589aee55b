"""`/exports`: tables of all documents, streamed."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from indexed import index

from actors.fusion.published import documents
from service.exports import TABLE_FORMATS, TABLES
from service.web.api import exports as api_exports

if TYPE_CHECKING:
    from shelf import MakeClient, Shelf
    from starlette.testclient import TestClient

NAMES = {"videos": "reelwatch", "shots": "reelwatch-shots", "words": "reelwatch-words"}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    ("form", "media_type"), [("csv", "text/csv; charset=utf-8"), ("parquet", "application/vnd.apache.parquet")]
)
def test_the_same_bytes_as_on_the_command_line(
    client: TestClient, shelf: Shelf, table: str, form: str, media_type: str
) -> None:
    for name in ("a.mp4", "b.mp4"):
        shelf.described(name, name.encode())
    answer = client.get(f"/exports/{table}.{form}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["content-disposition"] == f'attachment; filename="{NAMES[table]}.{form}"'
    found = documents(os.fsencode(shelf.output))
    assert answer.content == b"".join(TABLE_FORMATS[form].chunks(TABLES[table], found)) != b""


def test_a_row_for_each_document_that_is_there(client: TestClient, shelf: Shelf) -> None:
    for name in ("a.mp4", "b.mp4"):
        shelf.described(name, name.encode())
    (shelf.output / "a.json").unlink()
    rows = list(csv.DictReader(io.StringIO(client.get("/exports/videos.csv").text)))
    assert [row["document"] for row in rows] == ["b.json"]


CHOSEN = {
    "language=en": ["b.mp4"],
    "language=en&language=none": ["b.mp4", "c.mp4"],
    "folder=tips": ["a.mp4"],
    "duration_to=10": ["a.mp4", "b.mp4"],
    "q=hei+alle": ["a.mp4", "b.mp4"],
    "q=hei+alle&language=en": ["b.mp4"],
    "q=nonsense": [],
    "author=kari": ["a.mp4", "b.mp4", "c.mp4"],
    "q=+": ["a.mp4", "b.mp4", "c.mp4"],
}


@pytest.fixture
def chosen_from(shelf: Shelf) -> Shelf:
    describe(shelf, "tips/a.mp4")
    describe(shelf, "b.mp4", language="en")
    nothing = {"text": "", "words": [], "segments": [], "quality": None}
    shots: list[dict[str, Any]] = []
    silent = {"transcript": nothing, "shots": shots, "representative_frames": None}
    describe(shelf, "c.mp4", language=None, duration_s=99.0, **silent)
    index(shelf)
    return shelf


def describe(shelf: Shelf, name: str, **changes: Any) -> None:
    path = shelf.output / f"{shelf.described(name, name.encode()).document}.json"
    document = json.loads(path.read_text()) | {"filename": name.rpartition("/")[2]} | changes
    document["source"] |= {"relative_path": name}
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("asked", CHOSEN)
def test_only_what_is_chosen_as_in_the_library(
    client: TestClient, chosen_from: Shelf, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    del chosen_from
    monkeypatch.setattr(api_exports, "MOST_ROWS", 1)  # a page each
    rows = csv.DictReader(io.StringIO(client.get(f"/exports/videos.csv?{asked}").text))
    assert sorted(row["filename"] for row in rows) == CHOSEN[asked]
    entries = client.get(f"/documents?{asked}").json()["documents"]
    assert sorted(entry["filename"] for entry in entries) == CHOSEN[asked]


def test_the_page_of_the_library_offers_what_it_shows(client: TestClient, chosen_from: Shelf) -> None:
    del chosen_from
    page = client.get("/library?q=hei+al&language=en&length=15").text
    address = html.unescape(re.findall(r'href="(/exports/[^"]*)"', page)[0])
    assert address == "/exports/videos.csv?q=hei+al%2A&language=en&duration_to=15.0"
    assert [row["filename"] for row in csv.DictReader(io.StringIO(client.get(address).text))] == ["b.mp4"]


def test_what_is_gone_since_it_was_indexed_is_passed_over(client: TestClient, chosen_from: Shelf) -> None:
    (chosen_from.output / "b.json").unlink()
    assert client.get("/exports/videos.csv?language=en").text.count("\r\n") == 1


@pytest.mark.parametrize("asked", ["q=kind:nonsense", "status=perhaps", "duration_from=-1", "duration_to=nan"])
def test_a_choice_that_is_none(client: TestClient, chosen_from: Shelf, asked: str) -> None:
    del chosen_from
    answer = client.get(f"/exports/words.parquet?{asked}")
    assert (answer.status_code in {400, 422}, answer.headers["content-type"]) == (True, "application/problem+json")


def test_no_output_yet_is_an_empty_table(client: TestClient, shelf: Shelf) -> None:
    shelf.output.rmdir()
    assert client.get("/exports/words.csv").text.startswith("video_id,filename,index,")
    assert client.get("/exports/words.parquet").content.startswith(b"PAR1")


def test_a_parquet_file_is_not_compressed_again(client: TestClient, shelf: Shelf) -> None:
    shelf.described("a.mp4")
    encodings = [client.get(f"/exports/videos.{form}").headers.get("content-encoding") for form in ("csv", "parquet")]
    assert encodings == ["gzip", None]


def test_without_pyarrow_there_is_a_remedy(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = client.get("/exports/videos.parquet")
    assert (answer.status_code, answer.json()["type"]) == (501, "urn:reelwatch:parquet_unavailable")
    assert "reelwatch[parquet]" in answer.json()["detail"]
    assert client.get("/exports/videos.csv").status_code == 200


def test_an_output_that_is_none(client: TestClient, shelf: Shelf) -> None:
    shelf.output.rmdir()
    shelf.output.write_text("a file")
    assert client.get("/exports/videos.csv").json()["type"] == "urn:reelwatch:output_unreadable"


@pytest.mark.parametrize("path", ["nonsense.csv", "videos.json", "..%2fvideos.csv", "videos", ".csv"])
def test_what_is_no_table(client: TestClient, path: str) -> None:
    answer = client.get(f"/exports/{path}")
    assert (answer.status_code in {404, 422}, answer.headers["content-type"]) == (True, "application/problem+json")


def test_a_token_is_asked_for(shelf: Shelf, make_client: MakeClient) -> None:
    shelf.described("a.mp4")
    guarded = make_client(token="t0ken-" * 6)
    assert guarded.get("/exports/videos.csv").status_code == 401
    assert guarded.get("/exports/videos.csv", headers={"authorization": f"Bearer {'t0ken-' * 6}"}).status_code == 200


@pytest.mark.parametrize(("form", "media_type"), [("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet")])
def test_it_describes_itself(client: TestClient, form: str, media_type: str) -> None:
    described: Any = client.get("/openapi.json").json()
    operation = described["paths"][f"/exports/{{table}}.{form}"]["get"]
    assert list(operation["responses"]["200"]["content"]) == [media_type]
    assert set(described["components"]["schemas"]["TableName"]["enum"]) == set(TABLES)
    assert {"401", "422", "503"} <= operation["responses"].keys()
