"""`/documents/{id}/subtitles.*`: what is said, in each form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from actors.document import parse
from service.exports import srt, txt, vtt

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient

FORMS = {
    "srt": ("srt", "application/x-subrip; charset=utf-8", srt),
    "vtt": ("vtt", "text/vtt; charset=utf-8", vtt),
    "vtt?words=false": ("vtt", "text/vtt; charset=utf-8", vtt),
    "vtt?words=true": ("words.vtt", "text/vtt; charset=utf-8", lambda document: vtt(document, word_timed=True)),
    "txt": ("txt", "text/plain; charset=utf-8", txt),
}


@pytest.mark.parametrize("asked", FORMS)
def test_the_same_as_on_the_command_line(client: TestClient, shelf: Shelf, asked: str) -> None:
    ending, media_type, spell = FORMS[asked]
    job = shelf.described("blåbær.mp4")
    answer = client.get(f"/documents/{job.sha256[:16]}/subtitles.{asked}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["content-disposition"] == f"inline; filename*=utf-8''bl%C3%A5b%C3%A6r.{ending}"
    assert answer.text == spell(parse((shelf.output / "blåbær.json").read_bytes())) != ""


def changed(shelf: Shelf, **transcript: Any) -> str:
    """A document with another transcript; return the folder of its URLs."""
    job = shelf.described("a.mp4")
    path = shelf.output / "a.json"
    document = json.loads(path.read_text())
    ranges = None if transcript["words"] is None else [0, 0]
    document["shots"] = [shot | {"word_range": ranges} for shot in document["shots"]]
    path.write_text(json.dumps(document | {"transcript": document["transcript"] | transcript}))
    return f"/documents/{job.sha256[:16]}"


def test_nothing_said_is_an_empty_file(client: TestClient, shelf: Shelf) -> None:
    url = changed(shelf, text="", words=[], segments=[], quality=None)
    assert [client.get(f"{url}/subtitles.{form}").text for form in ("srt", "vtt", "txt")] == ["", "WEBVTT\n", ""]


def test_nobody_listened_is_none(client: TestClient, shelf: Shelf) -> None:
    url = changed(shelf, text=None, words=None, segments=None, quality=None)
    answers = [client.get(f"{url}/subtitles.{form}") for form in ("srt", "vtt", "txt")]
    assert {(a.status_code, a.json()["type"]) for a in answers} == {(404, "urn:reelwatch:no_transcript")}


@pytest.mark.parametrize("path", ["subtitles.ass", "subtitles", "subtitles.vtt?words=perhaps", "subtitles.srt/x"])
def test_what_is_no_form(client: TestClient, shelf: Shelf, path: str) -> None:
    job = shelf.described("a.mp4")
    assert client.get(f"/documents/{job.sha256[:16]}/{path}").status_code in {404, 422}


def test_no_such_document(client: TestClient, shelf: Shelf) -> None:
    shelf.described("a.mp4")
    assert client.get(f"/documents/{'0' * 16}/subtitles.vtt").json()["type"] == "urn:reelwatch:unknown_document"
