"""Where Prometheus may ask: what is an address, and which one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.configuration import load
from service.configuration.metrics import parse_address
from service.errors import ConfigError

ADDRESSES = {
    "127.0.0.1:9469": ("127.0.0.1", 9469),
    "[::1]:9469": ("::1", 9469),
    "0.0.0.0:0": ("0.0.0.0", 0),  # noqa: S104 - read, not listened on
    "": None,
    "9469": None,
    ":9469": None,
    "::1:9469": None,
    "localhost:9469": None,
    "127.0.0.1": None,
    "127.0.0.1:": None,
    "127.0.0.1:http": None,
    "127.0.0.1:65536": None,
    "127.0.0.1:-1": None,
    "127.0.0.1:²": None,
}


@pytest.mark.parametrize(("text", "address"), ADDRESSES.items())
def test_addresses(text: str, address: tuple[str, int] | None) -> None:
    assert parse_address(text) == address


def metrics(tmp_path: Path, **given: object) -> object:
    flags = {f"metrics.{name}": value for name, value in given.items()}
    return load(flags, environ={"HOME": str(tmp_path)}).configuration.metrics


def test_nothing_is_served_unless_asked_for(tmp_path: Path) -> None:
    assert metrics(tmp_path).address is None


@pytest.mark.parametrize("listen", ["0.0.0.0:9469", "192.0.2.7:9469", "[::]:9469"])
def test_an_address_that_others_reach_must_be_meant(tmp_path: Path, listen: str) -> None:
    with pytest.raises(ConfigError, match=r"metrics\.listen.*allow_remote = true"):
        metrics(tmp_path, listen=listen)
    assert metrics(tmp_path, listen=listen, allow_remote=True).address[1] == 9469


@pytest.mark.parametrize("listen", ["127.0.0.1:9469", "127.8.0.1:9469", "[::1]:9469"])
def test_loopback_needs_no_leave(tmp_path: Path, listen: str) -> None:
    assert metrics(tmp_path, listen=listen).is_loopback


def test_what_is_no_address_is_refused_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'metrics\.listen = "9469".*like "127\.0\.0\.1:9469"'):
        metrics(tmp_path, listen="9469")
