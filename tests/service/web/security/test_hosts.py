"""Names and origins: pure rules."""

from __future__ import annotations

import pytest

from service.errors import ConfigError
from service.web.security.hosts import allowed_hosts, host_name, is_same_origin


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        ("localhost:8003", "localhost"),
        ("LOCALHOST.", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:8003", "::1"),
        ("[::1]", "::1"),
        ("[::1", None),
        ("[::1]x", None),
        ("a:b", None),
        (":80", None),
        ("", None),
    ],
)
def test_host_name(authority: str, name: str | None) -> None:
    assert host_name(authority) == name


def test_names_on_an_address() -> None:
    assert allowed_hosts("127.0.0.1", []) == {"localhost", "127.0.0.1", "::1"}
    assert allowed_hosts("192.0.2.7", ["reels.example.org"]) >= {"192.0.2.7", "reels.example.org", "localhost"}
    assert "::" not in allowed_hosts("::", ["reels.example.org"])
    with pytest.raises(ConfigError, match=r"web\.hosts"):
        allowed_hosts("::", [])


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        ("GET", {"origin": "https://evil.example"}, True),
        ("POST", {}, True),
        ("POST", {"origin": "http://localhost:8003"}, True),
        ("POST", {"origin": "https://localhost:8003"}, True),
        ("POST", {"origin": "http://localhost:8004"}, False),
        ("POST", {"origin": "http://evil.example"}, False),
        ("POST", {"origin": "null"}, False),
        ("POST", {"origin": ""}, False),
        ("DELETE", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {"sec-fetch-site": "same-site"}, False),
        ("POST", {"sec-fetch-site": "same-origin"}, True),
        ("POST", {"sec-fetch-site": "none"}, True),
    ],
)
def test_same_origin(method: str, headers: dict[str, str], *, allowed: bool) -> None:
    assert is_same_origin(method, {"host": "localhost:8003", **headers}) is allowed
