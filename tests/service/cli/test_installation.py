"""`reelwatch service` on the system below a folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.cli import installation

UNITS = "etc/systemd/system"
HOST = f"{UNITS}/reelwatch.service.d/10-host.conf"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "host"


@pytest.fixture
def service(home: Any, root: Path) -> Iterator[Any]:
    def run(*arguments: str | Path) -> Any:
        return home.run("service", *arguments, "--root", root)

    return run


FOLDERS = ("--inbox", "/srv/in", "--output", "/srv/out", "--program", "/opt/r/bin/reelwatch")


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_dry_run_shows_everything_and_writes_nothing(service: Any, root: Path) -> None:
    shown = service("install", *FOLDERS, "--gpu", "--dry-run")
    assert shown.exit_code == 0
    assert f"==> /{HOST}: not installed" in shown.output
    assert "ReadWritePaths=-/srv/out" in shown.output
    assert "50-gpu.conf" in shown.output
    assert not root.exists()


def test_it_writes_and_says_what_to_do_next(service: Any, root: Path) -> None:
    done = service("install", *FOLDERS)
    assert done.exit_code == 0
    assert "systemctl daemon-reload" in done.output
    assert {f"{UNITS}/reelwatch.service", HOST, "etc/reelwatch/reelwatch.toml"} <= files(root)
    assert 'inboxes = ["/srv/in"]' in (root / "etc/reelwatch/reelwatch.toml").read_text()
    assert "written" not in service("install", "--program", "/opt/r/bin/reelwatch").output, "nothing has changed"


def test_a_change_of_the_settings_is_a_change_of_the_unit(service: Any, root: Path) -> None:
    service("install", *FOLDERS)
    settings = root / "etc/reelwatch/reelwatch.toml"
    settings.write_text(settings.read_text().replace("/srv/out", "/srv/elsewhere") + "\n[pool]\ndrain_s = 300.0\n")
    done = service("install", *FOLDERS[4:], "--yes")
    assert f"written  /{HOST}" in done.output
    assert "TimeoutStopSec=330" in (root / HOST).read_text()


def test_what_was_chosen_once_is_renewed_without_being_named_again(service: Any, root: Path) -> None:
    service("install", *FOLDERS, "--network")
    drop_in = root / f"{UNITS}/reelwatch.service.d/50-network.conf"
    drop_in.write_text("of an earlier version")
    service("install", *FOLDERS[4:], "--yes")
    assert "IPAddressDeny=" in drop_in.read_text()
    assert f"{UNITS}/reelwatch.service.d/50-gpu.conf" not in files(root)


def test_what_differs_is_shown_and_asked_for(service: Any, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service("install", *FOLDERS)
    (root / HOST).write_text("[Service]\nNice=19\n")
    answers = iter([False, True])
    monkeypatch.setattr(installation.click, "confirm", lambda *_given, **_named: next(answers))
    kept = service("install", *FOLDERS[4:])
    assert "-Nice=19" in kept.output
    assert f"kept     /{HOST}" in kept.output
    assert (root / HOST).read_text() == "[Service]\nNice=19\n"
    service("install", *FOLDERS[4:])
    assert "ExecStart=/opt/r/bin/reelwatch run" in (root / HOST).read_text()


def test_without_a_terminal_nothing_is_replaced(service: Any, root: Path) -> None:
    service("install", *FOLDERS)
    (root / HOST).write_text("theirs")
    assert service("install", *FOLDERS[4:]).exit_code == 130
    assert (root / HOST).read_text() == "theirs"


REFUSED = {
    "no folder": ((), 2, "name the folders with --inbox DIR and --output DIR"),
    "no output": (("--inbox", "/srv/in"), 2, "name the folders"),
    "an inbox in the output": (("--inbox", "/srv/out/in", "--output", "/srv/out"), 78, "outside"),
    "an inbox that is hidden": (("--inbox", "/tmp/in", "--output", "/srv/out"), 2, "PrivateTmp="),  # noqa: S108 - the case
    "a name that a unit cannot hold": (("--inbox", "/srv/a\nb", "--output", "/srv/out"), 78, "Rename it"),
}


@pytest.mark.parametrize(("arguments", "code", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused(service: Any, root: Path, arguments: Any, code: int, told: str) -> None:
    refused = service("install", *arguments, "--program", "/opt/x")
    assert (refused.exit_code, told in refused.output) == (code, True), refused.output
    assert not root.exists()


SETTINGS = {
    "folders named twice": ("[intake]\ninboxes=['/a']\n[output]\ndir='/b'\n", ("--inbox", "/c"), "leave --inbox"),
    "no inbox": ("[output]\ndir='/b'\n", (), "Name one"),
    "no output": ("[intake]\ninboxes=['/a']\n", (), "Set it"),
}


@pytest.mark.parametrize(("text", "arguments", "told"), SETTINGS.values(), ids=SETTINGS.keys())
def test_settings_that_are_there_decide(service: Any, root: Path, text: str, arguments: Any, told: str) -> None:
    (root / "etc/reelwatch").mkdir(parents=True)
    (root / "etc/reelwatch/reelwatch.toml").write_text(text)
    refused = service("install", *arguments, "--program", "/opt/x")
    assert refused.exit_code in {2, 78}
    assert told in refused.output
    assert files(root) == {"etc/reelwatch/reelwatch.toml"}


def test_uninstalling_leaves_what_is_the_users(service: Any, root: Path) -> None:
    service("install", *FOLDERS, "--gpu")
    own = root / f"{UNITS}/reelwatch.service.d/override.conf"
    own.write_text("[Service]\nNice=1\n")
    settings = root / "etc/reelwatch/reelwatch.toml"
    settings.write_text(settings.read_text() + "# mine\n")
    done = service("uninstall")
    assert "kept     /etc/reelwatch/reelwatch.toml: changed by hand" in done.output
    assert "systemctl disable --now reelwatch-web.service reelwatch.service" in done.output
    assert files(root) == {"etc/reelwatch/reelwatch.toml", str(own.relative_to(root))}


def test_status_compares(service: Any, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.installation.host.this_program", lambda: ("/opt/r/bin/reelwatch",))
    assert "/etc/systemd/system/reelwatch.service: not installed" in service("status").output
    service("install", *FOLDERS)
    assert f"/{HOST}: installed\n" in service("status").output
    (root / HOST).write_text("mine")
    assert f"/{HOST}: changed by hand" in service("status").output
