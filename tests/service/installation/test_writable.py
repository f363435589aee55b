"""Which folders the unit lets the service write where described videos leave their inbox."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.configuration import Configuration, load
from service.errors import UsageError
from service.installation.host import Host, service_drop_in
from service.installation.units import files_of


def configuration(*inboxes: str, move_to: str, after_done: str = "move") -> Configuration:
    flags = {
        "intake.inboxes": list(inboxes),
        "output.dir": "/srv/described",
        "state.dir": "/var/lib/reelwatch",
        "models.dir": "/var/lib/reelwatch/models",
        "done.after_done": after_done,
        "done.move_to": move_to,
    }
    return load(flags, environ={"HOME": "/nowhere"}).configuration


def host(given: Configuration) -> Host:
    return Host.of(given, program=("/opt/reelwatch/bin/reelwatch",), user="reelwatch", state=Path("/var/lib/reelwatch"))


CASES: dict[str, tuple[tuple[str, ...], str, str, list[str]]] = {
    "kept": (("/srv/videos/in",), "/srv/videos/archive", "keep", ["/srv/described"]),
    "moved": (("/srv/videos/in",), "/srv/videos/archive", "move", ["/srv/described", "/srv/videos"]),
    "out of two": (("/srv/v/a/in", "/srv/v/b/in"), "/srv/v/archive", "move", ["/srv/described", "/srv/v"]),
}


@pytest.mark.parametrize(("inboxes", "move_to", "after_done", "writable"), CASES.values(), ids=CASES.keys())
def test_one_folder_holds_inboxes_and_archive(
    inboxes: tuple[str, ...], move_to: str, after_done: str, writable: list[str]
) -> None:
    """Two folders in ReadWritePaths= are two mounts, between which nothing can be renamed."""
    found = host(configuration(*inboxes, move_to=move_to, after_done=after_done))
    assert [str(path) for path in found.writable] == writable


def test_an_inbox_in_a_home_is_not_bound_read_only_over_it() -> None:
    lines = service_drop_in(host(configuration("/home/kari/v/in", move_to="/home/kari/v/archive"))).splitlines()
    assert [line for line in lines if line.startswith("Bind")] == ["BindPaths=-/home/kari/v"]


def test_the_archive_is_made_for_the_service_and_what_holds_the_inbox_is_not() -> None:
    """A folder of root's, in which the service may make none: without the archive it would end with exit code 78."""
    found = host(configuration("/srv/videos/in", move_to="/srv/videos/archive"))
    (made,) = [file.text for file in files_of(found) if "tmpfiles" in str(file.path)]
    assert re.findall(r"^d (\S+) :2750 ", made, re.MULTILINE) == ["/srv/described", "/srv/videos/archive"]


def test_folders_that_share_only_the_root_are_refused_with_what_to_choose() -> None:
    with pytest.raises(UsageError, match="like /srv/videos/archive"):
        host(configuration("/srv/videos/in", move_to="/data/archive"))
