"""This host's part of the units."""

from __future__ import annotations

import os
import pwd
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import UsageError
from service.installation import host as module
from service.installation.host import Host, not_writable, service_drop_in, sync_drop_in, this_program, web_drop_in
from service.installation.units import DropIn, every_path, files_of

INBOXES = (Path("/srv/my videos"), Path("/mnt/nas"))


def a_host(**more: object) -> Host:
    given = {"program": ("/opt/r/bin/reelwatch",), "inboxes": INBOXES, "writable": (Path("/srv/out"),), "drain_s": 90.0}
    return Host(**(given | more))


def test_the_service_reads_the_inboxes_and_writes_the_output() -> None:
    lines = service_drop_in(a_host()).splitlines()
    assert 'RequiresMountsFor="/srv/my videos" /mnt/nas /srv/out' in lines
    assert "ReadWritePaths=-/srv/out" in lines
    assert lines[lines.index("ExecStart=") + 1] == "ExecStart=/opt/r/bin/reelwatch run"
    assert not [line for line in lines if line.startswith(("User=", "CPUQuota=", "ProtectHome="))]


def test_the_web_face_writes_the_state_alone() -> None:
    lines = web_drop_in(a_host(user="media")).splitlines()
    assert lines[lines.index("ExecStart=") + 1] == "ExecStart=/opt/r/bin/reelwatch web"
    assert {"ReadWritePaths=", "User=media"} < set(lines)
    homes = a_host(inboxes=(Path("/home/ann/in"),), writable=(Path("/home/ann/out"), Path("/home/ann/s")))
    lines = web_drop_in(replace(homes, state=Path("/home/ann/s"))).splitlines()
    assert "ReadWritePaths=-/home/ann/s" in lines
    assert lines[-3:] == [
        "BindReadOnlyPaths=-/home/ann/in",
        "BindReadOnlyPaths=-/home/ann/out",
        "BindPaths=-/home/ann/s",
    ]


def test_the_sync_writes_the_inboxes() -> None:
    assert 'ReadWritePaths="-/srv/my videos" -/mnt/nas' in sync_drop_in(a_host()).splitlines()


@pytest.mark.parametrize(("drain_s", "stop_s"), [(0.0, 120), (90.0, 120), (90.5, 121), (600.0, 630)])
def test_it_may_take_as_long_to_stop_as_it_drains(drain_s: float, stop_s: int) -> None:
    assert f"TimeoutStopSec={stop_s}" in service_drop_in(a_host(drain_s=drain_s)).splitlines()


def test_processor_time_and_user_are_the_settings() -> None:
    lines = service_drop_in(a_host(cpu_quota_percent=150, user="media")).splitlines()
    assert "CPUQuota=150%" in lines
    assert lines[lines.index("User=media") + 1] == "Group=", "the user's own"


def test_folders_in_homes_are_let_in_and_nothing_else_of_them() -> None:
    lines = service_drop_in(a_host(inboxes=(Path("/home/ann/in"), Path("/srv/in")), writable=(Path("/root/out"),)))
    assert lines.splitlines()[-3:] == ["ProtectHome=tmpfs", "BindReadOnlyPaths=-/home/ann/in", "BindPaths=-/root/out"]


@pytest.mark.parametrize("hidden", ["/home/ann/venv", "/root/.pyenv", "/tmp/venv"])  # noqa: S108 - a place to refuse
def test_a_program_that_the_service_could_not_see_is_refused(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    monkeypatch.setattr(sys, "prefix", hidden)
    with pytest.raises(UsageError, match="python3 -m venv /opt/reelwatch"):
        this_program()


def test_this_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_HIDDEN", ())
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert this_program() == (sys.executable, "-m", "service.cli.main")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "reelwatch").touch()
    assert this_program() == (str(tmp_path / "bin" / "reelwatch"),)


def test_every_file_that_may_be_installed_is_known_to_be_removed() -> None:
    files = files_of(a_host(), drop_ins=list(DropIn), settings="")
    assert {file.path for file in files} == set(every_path())
    assert len({file.path for file in files}) == len(files)


def test_folders_that_are_there_stay_as_they_are() -> None:
    (made,) = [file.text for file in files_of(a_host()) if "tmpfiles" in str(file.path)]
    assert "d /srv/out :2750 :reelwatch :reelwatch -\n" in made
    assert "my videos" not in made, "inboxes are their owners'"
    assert "d /var/lib/reelwatch-sync 0700 reelwatch-sync reelwatch -\n" in made, "the remote is named in it first"


def test_a_folder_that_belongs_to_somebody_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o755)
    (tmp_path / "for all").mkdir()
    (tmp_path / "for all").chmod(0o777)
    folders = tuple(tmp_path / name for name in ("out", "for all", "missing"))
    own = pwd.getpwuid(os.getuid()).pw_name
    assert list(not_writable(a_host(writable=folders, user=own))) == []
    assert list(not_writable(a_host(writable=folders, user="nobody-there"))) == [tmp_path / "out"]
