"""Connections that are no request, or one that never ends: a real server closes them and serves the others."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from service.exports import TABLE_FORMATS
from service.web.api import exports as api_exports
from service.web.connections import bounded
from service.web.security.body import MOST_BYTES, BodyLimit
from service.web.security.policy import HEADERS
from service.web.site import EXPORTS_AT_ONCE

if TYPE_CHECKING:
    from shelf import MakeClient, Shelf

HEAD_S = 1.0
MOST = 20
HEAD = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
STRANGE = b"POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"


@pytest.fixture
def port(shelf: Shelf, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where the app listens, with bounds that a test can wait for."""
    del shelf
    monkeypatch.setattr(BodyLimit.__init__, "__defaults__", (MOST_BYTES, HEAD_S))
    config = uvicorn.Config(make_client().app, http=bounded(HEAD_S, MOST), log_config=None)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(30)
    listening.close()
    assert not thread.is_alive()


def answer(port: int, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """Send the parts and return all that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except OSError:  # it was closed meanwhile
                break
            time.sleep(pause_s)
        return received(connection)


def received(connection: socket.socket) -> bytes:
    found = b""
    try:
        while chunk := connection.recv(65_536):
            found += chunk
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (b"GET / HT",),
        (HEAD,),
        (HEAD, *(b"X-%d: y\r\n" % number for number in range(400))),
        (STRANGE + b"Content-Length: 1000\r\n\r\n", *(b"a" for _ in range(400))),
    ],
    ids=["says nothing", "half a line", "half a head", "a line now and then", "a body that nobody reads"],
)
def test_who_says_nothing_is_not_waited_for(port: int, parts: tuple[bytes, ...]) -> None:
    began_s = time.monotonic()
    assert answer(port, *parts, pause_s=0.1)[:12] in {b"", b"HTTP/1.1 403"}
    assert HEAD_S / 2 < time.monotonic() - began_s < 20 * HEAD_S


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (POST + b"Content-Length: 10\r\n\r\ntok", b"408"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\ntok\r\n", b"408"),
        (POST + b"Content-Length: %d\r\n\r\n" % 2**40, b"413"),
        (POST + b"Content-Length: %d\r\n\r\n" % (MOST_BYTES + 1) + b"a" * (MOST_BYTES + 1), b"413"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"a" * 65_536 + b"\r\n") * 8, b"413"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n", b"400"),
        (b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: \0\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        (HEAD + b"A: " + b"a" * 200_000 + b"\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET //evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", b"421"),
        (b"GET / HTTP/1.0\r\n\r\n", b"421"),
        (b"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"404"),
        (b"TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"405"),
    ],
    ids=lambda value: repr(value[:60]) if len(value) > 3 else None,
)
def test_what_is_no_request_of_ours(port: int, request_: bytes, status: bytes) -> None:
    found = answer(port, request_)
    assert found.split(b" ", 2)[1] == status, found[:300]
    assert answer(port, HEAD + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_many_connections_do_not_keep_others_out_for_ever(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        full = answer(port, HEAD + b"Connection: close\r\n\r\n")
        assert full.startswith(b"HTTP/1.1 503")
        assert b"urn:reelwatch:overloaded" in full
        assert all(b"\r\n%s: %s\r\n" % (name.encode(), value.encode()) in full for name, value in HEADERS.items())
        end_s = time.monotonic() + 30
        while not answer(port, HEAD + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200"):
            assert time.monotonic() < end_s
            time.sleep(0.1)


def test_who_leaves_in_the_middle_is_no_fault(port: int) -> None:
    for sent in (POST + b"Content-Length: 100\r\n\r\nhalf", HEAD, HEAD + b"\r\n", b""):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(sent)
    assert answer(port, HEAD + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_who_leaves_before_or_amid_a_video_leaves_no_file_open(port: int, shelf: Shelf) -> None:
    video = f"/documents/{shelf.described('a.mp4', b'x' * 3_000_000).sha256[:16]}/video".encode()
    asked = b"GET " + video + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, as on a crash
            connection.sendall(asked)
    for number in range(5):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(asked)
            connection.recv(1 + 100_000 * number)
    end_s = time.monotonic() + 30
    while opened(shelf.inbox / "a.mp4"):
        assert time.monotonic() < end_s
        time.sleep(0.05)
    assert answer(port, asked[:-2] + b"Connection: close\r\n\r\n").endswith(b"x" * 3_000_000)


def test_tables_are_written_for_a_few_at_a_time_and_not_for_who_takes_nothing(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = replace(TABLE_FORMATS["csv"], chunks=lambda _table, _found: repeat(b"x" * 65_536))
    monkeypatch.setattr(api_exports, "TABLE_FORMATS", {"csv": endless})
    monkeypatch.setattr(api_exports, "PATIENCE_S", 1.5)
    asked = b"GET /exports/words.csv HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(EXPORTS_AT_ONCE):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(asked)
            assert connection.recv(12) == b"HTTP/1.1 200"
        refused = begun(port, asked)
        assert (b"urn:reelwatch:busy" in refused, b"retry-after: 5" in refused) == (True, True)
        end_s = time.monotonic() + 30
        while not begun(port, asked).startswith(b"HTTP/1.1 200"):
            assert time.monotonic() < end_s
            time.sleep(0.1)


def begun(port: int, asked: bytes) -> bytes:
    """The beginning of an answer that may have no end."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(asked)
        connection.settimeout(10)
        answer = b""
        while len(answer) < 1000 and (piece := connection.recv(4096)):
            answer += piece
            if b"urn:reelwatch" in answer:
                break
        return answer


def opened(path: Path) -> int:
    """How often this process, where the server is, holds a file."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found += descriptor.readlink() == path
    return found


@pytest.mark.parametrize("path", [b"/documents/{id}/video", b"/jobs", b"/events"])
def test_a_head_has_no_content_and_the_connection_goes_on(port: int, shelf: Shelf, path: bytes) -> None:
    job = shelf.described("a.mp4", b"x" * 3_000_000)
    asked = b"HEAD " + path.replace(b"{id}", job.sha256[:16].encode()) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    heads = answer(port, asked, asked, asked[:-2] + b"Connection: close\r\n\r\n").split(b"\r\n\r\n")
    assert [head[:12] for head in heads] == [b"HTTP/1.1 200"] * 3 + [b""]
    assert (b"content-length: 3000000" in heads[0]) is path.endswith(b"video")
