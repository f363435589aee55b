"""`/analyze`: by path, by URL, by upload; what is refused with which answer, and that nothing half received stays."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from service.ledger.request_values import RequestState
from service.ledger.values import ServiceStart
from service.web.api import analyze
from service.web.api.forms import FORM_BYTES

if TYPE_CHECKING:
    from shelf import MakeClient, Shelf
    from starlette.testclient import TestClient


@pytest.fixture
def inbox(shelf: Shelf) -> Path:
    """The inbox, as a running service has noted it."""
    shelf.drop("clip.mp4", b"one")
    (shelf.inbox / "notes.txt.part").write_bytes(b"x")
    (shelf.home / "secret.mp4").write_bytes(b"x")
    (shelf.inbox / "link.mp4").symlink_to(shelf.home / "secret.mp4")
    inboxes = (os.fsencode(shelf.inbox),)
    shelf.ledger.note_start(ServiceStart(inboxes, (".mp4",), os.fsencode(shelf.output), "embedded", "k", 1))
    return shelf.inbox


def received(shelf: Shelf) -> dict[str, int]:
    """Everything in the folder of uploads with its size, what comes in included."""
    root = shelf.home / "state" / "received"
    return {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:reelwatch:")


ASKED: dict[str, dict[str, Any]] = {
    "path": {"json": {"path": "/in/clip.mp4"}},
    "url": {"json": {"url": "https://example.org/v"}},
    "upload": {"files": {"file": ("a.mp4", b"x")}},
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_nothing_is_taken_where_the_service_works_elsewhere(
    client: TestClient, shelf: Shelf, asked: dict[str, Any]
) -> None:
    shelf.ledger.note_start(ServiceStart((b"/in",), (".mp4",), b"/out", "cpu", "k", 1, host="studio", state_id="f"))
    answer = client.post("/analyze", **asked)
    assert code(answer) == (409, "elsewhere")
    assert "studio" in answer.json()["detail"]
    assert shelf.ledger.requests() == []


def test_a_path_is_asked_for_and_followed_to_its_job(client: TestClient, shelf: Shelf, inbox: Path) -> None:
    answer = client.post("/analyze", json={"path": str(inbox / "clip.mp4")})
    assert answer.status_code == 202
    asked = answer.json()
    assert (asked["kind"], asked["state"], asked["job"], asked["path"]) == (
        "path",
        "waiting",
        None,
        str(inbox / "clip.mp4"),
    )
    assert answer.headers["location"] == f"/analyze/{asked['request']}"
    job = shelf.done("clip.mp4", b"one")
    shelf.ledger.request_taken(asked["request"], job_id=job.job_id)
    found = client.get(answer.headers["location"]).json()
    assert (found["state"], found["job"]["state"], found["job"]["document"]) == ("taken", "done", "clip")


def test_force_is_passed_on(client: TestClient, shelf: Shelf, inbox: Path) -> None:
    for force in ("true", "false"):
        client.post(f"/analyze?force={force}", json={"path": str(inbox / "clip.mp4")})
    assert [request.force for request in shelf.ledger.waiting_requests(limit=9)] == [True, False]


BODIES = {
    "outside the roots": ({"path": "/etc/passwd"}, 403, "outside_roots"),
    "a traversal": ({"path": "{inbox}/../secret.mp4"}, 403, "outside_roots"),
    "a link to outside": ({"path": "{inbox}/link.mp4"}, 403, "outside_roots"),
    "the ledger": ({"path": "{inbox}/../state/ledger.sqlite3"}, 403, "outside_roots"),
    "not there": ({"path": "{inbox}/nothing.mp4"}, 404, "missing"),
    "a folder": ({"path": "{inbox}"}, 422, "not_a_file"),
    "unfinished": ({"path": "{inbox}/notes.txt.part"}, 409, "unfinished"),
    "relative": ({"path": "clip.mp4"}, 422, "not_absolute"),
    "a NUL": ({"path": "/in/a\0b.mp4"}, 422, "not_absolute"),
    "too long a name": ({"path": "/" + "a" * 300}, 403, "outside_roots"),
    "too long a name inside": ({"path": "{inbox}/" + "a" * 300}, 403, "unreadable"),
    "this host": ({"url": "http://127.0.0.1:8003/health"}, 403, "private_address"),
    "a file": ({"url": "file:///etc/passwd"}, 422, "bad_url"),
    "neither": ({}, 422, "invalid_request"),
    "both": ({"path": "/a", "url": "https://example.org/"}, 422, "invalid_request"),
    "more": ({"path": "/a", "profile": "gpu"}, 422, "invalid_request"),
    "another type": ({"path": 7}, 422, "invalid_request"),
    "no object": ([], 422, "invalid_request"),
}


@pytest.mark.parametrize(("body", "status", "reason"), BODIES.values(), ids=BODIES)
def test_what_is_refused(client: TestClient, shelf: Shelf, inbox: Path, body: Any, status: int, reason: str) -> None:
    if isinstance(body, dict):
        body = {key: value.format(inbox=inbox) if isinstance(value, str) else value for key, value in body.items()}
    answer = client.post("/analyze", json=body)
    assert code(answer) == (status, reason)
    assert answer.json()["detail"]
    assert shelf.ledger.requests() == []


def test_of_a_folder_it_is_said_that_it_is_one(client: TestClient, inbox: Path) -> None:
    assert client.post("/analyze", json={"path": str(inbox)}).json()["detail"] == "it is a folder; name a video"


NAME_ONE = "body: name a video by its `path` or by its `url`, one of them"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"path": "/a", "url": "https://example.org/"}, NAME_ONE),
        ({}, NAME_ONE),
        ([], NAME_ONE),
        ({"path": 7}, "body.path: Input should be a valid string"),
        ({"path": "/a", "profile": "gpu"}, "body.profile: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_with_a_body_is_said_plainly(client: TestClient, shelf: Shelf, body: Any, told: str) -> None:
    del shelf
    assert client.post("/analyze", json=body).json()["detail"] == told


def test_a_url_waits_for_its_download(client: TestClient, shelf: Shelf) -> None:
    answer = client.post("/analyze", json={"url": "https://example.org/v/1?key=secret"})
    assert (answer.status_code, answer.json()["state"], answer.json()["asked"]) == (
        202,
        "received",
        "https://example.org/v/1?key=secret",
    )
    assert shelf.ledger.claim_download().request_id == answer.json()["request"]


def test_an_upload_is_answered_once_it_lies_whole(client: TestClient, shelf: Shelf) -> None:
    content = os.urandom(300_000)
    answer = client.post("/analyze", files={"file": ("../bl\u00e5b\u00e6r.MP4", content, "video/mp4")})
    assert answer.status_code == 202
    asked = answer.json()
    assert (asked["kind"], asked["state"], asked["bytes_done"]) == ("upload", "waiting", len(content))
    assert received(shelf) == {"bl\u00e5b\u00e6r.mp4": len(content)}
    assert Path(asked["path"]).read_bytes() == content
    again = client.post("/analyze", files={"file": ("bl\u00e5b\u00e6r.mp4", b"other", "video/mp4")}).json()
    assert Path(again["path"]).name == "bl\u00e5b\u00e6r-2.mp4"


def form(*parts: bytes, end: bytes = b"--B--\r\n") -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + end


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    named = "" if filename is None else f'; filename="{filename}"'
    return f'Content-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content


FILE = part("file", b"content", "clip.mp4")
FORMS = {
    "another extension": (form(part("file", b"x", "clip.exe")), 415, "extension"),
    "nothing in it": (form(part("file", b"", "clip.mp4")), 422, "empty"),
    "no file": (form(part("other", b"x")), 400, "bad_form"),
    "a field without a name of a file": (form(part("file", b"x")), 400, "bad_form"),
    "two files": (form(FILE, FILE), 400, "bad_form"),
    "cut short": (form(FILE)[:-12], 400, "bad_form"),
    "no end": (form(FILE, end=b""), 400, "bad_form"),
    "no form": (b"hello", 400, "bad_form"),
    "nothing": (b"", 400, "bad_form"),
    "too much beside": (form(part("other", b"x" * (FORM_BYTES + 1)), FILE), 400, "bad_form"),
    "too much after": (form(FILE) + b"x" * (2 * FORM_BYTES), 400, "bad_form"),
    "endless header": (b"--B\r\nContent-Disposition: " + b"x" * 100_000, 400, "bad_form"),
}


def sent(client: TestClient, body: bytes, *, chunk: int = 1000, boundary: str = "B") -> Any:
    """Send a body piece by piece."""

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), chunk):
            yield body[start : start + chunk]

    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return client.post("/analyze", content=pieces(), headers=headers)


@pytest.mark.parametrize(("body", "status", "reason"), FORMS.values(), ids=FORMS)
def test_forms_that_are_none_leave_nothing(
    client: TestClient, shelf: Shelf, body: bytes, status: int, reason: str
) -> None:
    assert asyncio.run(raw(client, body)) == (status, reason)
    assert received(shelf) == {}
    assert {request.state for request in shelf.ledger.requests()} <= {RequestState.FAILED, RequestState.REFUSED}


def test_a_file_in_another_field(client: TestClient) -> None:
    answer = sent(client, form(part("video", b"x" * (FORM_BYTES + 1), "clip.mp4")))
    assert code(answer) == (400, "bad_form")
    assert "send the file in a field `file`" in answer.json()["detail"]


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
def test_a_form_may_come_in_any_pieces(client: TestClient, shelf: Shelf, chunk: int) -> None:
    answer = sent(client, form(part("force", b"1"), FILE), chunk=chunk)
    assert answer.status_code == 202, answer.text
    assert received(shelf) == {"clip.mp4": len(b"content")}


@pytest.mark.parametrize("boundary", ["", "B" * 300])
def test_a_boundary_that_is_none(client: TestClient, boundary: str) -> None:
    assert code(sent(client, form(FILE), boundary=boundary)) == (400, "bad_form")


def test_other_kinds_of_bodies_and_large_ones(client: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert code(client.post("/analyze", content=b"x", headers={"content-type": kind})) == (415, "media_type")
    large = b'{"path": "' + b"x" * analyze.MOST_JSON_BYTES + b'"}'
    answer = client.post("/analyze", content=large, headers={"content-type": "application/json"})
    assert code(answer) == (413, "too_large")
    for body in (b"{", b"\xff", b"[" * 10_000, b'{"path": "\\ud800"}'):
        answer = client.post("/analyze", content=body, headers={"content-type": "application/json"})
        assert code(answer) == (422, "invalid_request")


def test_an_upload_beyond_its_bound_is_cut(
    make_client: MakeClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELWATCH_REQUESTS__UPLOAD_MIB", "1")
    client = make_client()
    body = form(part("file", b"x" * (2**20 + 1), "clip.mp4"))
    assert code(sent(client, body, chunk=65536)) == (413, "too_large")
    told = {"content-type": "multipart/form-data; boundary=B", "content-length": str(2**30)}
    assert code(client.post("/analyze", content=body[:1000], headers=told)) == (413, "too_large")
    assert received(shelf) == {}


async def raw(client: TestClient, body: bytes, *, then: str = "http.request", stall: bool = False) -> tuple[int, str]:
    """Send a body, and after it the end, a broken connection, or nothing any more; return status and code."""
    headers = [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=B")]
    scope = {"type": "http", "method": "POST", "path": "/analyze", "query_string": b"", "headers": headers}
    scope |= {"http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("localhost", 8003)}
    messages = [
        {"type": "http.request", "body": body[start : start + 4096], "more_body": True}
        for start in range(0, len(body), 4096)
    ]
    answered: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        if stall:
            await asyncio.sleep(3600)
        return {"type": then, "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        answered.append(message)

    await client.app(scope | {"root_path": "", "raw_path": b"/analyze"}, receive, send)
    import json

    text = b"".join(message.get("body", b"") for message in answered)
    return answered[0]["status"], json.loads(text).get("type", "").removeprefix("urn:reelwatch:")


@pytest.mark.parametrize(
    ("how", "reason"),
    [({"then": "http.disconnect"}, "aborted"), ({"stall": True}, "stalled")],
    ids=["broken", "stalled"],
)
def test_a_sender_that_leaves_leaves_nothing(
    client: TestClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], reason: str
) -> None:
    monkeypatch.setattr(analyze, "STALLED_S", 0.2)
    half = form(part("file", b"x" * 20_000, "clip.mp4"))[:15_000]
    assert asyncio.run(raw(client, half, **how))[1] == reason
    assert received(shelf) == {}
    (request,) = shelf.ledger.requests()
    assert (request.state, request.reason) == (RequestState.FAILED, "aborted")


def test_requests_are_listed_in_pages(client: TestClient, shelf: Shelf) -> None:
    for number in range(5):
        client.post("/analyze", json={"url": f"https://example.org/{number}"})
    shelf.ledger.refuse_request(2, reason="playlist", detail="one at a time")
    seen, cursor = [], None
    while True:
        page = client.get("/analyze", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [request["request"] for request in page["requests"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [5, 4, 3, 2, 1]
    (refused,) = client.get("/analyze", params={"state": "refused"}).json()["requests"]
    assert (refused["request"], refused["reason"]) == (2, "playlist")
    assert code(client.get("/analyze/99")) == (404, "unknown_request")
    assert client.get("/analyze", params={"state": "x"}).status_code == 422
    assert code(client.get("/analyze", params={"cursor": "x"})) == (400, "bad_cursor")


def test_it_is_described_whole(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]["/analyze"]["post"]
    assert described["requestBody"]["content"].keys() == {"application/json", "multipart/form-data"}
    assert {"202", "400", "403", "404", "413", "415", "422", "507"} <= described["responses"].keys()
