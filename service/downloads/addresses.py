"""Which addresses are public: what may be reached on behalf of somebody who only knows a URL."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

EVERYWHERE = ("0.0.0.0/0", "::/0")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the IPv4 address stands in the last 32 bits."""


def is_public(address: Address) -> bool:
    """Say whether an address belongs to a host on the internet.

    Not so: this host's own, private networks and those of carriers (RFC 6598), link-local, unique local and site-local
    ones, multicast, what is reserved. An IPv6 address that carries an IPv4 one is judged by that.
    """
    inner = _carried(address)
    if inner is not None:
        return is_public(inner)
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    own = address.is_loopback or address.is_unspecified or address.is_link_local or site_local
    return address.is_global and not (own or address.is_private or address.is_multicast or address.is_reserved)


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


@dataclass(frozen=True, slots=True)
class Reach:
    """The addresses that may be reached: all public ones, and whichever lie in `networks`."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: Iterable[str]) -> Reach:
        """Return the reach with further networks, like "127.0.0.1/32"."""
        return cls(tuple(map(ipaddress.ip_network, networks)))

    def allows(self, host: str) -> bool:
        """Say whether an address may be reached; what is no address may not: its name could mean anything later."""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return is_public(address) or any(address in network for network in self.networks)
