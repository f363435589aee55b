"""The section `[metrics]`: where Prometheus may ask."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import AfterValidator

from service.configuration.kinds import Section

_MOST_PORT = 65_535


def _listen(value: str) -> str:
    if value and parse_address(value) is None:
        raise ValueError('expected an address and a port, like "127.0.0.1:9469" or "[::1]:9469", or "" for none')
    return value


class MetricsSettings(Section):
    """`listen` is empty, or an IP address with a port; one that other hosts can reach takes `allow_remote`."""

    listen: Annotated[str, AfterValidator(_listen)]
    allow_remote: bool

    @property
    def address(self) -> tuple[str, int] | None:
        """Where to listen, None where nothing is served."""
        return parse_address(self.listen)

    @property
    def is_loopback(self) -> bool:
        """Whether only this host can reach it."""
        address = self.address
        return address is None or ipaddress.ip_address(address[0]).is_loopback


def parse_address(value: str) -> tuple[str, int] | None:
    """Return host and port of `host:port`, None for anything else; an IPv6 address stands in brackets."""
    host, _, port = value.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return None
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return (host, int(port)) if port.isascii() and port.isdigit() and int(port) <= _MOST_PORT else None
