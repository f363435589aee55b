"""What somebody sends who means harm, or whose program is broken: each is refused, and the next one is served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from indexed import index
from shelf import COOKIE, TOKEN

from service.ledger.cursor import encode

if TYPE_CHECKING:
    from pathlib import Path

    from shelf import MakeClient, Shelf
    from starlette.testclient import TestClient

SECRET = "what nobody may read"  # noqa: S105 - no password
LINKED = "a_s002.jpg"
CLIMBS = (
    "../../secret",
    "..%2f..%2fsecret",
    "%2e%2e/%2e%2e/secret",
    "%252e%252e%252fsecret",
    "....//....//secret",
    "..%5c..%5csecret",
    "..%c0%af..%c0%afsecret",
    "/secret",
    "%2fsecret",
    "secret%00.jpg",
    "secret%0d%0aSet-Cookie:x=y",
    "a" * 5_000,
    "%ff%fe",
)
FOLDERS = (
    "/static/{}",
    "/static/swagger/{}",
    "/static/video/{}",
    "/documents/{id}/frames/{}",
    "/documents/{}",
    "/videos/{}",
    "/jobs/{}",
    "/exports/{}.csv",
)
SYNTAX = (
    "'",
    '"',
    "';--",
    "' OR '1'='1",
    '") OR 1=1 --',
    "x'; DROP TABLE jobs; --",
    "NEAR(a b, 2)",
    "a AND NOT b OR",
    "word*",
    "*",
    "^a",
    "{col}: a",
    "transcript:a",
    "a + b",
    '"unended',
    "((((((((((",
    "-a",
    "\\",
    "%",
    "_",
    "a:b:c",
    "kind:",
    "kind:nothing",
    "before:",
    "before:-1s",
    "before:1e999s",
    "before:99999999999999999999s",
    "\0",
    "\u202e",
    "\ud7ff\U0010ffff",
    "å" * 300,
    "a " * 500,
    "to_tsquery('a') & !b | c <-> d",
    "$1",
    ":name",
    "?",
)
CURSORS = (
    "",
    "x",
    "null",
    "W10",
    "WzFlOTk5LDFd",
    "WzEsIDJd" * 200,
    "W1tbW1tbW1tb",
    "bnVsbA==",
    "%00",
    "-1",
    "9" * 1_990,
)


@pytest.fixture
def described(shelf: Shelf) -> str:
    """The id of a described video, beside whose folders lies what nobody may read."""
    for folder in (shelf.home, shelf.output, shelf.inbox, shelf.home / "state"):
        (folder / "secret").write_text(SECRET)
    job = shelf.described("a.mp4")
    picture = shelf.output / "a" / "frames" / LINKED
    picture.unlink()
    picture.symlink_to(shelf.home / "secret")
    return job.sha256[:16]


@pytest.mark.parametrize("folder", FOLDERS)
def test_nobody_climbs_out_of_a_folder(client: TestClient, described: str, folder: str) -> None:
    for climb in (*CLIMBS, LINKED):
        answer = client.get(folder.replace("{id}", described).replace("{}", climb))
        assert answer.status_code in {400, 404, 405, 410, 422}, (climb, answer.status_code)
        assert SECRET not in answer.text
        assert "x=y" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("address", ["/search?q={}", "/documents?q={}", "/documents?language={}", "/jobs?state={}"])
def test_a_query_is_no_program(client: TestClient, shelf: Shelf, described: str, address: str) -> None:
    for syntax in SYNTAX:
        answer = client.get(address.format(quote(syntax)))
        assert answer.status_code in {200, 400, 422}, (syntax, answer.status_code, answer.text)
    assert shelf.ledger.described(described) is not None


@pytest.mark.parametrize("page", ["/find?q={}", "/library?q={}", "/library?sort={}", "/?state={}"])
def test_a_page_shows_a_wrong_query_as_text(client: TestClient, described: str, page: str) -> None:
    del described
    for syntax in (
        *SYNTAX,
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{7*7}}",
        "javascript:alert(1)",
    ):
        answer = client.get(page.format(quote(syntax)), headers={"accept": "text/html"})
        assert answer.status_code in {200, 400, 422}, (syntax, answer.status_code)
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert 'href="javascript:' not in answer.text
        assert ">49<" not in answer.text


@pytest.mark.parametrize("address", ["/jobs", "/documents", "/search?q=word"])
def test_a_cursor_of_somebody_elses(client: TestClient, described: str, address: str) -> None:
    del described
    for cursor in CURSORS:
        answer = client.get(address, params={"cursor": cursor} | ({"q": "word"} if "?" in address else {}))
        assert answer.status_code in {400, 422}, (cursor[:40], answer.status_code)


@pytest.mark.parametrize(("address", "order"), [("/jobs", "jobs"), ("/documents", "described-")])
def test_a_cursor_of_numbers_that_nothing_has(client: TestClient, described: str, address: str, order: str) -> None:
    del described
    assert client.get(address, params={"cursor": encode(order, 1.0, 1)}).status_code == 200
    for when, number in (
        (1.0, 2**31),
        (1.0, 2**70),
        (1.0, -(2**70)),
        (float("nan"), 1),
        (float("inf"), 1),
        (1.0, 10**1_000),
    ):
        answer = client.get(address, params={"cursor": encode(order, when, number)})
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:reelwatch:bad_cursor")


@pytest.mark.parametrize("number", [2**31, -(2**40), 2**70])
def test_a_request_s_number_that_no_database_has(client: TestClient, described: str, number: int) -> None:
    del described
    assert client.get("/analyze", params={"cursor": encode("requests", number)}).status_code == 400


@pytest.mark.parametrize("address", ["/jobs", "/analyze", "/documents", "/documents?sort=name"])
def test_a_list_takes_no_cursor_of_another_one(client: TestClient, described: str, address: str) -> None:
    del described
    cursors = {
        "/jobs": encode("jobs", 1.0, 1),
        "/analyze": encode("requests", 1),
        "/documents": encode("described-", 1.0, 1),
        "/documents?sort=name": encode("name-", "a", 1),
    }
    path, _, query = address.partition("?")
    asked = dict(pair.split("=") for pair in query.split("&") if pair)
    answers = {of: client.get(path, params=asked | {"cursor": cursor}).status_code for of, cursor in cursors.items()}
    assert answers == {of: 200 if of == address else 400 for of in cursors}


def test_a_cursor_beyond_the_last_row(client: TestClient, described: str) -> None:
    del described
    for when in (0.0, -1e18):
        assert client.get("/jobs", params={"cursor": encode("jobs", when, 2**31 - 1)}).json() == {
            "jobs": [],
            "next": None,
        }


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "a" * 20_000},
        {"cookie": f"{COOKIE}=" + "a" * 20_000},
        {"cookie": f"=;=;=;{COOKIE}=\x7f"},
        {"authorization": "Bearer " + "t" * 30_000},
        {"authorization": "Bearer \xff\xfe"},
        {"authorization": "Bearer"},
        {"range": "bytes=" + "0-1," * 5_000},
        {"range": "bytes=" + "9" * 4_000 + "-"},
        {"range": "bytes=-" + "9" * 4_000},
        {"range": "bytes=" + "9" * 5_000 + "-"},
        {"range": "bytes=-" + "9" * 5_000},
        {"range": "bytes=0-" + "9" * 5_000},
        {"if-none-match": "*"},
        {"if-range": "\xff"},
        {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "forwarded": "host=evil.example"},
        {"x-original-url": "/etc/passwd", "x-rewrite-url": "/etc/passwd"},
        {"x-http-method-override": "DELETE"},
        {"content-length": "-1"},
        {"transfer-encoding": "chunked, identity"},
    ],
    ids=lambda headers: ", ".join(f"{name}: {value[:12]!r}" for name, value in headers.items()),
)
def test_senseless_headers(shelf: Shelf, make_client: MakeClient, headers: dict[str, str]) -> None:
    video = f"/documents/{shelf.described('a.mp4').sha256[:16]}/video"
    for client in (make_client(), make_client(token=TOKEN)):
        sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
        answer = client.get(video, headers=sent)
        assert answer.status_code in {200, 206, 304, 400, 401, 416}, answer.text
        assert "evil.example" not in str(answer.headers)


@pytest.mark.parametrize("address", ["/jobs/1/retry", "/documents/{id}/reprocess", "/login", "/logout"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example:8003"},
        {"origin": "http://localhost:8003@evil.example"},
        {"origin": "file://"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_a_strangers_page_changes_nothing(
    client: TestClient, described: str, address: str, headers: dict[str, str]
) -> None:
    answer = client.post(address.replace("{id}", described), headers=headers, data={"token": TOKEN})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:reelwatch:cross_site")


def test_a_login_leads_nowhere_else(shelf: Shelf, make_client: MakeClient) -> None:
    del shelf
    client = make_client(token=TOKEN)
    for away in (
        "//evil.example",
        "https:evil.example",
        "/\t/evil.example",
        "/\\/evil.example",
        "\r\nLocation: x",
        "@x",
    ):
        page = client.get("/login", params={"next": away})
        assert 'name="next" value="/"' in page.text
        entered = client.post("/login", data={"token": TOKEN, "next": away})
        assert entered.headers["location"] == "/"
    sent = client.get("//evil.example/", headers={"accept": "text/html"})
    assert sent.headers.get("location", "/login").startswith("/login")


def test_a_body_that_nobody_asked_for(client: TestClient, described: str) -> None:
    nested = "[" * 100_000
    for content in (nested, json.dumps({"a": "b" * 3_000_000}), "\xff", "--x\r\n"):
        for media_type in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            for address in ("/login", f"/documents/{described}/reprocess", "/jobs/1/retry"):
                answer = client.post(address, content=content, headers={"content-type": media_type})
                assert answer.status_code < 500, (content[:10], media_type, address, answer.text)


def test_names_that_are_markup_stay_text(client: TestClient, shelf: Shelf) -> None:
    job = shelf.described("<img src=x onerror=alert(1)>.mp4")
    index(shelf)
    for page in ("/", "/library", f"/videos/{job.sha256[:16]}"):
        text = client.get(page, headers={"accept": "text/html"}).text
        assert "<img src=x" not in text
        assert "&lt;img src=x" in text


def test_the_state_is_no_root(client: TestClient, shelf: Shelf, tmp_path: Path) -> None:
    shelf.described("a.mp4")
    ledger = (tmp_path / "state" / "ledger.sqlite3").name
    for address in (f"/static/../state/{ledger}", f"/documents/../state/{ledger}", f"/state/{ledger}"):
        assert client.get(address).status_code in {404, 422}
