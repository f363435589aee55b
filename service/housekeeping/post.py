"""One HTTP POST, bounded in time and size: no redirect is followed, TLS is verified, the answer's body is not read."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

LONGEST_RETRY_AFTER_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: an HTTP status, or None and why there is none. retry_after_s: as it asked."""

    code: int | None
    error: str = ""
    retry_after_s: float = 0.0

    @property
    def accepted(self) -> bool:
        """Whether the receiver has the message (2xx)."""
        return self.code is not None and 200 <= self.code < 300  # noqa: PLR2004 - the class of successes

    @property
    def text(self) -> str:
        """The status or the error, for people."""
        return str(self.code) if self.code is not None else self.error


Post = Callable[[str, bytes, Mapping[str, str]], Answer]
"""Sends a body with headers to a URL; never raises for what the network or the receiver does."""


def poster(*, timeout_s: float) -> Post:
    """Return what posts within `timeout_s`, from the connection to the last header of the answer."""
    context = ssl.create_default_context()

    def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            return _post(urlsplit(url), body, headers, context=context, timeout_s=timeout_s)
        except TimeoutError:
            return Answer(None, f"no answer within {timeout_s:g} s")
        except (OSError, http.client.HTTPException) as exc:
            return Answer(None, f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__)

    return post


def _post(
    url: SplitResult, body: bytes, headers: Mapping[str, str], *, context: ssl.SSLContext, timeout_s: float
) -> Answer:
    secure, host = url.scheme == "https", url.hostname or ""
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(host, url.port, timeout=timeout_s)
    plain = socket.create_connection((host, connection.port), timeout=timeout_s)
    channel = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False) if secure else plain
    over = threading.Event()
    # A socket's timeout begins anew with every byte: a receiver that drips would hold us for ever.
    alarm = threading.Timer(timeout_s, _cut, (channel, over))
    alarm.daemon = True
    connection.sock = channel
    try:
        alarm.start()
        if isinstance(channel, ssl.SSLSocket):
            channel.do_handshake()
        connection.request("POST", url._replace(scheme="", netloc="").geturl() or "/", body, dict(headers))
        answer = connection.getresponse()
        if over.is_set():
            raise TimeoutError
        return Answer(answer.status, retry_after_s=_retry_after_s(answer.headers.get("Retry-After")))
    except (OSError, http.client.HTTPException):
        if over.is_set():
            raise TimeoutError from None
        raise
    finally:
        alarm.cancel()
        connection.close()
        channel.close()


def _cut(channel: socket.socket, over: threading.Event) -> None:
    over.set()
    with suppress(OSError):
        channel.shutdown(socket.SHUT_RDWR)


def _retry_after_s(value: str | None) -> float:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds or a date; 0 where it says nothing that can be read."""
    if value is None:
        return 0.0
    if value.strip().isascii() and value.strip().isdigit():
        return min(float(value.strip()[:9]), LONGEST_RETRY_AFTER_S)
    with suppress(ValueError):
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is not None:
            wait_s = (moment - datetime.now(UTC)).total_seconds()
            return min(max(0.0, wait_s), LONGEST_RETRY_AFTER_S)
    return 0.0
