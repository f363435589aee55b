"""The page of a video: what is there, what is missing and why, and hostile text that stays text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from shelf import Shelf
    from starlette.testclient import TestClient

HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script> javascript:alert(3) </title> {{ 7*7 }}"


class Tags(HTMLParser):
    """The tags of a page, as browsers see them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def parsed(page: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    tags = Tags()
    tags.feed(page)
    return tags.found


def change(shelf: Shelf, name: str, **changes: Any) -> None:
    path = shelf.output / f"{name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_the_document_says_is_there(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("tips/blåbær.mp4")
    answer = client.get(f"/videos/{job.sha256[:16]}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = answer.text
    for expected in (
        f'src="/documents/{job.sha256[:16]}/video"',
        f'src="/documents/{job.sha256[:16]}/frames/bl%C3%A5b%C3%A6r_s001.jpg"',
        'data-word="0.12" data-end="0.35">Hei</span>',
        '<span class="word untimed">43.000</span>',
        'lang="no"',
        "the profile does not ask for it",
        'href="/find?q=%23Bl%C3%A5b%C3%A6r"',
        "1\u202f200",
    ):
        assert expected in page, expected
    assert page.count('data-shot="s') == 6  # the strip and the tab
    assert re.search(
        r'class="overlay" data-from="0.1" data-to="1.4" visibility="hidden">\s*<rect x="108.0" y="384.0"', page
    )


def test_only_what_is_said_is_in_the_language_that_was_heard(client: TestClient, shelf: Shelf) -> None:
    page = client.get(f"/videos/{shelf.described('a.mp4').sha256[:16]}").text
    story = page.partition('id="story-lines"')[2].partition("</ol>")[0]
    lines = re.findall(r'data-kind="(\w+)".*?<span class="what" dir="auto"( lang="no")?>', story, re.DOTALL)
    assert {(kind, bool(lang)) for kind, lang in lines} == {("said", True), ("shown", False)}
    assert re.search(r'<blockquote [^>]*id="sidecar-caption" dir="auto">', page)


@pytest.mark.parametrize(("t", "told"), [("12.3", '12.3"'), ("0", '0"'), ("-1", None), ("x", None), ("inf", None)])
def test_it_begins_where_the_link_says(client: TestClient, shelf: Shelf, t: str, told: str | None) -> None:
    page = client.get(f"/videos/{shelf.described('a.mp4').sha256[:16]}", params={"t": t}).text
    assert (f'data-start="{told}' in page and f"video#t={told}" in page) if told else "#t=" not in page


@pytest.mark.parametrize("name", ["0" * 16, "x", "0" * 99, "%3Cscript%3E", "..%2F..%2Fetc"])
def test_none_of_that_name(client: TestClient, shelf: Shelf, name: str) -> None:
    shelf.described("a.mp4")
    answer = client.get(f"/videos/{name}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text.partition('<main id="main"')[2]


def test_a_source_that_is_gone(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    (shelf.inbox / "a.mp4").unlink()
    page = client.get(f"/videos/{job.sha256[:16]}").text
    assert "<video" not in page
    assert "no longer where it was described" in page
    assert re.search(r'<button class="primary" disabled>', page)


def test_hostile_text_stays_text(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    document = json.loads((shelf.output / "a.json").read_text())
    told = document["processing"] | {"warnings": [{"code": HOSTILE, "field": HOSTILE, "message": HOSTILE}]}
    told["profile"] = HOSTILE
    told["stages"][HOSTILE] = told["stages"]["diarization"] | {"reason": HOSTILE}
    names = {
        "caption": HOSTILE,
        "author": HOSTILE,
        "hashtags": [HOSTILE],
        "relative_path": HOSTILE,
        "also_at": [HOSTILE],
    }
    words = [word | {"word": HOSTILE, "speaker": HOSTILE} for word in document["transcript"]["words"]]
    segments = [one | {"text": HOSTILE, "speaker": HOSTILE} for one in document["transcript"]["segments"]]
    shots = [
        shot
        | {"ocr_text": HOSTILE, "transcript_text": HOSTILE, "captions": [{"text": HOSTILE, "confidence": None}]}
        | {"objects": [{"label": HOSTILE, "confidence": None, "box": [0, 0, 1, 1]}]}
        for shot in document["shots"]
    ]
    change(
        shelf,
        "a",
        filename=HOSTILE,
        language='"><script>',
        source=document["source"] | names,
        processing=told,
        transcript=document["transcript"] | {"words": words, "segments": segments},
        shots=shots,
        text_overlays=[document["text_overlays"][0] | {"text": HOSTILE}],
        signals={HOSTILE: HOSTILE},
    )
    page = client.get(f"/videos/{job.sha256[:16]}").text
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") > 20
    assert "{{ 7*7 }}" in page
    found = parsed(page)
    assert [dict(attributes) for tag, attributes in found if tag == "script"] == [
        {"type": "module", "src": "/static/video/page.js"}
    ]
    names = {name for _, attributes in found for name, _ in attributes}
    assert [name for name in names if name == "style" or name.startswith("on")] == []
    addresses = [
        value or "" for _, attributes in found for name, value in attributes if name in {"src", "href", "action"}
    ]
    assert [address for address in addresses if not address.startswith(("/", "#"))] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"duration_s": 0.0}, "0:00"),
        ({"shots": [], "representative_frames": None}, "There is no picture in this file."),
        ({"transcript": {"text": None, "words": None, "segments": None, "quality": None}}, "No transcript: "),
        ({"transcript": {"text": "", "words": [], "segments": [], "quality": None}}, "No words were heard"),
        ({"text_overlays": None}, "Unknown: "),
        ({"language": None}, "language unknown"),
        ({"speakers": []}, "Nobody speaks."),
    ],
)
def test_what_is_not_known_is_said(client: TestClient, shelf: Shelf, changes: dict[str, Any], told: str) -> None:
    job = shelf.described("a.mp4")
    document = json.loads((shelf.output / "a.json").read_text())
    if "transcript" in changes:
        ranges = None if changes["transcript"]["words"] is None else [0, 0]
        changes = changes | {"shots": [shot | {"word_range": ranges} for shot in document["shots"]]}
    change(shelf, "a", **changes)
    answer = client.get(f"/videos/{job.sha256[:16]}")
    assert (answer.status_code, told in answer.text) == (200, True)


def test_a_file_without_picture(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    media = json.loads((shelf.output / "a.json").read_text())["media"]
    sound = media | {"has_video": False, "codec": None, "pixel_format": None, "width": None, "height": None}
    change(shelf, "a", media=sound, shots=[], representative_frames=None, text_overlays=[])
    page = client.get(f"/videos/{job.sha256[:16]}").text
    assert "<audio" in page
    assert "<video" not in page


def test_pictures_that_retention_deleted(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    document = json.loads((shelf.output / "a.json").read_text())
    gone = {"code": "retention", "field": "keyframe", "message": "deleted on 2026-01-01"}
    change(
        shelf,
        "a",
        shots=[shot | {"keyframe": None} for shot in document["shots"]],
        representative_frames=[],
        processing=document["processing"] | {"warnings": [gone]},
    )
    page = client.get(f"/videos/{job.sha256[:16]}").text
    assert "no picture: deleted on 2026-01-01" in page


@pytest.mark.parametrize(
    ("stage", "status", "state"), [("", 303, "queued"), ("ocr", 303, "queued"), ("x", 422, "done")]
)
def test_describing_it_anew_without_scripts(
    client: TestClient, shelf: Shelf, stage: str, status: int, state: str
) -> None:
    job = shelf.described("a.mp4")
    for _ in range(2):  # the second finds it in work
        answer = client.post(f"/videos/{job.sha256[:16]}/reprocess", data={"stage": stage})
        assert answer.status_code == status
    assert shelf.ledger.job(job.job_id).state.value == state
    assert f'data-state="{state}"' in client.get(f"/videos/{job.sha256[:16]}").text


def test_a_document_of_an_hour_with_500_shots(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    document = json.loads((shelf.output / "a.json").read_text())
    shot, word = document["shots"][2], document["transcript"]["words"][0]
    shots = [
        shot
        | {"shot_id": f"s{n + 1:03d}", "start_s": n * 7.2, "end_s": n * 7.2 + 7.2, "word_range": [n * 20, n * 20 + 20]}
        for n in range(500)
    ]
    words = [word | {"start_s": n * 0.36, "end_s": n * 0.36 + 0.3} for n in range(10_000)]
    segments = [
        {"start_s": n * 3.6, "end_s": n * 3.6 + 3.5, "text": "Hei " * 10, "speaker": None, "confidence": None}
        for n in range(1000)
    ]
    transcript = {"text": "Hei " * 10_000, "words": words, "segments": segments, "quality": "draft"}
    change(shelf, "a", duration_s=3600.0, shots=shots, transcript=transcript, representative_frames=[])
    page = client.get(f"/videos/{job.sha256[:16]}").text
    assert page.count("data-word=") == 10_000
    assert page.count('data-shot="s') == 1000
