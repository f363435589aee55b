"""Which URLs may be asked for at all; what they lead to is looked at when they are fetched."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from service.downloads.addresses import Reach
from service.received.refusal import Refusal

MOST_CHARS = 2048
_SMUGGLED = "__youtubedl_smuggle"
"""How yt-dlp hands instructions to itself in a URL; from a stranger they are none."""

NOT_HTTP = Refusal("bad_url", "it leads to an FTP server, and only https and http are fetched")


def refused_url(url: str, reach: Reach) -> Refusal | None:
    """Return why a URL cannot be asked for; None when it can."""
    parts = _parts(url)
    plain = url.isprintable() and " " not in url and len(url) <= MOST_CHARS and _SMUGGLED not in url
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
        return Refusal("bad_url", "name an address that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        return Refusal("bad_url", "an address with a user's name or password is not taken")
    return None if _may_be_reached(parts.hostname, reach) else private(parts.hostname)


def private(host: str) -> Refusal:
    """Say that an address is not a public one."""
    return Refusal(
        "private_address",
        f"{host} is no public address. Where that is meant, set download.allow_private_addresses = true.",
    )


def _parts(url: str) -> SplitResult | None:
    with suppress(ValueError):  # brackets that do not close, a port that is none
        parts = urlsplit(url)
        if parts.port != 0:
            return parts
    return None


def _may_be_reached(host: str, reach: Reach) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True  # a name: it is looked at when it is connected to
    return reach.allows(host)
