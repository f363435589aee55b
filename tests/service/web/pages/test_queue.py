"""The page of the queue, as browsers without scripts see it: what is where, why, and what can be done."""

from __future__ import annotations

import os
import re
import time
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from service.intake.ports import Observation
from service.ledger.live import LiveText
from service.ledger.lock import state_lock
from service.ledger.request_values import RequestKind
from service.ledger.states import State
from service.ledger.values import ServiceStart, WorkPause
from service.live.note import JobProgress, LiveNote, StageProgress
from service.web.asked_for import TOLD_S
from service.web.pages import queue
from service.web.security.body import MOST_BYTES

if TYPE_CHECKING:
    from shelf import MakeClient, Shelf
    from starlette.testclient import TestClient

HOSTILE = "<img src=x onerror=alert(1)> \"'{{ 7*7 }}.mp4"


def names(html: str) -> list[str]:
    """The videos of a page, by id, in order."""
    return re.findall(r'data-job="(\d+)"', html)


def ready(shelf: Shelf) -> None:
    inbox, output = os.fsencode(shelf.inbox), os.fsencode(shelf.output)
    shelf.ledger.note_start(ServiceStart((inbox,), ("mp4",), output, "embedded", "k", os.getpid()))


def rejected(shelf: Shelf, name: str | bytes = "bad.mp4") -> Any:
    job = shelf.claimed(name, b"bad")
    return shelf.ledger.reject(job.job_id, reason="no_stream", detail="there is no picture and no sound in it")


def test_without_videos_it_says_where_to_put_some(client: TestClient, shelf: Shelf) -> None:
    assert "watches no folder yet" in client.get("/").text
    ready(shelf)
    page = client.get("/").text
    assert "No videos yet" in page
    assert f"<code>{shelf.inbox}</code>" in page


def test_without_a_ledger_it_says_so(make_client: MakeClient) -> None:
    answer = make_client().get("/")
    assert (answer.status_code, "no ledger here yet" in answer.text) == (200, True)


def test_each_video_with_its_state_and_why(client: TestClient, shelf: Shelf) -> None:
    done = shelf.described("tips/blåbær.mp4")
    bad = rejected(shelf)
    detail = "a process has the file open for writing"
    shelf.ledger.intake.observe(
        [Observation(os.fsencode(shelf.inbox), b"w.mp4", 1, 9, 9, 1, State.WAITING, "writer", detail)]
    )
    page = unescape(client.get("/").text)
    assert f'<a href="/videos/{done.sha256[:16]}">blåbær.mp4</a>' in page
    assert '<span class="where muted">tips</span>' in page
    assert "No video, or none that can be decoded: there is no picture and no sound in it" in page
    assert "Check that the file plays" in page
    assert "A process has the file open for writing" in page
    assert f'action="/queue/{bad.job_id}/retry"' in page
    assert page.count('data-retry="') == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/", ["4", "3", "2", "1"]),
        ("/?state=attention", ["2"]),
        ("/?state=waiting", ["3"]),
        ("/?state=done", ["1"]),
        ("/?state=work", ["4"]),
        ("/?state=queued", ["3"]),
        ("/?state=superseded", []),
        ("/?state=nonsense", ["4", "3", "2", "1"]),
        ("/?q=B", ["2", "3"]),
        ("/?state=done&q=b", []),
        ("/?cursor=nonsense", ["4", "3", "2", "1"]),
    ],
)
def test_filters(client: TestClient, shelf: Shelf, asked: str, found: list[str]) -> None:
    shelf.done("a.mp4")
    for name in ("bad.mp4", "b.mp4"):
        shelf.clock.advance(1)
        if name == "bad.mp4":
            rejected(shelf)
        else:
            shelf.settle(shelf.drop(name, b"b"))
    shelf.clock.advance(1)
    shelf.claimed("work.mp4", b"w")
    page = client.get(asked).text
    assert sorted(names(page)) == sorted(found)
    if asked == "/":
        assert re.findall(r'class="count" data-number="(\d+)"', page) == ["4", "1", "1", "1", "1"]


def test_pages_hold_every_video_once(client: TestClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "SHOWN", 3)
    for number in range(8):
        shelf.done(f"{number}.mp4", str(number).encode())
        shelf.clock.advance(1)
    seen, address = [], "/?q=mp4"
    while address:
        page = client.get(address).text
        seen += names(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = unescape(following.group(1)) if following else ""
        assert not address or "q=mp4" in address
    assert seen == [str(number) for number in range(8, 0, -1)]


def test_what_is_in_work_comes_first_with_its_stages(client: TestClient, shelf: Shelf) -> None:
    job = shelf.claimed("work.mp4")
    shelf.clock.advance(10)
    shelf.done("later.mp4", b"later")
    assert "its stages are told in a moment" in client.get("/").text
    stages = (
        StageProgress(stage="decode", status="done", backend="decode.x", seconds=1.24),
        StageProgress(stage="asr", status="running"),
        StageProgress(stage="ocr", status="failed", reason='too <b> "large"'),
        StageProgress(stage="of_a_third_party", status="pending"),
    )
    note = LiveNote(
        pid=os.getpid(), at=1.0, started_at=1.0, pool_up=True, jobs=(JobProgress(job=job.job_id, stages=stages),)
    )
    shelf.ledger.note_live(LiveText(note.pid, note.at, note.model_dump_json()))
    ready(shelf)
    with state_lock(shelf.home / "state"):
        page = client.get("/").text
    assert names(page)[0] == str(job.job_id)
    assert '<progress max="4" value="2"' in page
    assert re.findall(r'data-stage="(\w+)" data-status="(\w+)"', page) == [(s.stage, s.status) for s in stages]
    assert 'title="decode.x, 1.2 s"' in page
    assert "ocr: too &lt;b&gt; &#34;large&#34;" in page
    assert ">Speech<" in page
    assert ">of_a_third_party<" in page


@pytest.mark.parametrize("name", [HOSTILE, b"caf\xe9.mp4", "\u202egpj.mp4", "a\nb.mp4"])
def test_names_are_text_and_never_markup(client: TestClient, shelf: Shelf, name: str | bytes) -> None:
    shelf.done(name)
    page = client.get("/").text
    assert "<img" not in page
    assert "{{" not in page or "{{ 7*7 }}" in page
    assert "\u202e" not in page
    assert names(page) == ["1"]


def test_retry_without_scripts(client: TestClient, shelf: Shelf) -> None:
    job = rejected(shelf)
    answer = client.post(f"/queue/{job.job_id}/retry", data={"back": "/?state=attention"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?state=attention")
    assert shelf.ledger.job(job.job_id).state is State.QUEUED
    again = client.post(f"/queue/{job.job_id}/retry", data={"back": "//evil.example"})
    assert (again.status_code, again.headers["location"]) == (303, "/")
    assert client.post("/queue/999/retry").status_code == 404
    assert client.post(f"/queue/{job.job_id}/retry", headers={"origin": "https://evil.example"}).status_code == 403


def test_what_keeps_all_of_them(client: TestClient, shelf: Shelf) -> None:
    shelf.settle(shelf.drop("a.mp4"))
    assert "The service is not running" in client.get("/").text
    ready(shelf)
    shelf.ledger.note_pause(WorkPause("disk_full", os.fsencode(shelf.output), 512))
    with state_lock(shelf.home / "state"):
        page = client.get("/").text
    assert "Complete; all work is paused: disk_full" in page
    assert "512 MiB" in page


def test_the_list_alone(client: TestClient, shelf: Shelf) -> None:
    shelf.done("a.mp4")
    part = client.get("/?part=list").text
    assert names(part) == ["1"]
    assert "<html" not in part


def test_a_form_of_a_browser_without_scripts_leads_back_to_the_queue(client: TestClient, shelf: Shelf) -> None:
    action = re.search(r'<form id="upload"[^>]* action="([^"]*)"', client.get("/").text)
    assert action is not None
    content = b"x" * (MOST_BYTES + 1)
    page = {"accept": "text/html"}
    sent = client.post(action[1], files={"file": ("clip.mp4", content, "video/mp4")}, headers=page)
    assert (sent.status_code, sent.headers["location"]) == (303, "/")
    assert (shelf.home / "state" / "received" / "clip.mp4").stat().st_size == len(content)
    refused = client.post(action[1], files={"file": ("clip.exe", b"x", "video/mp4")}, headers=page)
    assert (refused.status_code, refused.headers["content-type"][:9]) == (415, "text/html")


def test_an_address_is_asked_for_without_scripts(client: TestClient, shelf: Shelf) -> None:
    action = re.search(r'<form id="fetch"[^>]* action="([^"]*)"', client.get("/").text)
    assert action is not None
    asked = client.post(action[1], data={"url": "https://example.org/v"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/")
    (request,) = shelf.ledger.requests()
    assert (request.kind, request.asked) == (RequestKind.URL, b"https://example.org/v")
    refused = client.post(action[1], data={"url": "ftp://example.org/v"}, headers={"accept": "text/html"})
    assert (refused.status_code, "http" in refused.text) == (422, True)
    assert client.post(action[1], data={}).status_code == 422
    assert client.post(action[1], data={"url": "https://a.b/v"}, headers={"origin": "https://evil"}).status_code == 403


def requested(shelf: Shelf, kind: RequestKind, asked: bytes, state: str) -> int:
    """Something asked for that has come so far."""
    ledger = shelf.ledger
    number = ledger.add_request(kind, asked).request_id
    if state in {"downloading", "waiting"} and kind is RequestKind.URL:
        ledger.claim_download()
        ledger.note_progress(number, done=25, total=100)
    if state == "waiting":
        ledger.video_is_there(number, (b"/received", b"v.mp4"), size_bytes=100)
    if state == "failed":
        ledger.fail_request(number, reason="timed_out", detail="it took too long")
    if state == "refused":
        ledger.refuse_request(number, reason="too_large", detail="it is larger than 9 MiB")
    if state == "taken":
        ledger.video_is_there(number, (b"/received", b"v.mp4"), size_bytes=100)
        ledger.request_taken(number, job_id=shelf.done("v.mp4").job_id)
    return number


URL, UPLOAD = RequestKind.URL, RequestKind.UPLOAD


@pytest.mark.parametrize(
    ("kind", "state", "where", "told"),
    [
        (URL, "received", "all waiting", ("Waits to be fetched", "asked for", "from an address")),
        (URL, "downloading", "all waiting", ("Being fetched", "25 %", 'max="100" value="25"')),
        (URL, "waiting", "all waiting", ("Here; the service takes it in a moment",)),
        (URL, "failed", "all attention", ("It took too long", "Fetch again")),
        (URL, "refused", "all attention", ("It is larger than 9 MiB",)),
        (UPLOAD, "received", "all waiting", ("Being sent", "uploading", ">upload<")),
        (UPLOAD, "failed", "all attention", ("It took too long",)),
        (UPLOAD, "taken", "", ()),
    ],
)
def test_what_was_asked_for_is_a_row(
    client: TestClient, shelf: Shelf, kind: RequestKind, state: str, where: str, told: tuple[str, ...]
) -> None:
    number = requested(shelf, kind, b"https://example.org/v?a&b", state)
    for group in queue.GROUPS:
        page = client.get(f"/?state={group.key}").text
        is_there = f'data-request="{number}"' in page
        assert is_there is (group.key in where.split()), group.key
        assert all(word in page for word in told) or not is_there
        assert ("Fetch again" in page) is (is_there and (kind, state) == (URL, "failed"))
        assert "https://example.org/v?a&amp;b" in page or not is_there
    assert f'data-request="{number}"' not in client.get("/?q=elsewhere").text
    assert (f'data-request="{number}"' in client.get("/?q=EXAMPLE").text) is bool(where)


def test_what_came_to_nothing_is_told_for_a_day_or_until_it_is_asked_for_once_more(
    client: TestClient, shelf: Shelf
) -> None:
    shelf.clock.wall_s = time.time()  # the page's clock is the host's
    first = requested(shelf, URL, b"https://example.org/v", "failed")
    assert f'data-request="{first}"' in client.get("/").text
    second = requested(shelf, URL, b"https://example.org/v", "received")
    assert re.findall(r'data-request="(\d+)"', client.get("/").text) == [str(second)]
    shelf.clock.wall_s = time.time() - TOLD_S - 60
    old = requested(shelf, UPLOAD, b"old.mp4", "failed")
    assert f'data-request="{old}"' not in client.get("/").text


def test_a_copy_leads_to_the_document_of_its_content(client: TestClient, shelf: Shelf) -> None:
    owner = shelf.claimed("owner.mp4", b"same")
    copy = shelf.claimed("copy.mp4", b"same")
    assert copy.state is State.DUPLICATE
    assert "/videos/" not in client.get("/?state=done").text, "there is none yet"
    shelf.publish(owner)
    shelf.ledger.finish(owner.job_id, document=shelf.ledger.allocate_name(owner), settings_key="k", status="complete")
    page = client.get("/?state=duplicate").text
    assert f'<a href="/videos/{owner.sha256[:16]}">copy.mp4</a>' in page
