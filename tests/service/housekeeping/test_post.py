"""One POST over a real connection: what counts as taken, and what cannot hold us."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from receiver import Receiver, receiving

from service.housekeeping.post import poster

post = poster(timeout_s=5.0)


@pytest.mark.parametrize("status", [200, 204, 299, 301, 302, 308, 400, 404, 410, 429, 500, 503])
def test_only_2xx_is_taken_and_no_redirect_is_followed(status: int) -> None:
    with receiving(Receiver(answers=[status])) as receiver:
        receiver.headers["Location"] = receiver.url
        answer = post(receiver.url, b"{}", {"webhook-id": "m"})
        assert (answer.code, answer.accepted) == (status, status < 300)
        (request,) = receiver.received
    assert (request.path, request.body, request.headers["webhook-id"]) == ("/hook?of=reelwatch", b"{}", "m")
    assert request.headers["host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize("kind", ["drip", "hang"])
def test_a_receiver_that_does_not_come_to_an_end_is_left(kind: str) -> None:
    with receiving(Receiver(answers=[kind])) as receiver:
        began_s = time.monotonic()
        answer = poster(timeout_s=0.4)(receiver.url, b"{}", {})
        assert time.monotonic() - began_s < 3
    assert (answer.code, answer.error) == (None, "no answer within 0.4 s")


def test_one_that_cuts_the_connection_or_is_not_there_has_no_status() -> None:
    with receiving(Receiver(answers=["cut"])) as receiver:
        answer = post(receiver.url, b"{}", {})
        assert (answer.code, answer.accepted) == (None, False)
    assert "Connection refused" in post(receiver.url, b"{}", {}).error


IN_AN_HOUR = "in an hour"
"""Spelled out by the test: the suite collects its tests long before it runs the last of them."""
RETRY_AFTER: dict[str, tuple[str, float]] = {
    "seconds": ("120", 120.0),
    "more than a day": ("999999999999", 24 * 3600.0),
    "nonsense": ("soon", 0.0),
    "negative": ("-5", 0.0),
    "past": ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    "a date": (IN_AN_HOUR, 3600.0),
}


@pytest.mark.parametrize(("value", "seconds"), RETRY_AFTER.values(), ids=RETRY_AFTER.keys())
def test_retry_after(value: str, seconds: float) -> None:
    if value == IN_AN_HOUR:
        value = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with receiving(Receiver(answers=[503], headers={"Retry-After": value})) as receiver:
        assert post(receiver.url, b"{}", {}).retry_after_s == pytest.approx(seconds, abs=120)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(path), "-out", str(tmp_path / "c.pem"), "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    path.write_text(path.read_text() + (tmp_path / "c.pem").read_text())
    return path


def serve_once(context: ssl.SSLContext) -> int:
    server = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with server, server.accept()[0] as plain:
            try:
                with context.wrap_socket(plain, server_side=True) as channel:
                    asked = b""
                    while not asked.endswith(b"\r\n\r\n{}"):  # all of it, or the answer is lost in a reset
                        asked += channel.recv(65536)
                    channel.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                return  # the other side has hung up

    threading.Thread(target=answer, daemon=True).start()
    return server.getsockname()[1]


@pytest.mark.parametrize(("host", "trusted", "code"), [("localhost", True, 204), ("localhost", False, None)])
def test_tls_is_verified(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, *, host: str, trusted: bool, code: int | None
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("c.pem")))
    answer = poster(timeout_s=5.0)(f"https://{host}:{serve_once(context)}/x", b"{}", {})
    assert answer.code == code
    assert trusted or "CERTIFICATE_VERIFY_FAILED" in answer.error
