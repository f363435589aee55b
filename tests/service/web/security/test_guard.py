"""The guard before every request, asked through the whole app."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from shelf import COOKIE, TOKEN

from service.errors import ConfigError
from service.web.problems import MEDIA_TYPE
from service.web.security.policy import HEADERS
from service.web.security.token import Token

if TYPE_CHECKING:
    from shelf import MakeClient, Shelf
    from starlette.testclient import TestClient

PAGE = {"accept": "text/html"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8003", "localhost.evil.example", "", "[::2]"])
def test_other_names_are_refused_also_on_loopback(client: TestClient, host: str) -> None:
    answer = client.get("/health", headers={"host": host})
    assert (answer.status_code, answer.json()["type"]) == (421, "urn:reelwatch:unknown_host")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:8003"])
def test_names_of_this_host_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"host": host}).status_code == 200


def test_a_cross_site_post_changes_nothing(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("a.mp4")
    answer = client.post(f"/documents/{job.sha256[:16]}/reprocess", headers={"origin": "https://evil.example"})
    assert (answer.status_code, answer.headers["content-type"]) == (403, MEDIA_TYPE)
    assert shelf.ledger.job(job.job_id).state.value == "done"


@pytest.mark.parametrize("path", ["/", "/health", "/nowhere", "/static/base.css", "/docs", "/jobs?limit=0"])
def test_every_answer_has_the_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)


def test_the_answer_to_a_bug_has_the_headers_is_logged_and_counted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.api.jobs.look", lambda _site: 1 // 0)
    answer = client.get("/jobs")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:reelwatch:bug")
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)
    (told,) = client.app.state.site.emit.named("web.failed")
    assert (told["path"], told["cause"]) == ("/jobs", "ZeroDivisionError: integer division or modulo by zero")
    assert 'requests_total{method="GET",route="/jobs",status="500"} 1.0' in client.get("/metrics").text


@pytest.mark.parametrize("path", ["/", "/library", "/health", "/static/base.css", "/openapi.json", "/nowhere"])
def test_head_is_answered_as_get_is(client: TestClient, path: str) -> None:
    told, whole = client.head(path), client.get(path)
    assert (told.status_code, told.content) == (whole.status_code, b"")
    assert told.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
        ({"authorization": f"bearer  {TOKEN}"}, 200),
        ({"authorization": f"Bearer {TOKEN}x"}, 401),
        ({"authorization": TOKEN}, 401),
        ({"authorization": "Basic " + TOKEN}, 401),
        ({"cookie": f"{COOKIE}={TOKEN}"}, 401),
        ({"cookie": f"{COOKIE}=99999999999.00"}, 401),
    ],
)
def test_who_is_let_in(shelf: Shelf, make_client: MakeClient, headers: dict[str, str], status: int) -> None:
    del shelf
    answer = make_client(token=TOKEN).get("/jobs", headers=headers)
    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) is (status == 401)


SESSION, OTHER = Token(TOKEN.encode()).session(time.time()), Token(b"other" * 8)


@pytest.mark.parametrize(
    ("cookies", "status"),
    [
        (f"{COOKIE}={SESSION}", 200),
        (f'foo={{"a":1}}; {COOKIE}={SESSION}', 200),
        (f"x; {COOKIE}={SESSION}", 200),
        (f"a=b c; {COOKIE}={SESSION}; d", 200),
        (f"a[b]=1;{COOKIE}={SESSION};=;;", 200),
        (f'a="b; {COOKIE}={SESSION}', 200),
        (f"{COOKIE}=old.seal; {COOKIE}={SESSION}", 200),
        (f"{COOKIE}={SESSION}; {OTHER.cookie}={OTHER.session(time.time())}", 200),
        (f"{OTHER.cookie}={OTHER.session(time.time())}", 401),
        (f"{COOKIE}={OTHER.session(time.time())}", 401),
        (f"x{COOKIE}={SESSION}", 401),
        (f"a={COOKIE}={SESSION}", 401),
        (f"{COOKIE}", 401),
        ("", 401),
    ],
)
def test_a_session_is_found_among_cookies(shelf: Shelf, make_client: MakeClient, cookies: str, status: int) -> None:
    del shelf
    assert make_client(token=TOKEN).get("/jobs", headers={"cookie": cookies}).status_code == status


@pytest.mark.parametrize(
    ("path", "open_to_all", "behind_a_token"),
    [
        ("/", "private, no-cache", "no-store"),
        ("/library", "private, no-cache", "no-store"),
        ("/login", "private, no-cache", "no-store"),
        ("/documents", "no-store", "no-store"),
        ("/static/base.css", "no-cache", "no-cache"),
        ("/static/live/part.js", "no-cache", "no-cache"),
    ],
)
def test_what_a_browser_may_keep(
    shelf: Shelf, make_client: MakeClient, path: str, open_to_all: str, behind_a_token: str
) -> None:
    del shelf
    asked = PAGE | {"authorization": f"Bearer {TOKEN}"}
    told = [make_client(**given).get(path, headers=asked) for given in ({}, {"token": TOKEN})]
    assert [answer.headers["cache-control"] for answer in told] == [open_to_all, behind_a_token]


def test_a_file_that_a_browser_has_is_not_sent_again(client: TestClient) -> None:
    whole = client.get("/static/base.css")
    again = client.get("/static/base.css", headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", "no-cache")


@pytest.mark.parametrize("path", ["/health/live", "/login", "/static/base.css"])
def test_what_nobody_needs_a_token_for(shelf: Shelf, make_client: MakeClient, path: str) -> None:
    del shelf
    assert make_client(token=TOKEN).get(path).status_code == 200


@pytest.mark.parametrize(("path", "hidden"), [("/docs", 303), ("/openapi.json", 401), ("/metrics", 401)])
def test_what_is_not_shown_without_one(shelf: Shelf, make_client: MakeClient, path: str, hidden: int) -> None:
    del shelf
    assert make_client(token=TOKEN).get(path, headers=PAGE if hidden == 303 else {}).status_code == hidden


def test_a_person_logs_in_and_out(shelf: Shelf, make_client: MakeClient) -> None:
    del shelf
    client = make_client(token=TOKEN)
    sent = client.get("/?state=failed", headers=PAGE)
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=/%3Fstate%3Dfailed")
    wrong = client.post("/login", data={"token": "wrong", "next": "/"})
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (403, False)
    entered = client.post("/login", data={"token": TOKEN, "next": "/?state=failed"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/?state=failed")
    cookie = entered.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
    assert client.get("/", headers=PAGE).status_code == 200
    assert client.post("/logout").headers["clear-site-data"] == '"cache"'
    assert client.get("/", headers=PAGE).status_code == 303


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_behind_a_proxy_with_tls_the_cookie_is_secure(shelf: Shelf, make_client: MakeClient, scheme: str) -> None:
    del shelf
    origin = {"origin": f"{scheme}://localhost:8003"}
    entered = make_client(token=TOKEN).post("/login", data={"token": TOKEN}, headers=origin)
    assert ("secure" in entered.headers["set-cookie"].lower().split("; ")) is (scheme == "https")


@pytest.mark.parametrize("away", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", ""])
def test_after_the_login_nobody_is_sent_away(shelf: Shelf, make_client: MakeClient, away: str) -> None:
    del shelf
    entered = make_client(token=TOKEN).post("/login", data={"token": TOKEN, "next": away})
    assert entered.headers["location"] == "/"


def test_another_address_needs_a_token(make_client: MakeClient) -> None:
    with pytest.raises(ConfigError, match="a token is needed"):
        make_client(listen="192.0.2.1:8003")
    make_client(token=TOKEN, listen="192.0.2.1:8003")


@pytest.mark.parametrize("address", ["/nowhere", "/jobs?limit=0", "/jobs/999"])
def test_a_browser_is_told_of_errors_on_a_page_and_a_program_in_json(client: TestClient, address: str) -> None:
    shown, told = client.get(address, headers=PAGE), client.get(address)
    assert shown.status_code == told.status_code >= 400
    assert shown.headers["content-type"].startswith("text/html")
    assert told.headers["content-type"].startswith(MEDIA_TYPE)
    assert "To the queue" in shown.text
