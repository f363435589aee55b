"""Names under which the web face answers, and pages that may change something.

A page of a stranger can reach a service on its visitor's own machine: by a name of the stranger's that resolves to
127.0.0.1 (DNS rebinding), or by a form or a fetch that is sent there (cross-site request forgery).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from service.errors import ConfigError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})


def allowed_hosts(address: str, configured: Iterable[str]) -> frozenset[str]:
    """Return the names that requests may ask for; raises `ConfigError` where other hosts would have none.

    address: the IP address listened on.
    """
    named = frozenset(configured)
    ip = ipaddress.ip_address(address)
    if ip.is_unspecified and not named:
        raise ConfigError(
            f"web.listen = {address}: stands for every address of this host, so the names by which browsers reach it "
            'must be said: web.hosts = ["reels.example.org"].'
        )
    return LOOPBACK_NAMES | named | (frozenset() if ip.is_unspecified else {str(ip)})


def host_name(authority: str) -> str | None:
    """Return the name in a Host header or an origin, without its port, in lower case; None for what is none."""
    name, port = authority, ""
    if authority.startswith("["):
        name, bracket, rest = authority[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return None
        port = rest[1:]
    elif ":" in authority:
        name, _, port = authority.rpartition(":")
    if not name or (port and not (port.isascii() and port.isdigit())):
        return None
    return name.lower().rstrip(".")


def is_same_origin(method: str, headers: Mapping[str, str]) -> bool:
    """Say whether a request may change something: it changes nothing, or comes from a page of ours or from no page.

    Browsers send `Origin` with every request that may change something, and `Sec-Fetch-Site` with all; programs send
    neither. The scheme is not compared: behind a proxy that speaks TLS ours is http. headers: by lower-case name.
    """
    if method in SAFE_METHODS:
        return True
    origin = headers.get("origin")
    if origin is not None:
        scheme, _, authority = origin.lower().partition("://")
        return scheme in {"http", "https"} and authority == headers.get("host", "").lower()
    site = headers.get("sec-fetch-site")
    return site is None or site in _OURS
