"""The section `[web]`: where the web face listens, under which names, and who is let in."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import AfterValidator

from service.configuration.afterwork import OptionalPath
from service.configuration.kinds import Section
from service.configuration.metrics import parse_address

_MOST_LABEL, _MOST_NAME = 63, 253
"""RFC 1035, 2.3.4."""


def _listen(value: str) -> str:
    if parse_address(value) is None:
        raise ValueError('expected an address and a port, like "127.0.0.1:8003" or "[::1]:8003"')
    return value


def _host(value: str) -> str:
    name = value.lower().rstrip(".")
    labels = name.split(".")
    known = all(label and len(label) <= _MOST_LABEL and label.replace("-", "").isalnum() for label in labels)
    if not known or not name.isascii() or len(name) > _MOST_NAME:
        raise ValueError('expected the name or IPv4 address by which browsers reach it, like "reels.example.org"')
    return name


class WebSettings(Section):
    """An IP address with a port, the file of the token, and further names that browsers may ask for."""

    listen: Annotated[str, AfterValidator(_listen)]
    token_file: OptionalPath
    hosts: tuple[Annotated[str, AfterValidator(_host)], ...]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        address = parse_address(self.listen)
        if address is None:
            raise AssertionError("validated above")
        return address

    @property
    def url(self) -> str:
        """Where a browser of this host finds it."""
        host, port = self.address
        ip = ipaddress.ip_address(host)
        name = "localhost" if ip.is_unspecified else f"[{host}]" if ":" in host else host
        return f"http://{name}:{port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this host can reach it."""
        return ipaddress.ip_address(self.address[0]).is_loopback
