"""Which addresses a download may reach, which URLs may be asked for, and that the guard holds."""

from __future__ import annotations

import ipaddress
import subprocess
import sys

import pytest

from service.downloads.addresses import EVERYWHERE, Reach, is_public
from service.downloads.urls import MOST_CHARS, refused_url

PUBLIC = ("93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1", "2002:0101:0101::1")
PRIVATE = (
    *("127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "100.127.255.255", "198.18.0.1", "192.0.2.1", "203.0.113.7"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.0.1"),
    *("::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1"),
    *("2002:7f00:1::", "2002:a00:1::1", "2001::1", "::127.0.0.1"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    assert Reach().allows(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_not_unless_it_is_allowed(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert not Reach().allows(address)
    assert Reach.of(EVERYWHERE).allows(address)


@pytest.mark.parametrize("host", ["localhost", "", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "example.org"])
def test_what_is_no_address_is_never_connected_to(host: str) -> None:
    assert not Reach.of(EVERYWHERE).allows(host)


def test_an_interface_s_name_changes_nothing() -> None:
    assert not Reach().allows("fe80::1%eth0")


def test_a_network_may_be_allowed() -> None:
    reach = Reach.of(["127.0.0.1/32"])
    assert [reach.allows(host) for host in ("127.0.0.1", "127.0.0.2", "10.0.0.1")] == [True, False, False]


URLS = {
    "https://www.example.org/v/1?a=b#c": None,
    "http://example.org:8080/clip.mp4": None,
    "https://93.184.216.34/clip.mp4": None,
    "https://eksempel-bl\u00e5.no/v": None,
    "https://127.0.0.1/clip.mp4": "private_address",
    "http://[::1]/clip.mp4": "private_address",
    "http://169.254.169.254/latest/meta-data": "private_address",
    "file:///etc/passwd": "bad_url",
    "ftp://example.org/clip.mp4": "bad_url",
    "ytsearch:cats": "bad_url",
    "/etc/passwd": "bad_url",
    "example.org/clip.mp4": "bad_url",
    "": "bad_url",
    "https://": "bad_url",
    "https:///clip.mp4": "bad_url",
    "https://[::1/clip.mp4": "bad_url",
    "https://example.org:port/": "bad_url",
    "https://user:word@example.org/": "bad_url",
    "https://user@example.org/": "bad_url",
    "https://example.org/a b": "bad_url",
    "https://example.org/a\nHost: b": "bad_url",
    "https://example.org/#__youtubedl_smuggle=%7B%22to_generic%22%3A+true%7D": "bad_url",
    "https://example.org/" + "a" * MOST_CHARS: "bad_url",
}


@pytest.mark.parametrize(("url", "reason"), URLS.items(), ids=[url[:50] for url in URLS])
def test_which_urls_may_be_asked_for(url: str, reason: str | None) -> None:
    refusal = refused_url(url, Reach())
    assert (refusal and refusal.reason) == reason


GUARDED = """
import os, socket, subprocess, sys
from service.downloads.addresses import Reach
from service.downloads.guard import Guard
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
guard = Guard(Reach.of(sys.argv[1:]))
guard.install()
def tried(act):
    try:
        act()
    except PermissionError:
        return "refused"
    except ImportError:
        return "not there"
    return "done"
def udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))
def local():
    socket.socket(socket.AF_UNIX).connect("/nothing")
def urllib():
    import urllib.request
    try:
        urllib.request.urlopen(f"http://localhost:{port}/", timeout=0.1)
    except OSError as exc:
        reason = getattr(exc, "reason", exc)
        if isinstance(reason, PermissionError):
            raise reason
print(*map(tried, [
    lambda: socket.create_connection(("127.0.0.1", port)),
    lambda: socket.socket().connect_ex(("127.0.0.1", port)),
    lambda: socket.create_connection(("localhost", port)),
    lambda: socket.socket().connect(("localhost", port)),
    urllib, udp, local,
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: os.posix_spawn("/bin/true", ["true"], {}),
    lambda: os.fork() or os._exit(0),
    lambda: os.execv("/bin/true", ["true"]),
    lambda: __import__("curl_cffi"),
]), sep=",")
"""


def guarded(*networks: str) -> list[str]:
    command = [sys.executable, "-c", GUARDED, *networks]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().split(",")


def test_the_guard_holds_whichever_way_is_tried() -> None:
    assert guarded() == ["refused"] * 12 + ["not there"]


def test_what_is_allowed_is_reached_and_names_are_resolved_before() -> None:
    by_address, by_index, by_name, unresolved, urllib, udp, *others = guarded("127.0.0.1/32", "::1/128")
    assert [by_address, by_index, by_name, urllib, udp] == ["done"] * 5
    assert unresolved == "refused"
    assert others == ["refused"] * 6 + ["not there"]
