"""Layers: which origin wins, and what each value says about where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.configuration import load
from service.configuration.layers import environment_value
from service.configuration.profiles import choose
from service.errors import ConfigError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


FILE = "[intake]\nsweep_s = 30.0\n"

MERGES = {
    "default": ({}, "", {}, 20.0, "default"),
    "file over default": ({}, FILE, {}, 30.0, "{file}"),
    "environment over file": ({"REELWATCH_INTAKE__SWEEP_S": "40"}, FILE, {}, 40.0, "$REELWATCH_INTAKE__SWEEP_S"),
    "flag over environment": (
        {"REELWATCH_INTAKE__SWEEP_S": "40"},
        FILE,
        {"intake.sweep_s": 50.0},
        50.0,
        "command line",
    ),
    "a flag not given counts as none": ({}, FILE, {"intake.sweep_s": None}, 30.0, "{file}"),
}


@pytest.mark.parametrize(("environ", "file", "flags", "value", "origin"), MERGES.values(), ids=MERGES.keys())
def test_later_layers_win(
    home: Path, environ: dict[str, str], file: str, flags: dict[str, object], value: float, origin: str
) -> None:
    path = write(home / "own.toml", file)
    loaded = load(flags, config_path=path, environ={"HOME": str(home), **environ})
    assert loaded.configuration.intake.sweep_s == value
    assert loaded.origins["intake.sweep_s"] == origin.format(file=path)


def test_a_profile_lies_between_defaults_and_file(home: Path) -> None:
    path = write(home / "own.toml", 'profile = "gpu"\n[stages]\nasr.backends = ["asr.pocketsphinx"]\n')
    loaded = load({}, config_path=path, environ={"HOME": str(home)})
    assert loaded.configuration.profile == "gpu"
    assert loaded.configuration.stage("asr").backends == ("asr.pocketsphinx",)
    assert loaded.origins["stages.ocr.backends"] == "profile gpu"
    assert loaded.origins["profile"] == str(path)
    assert loaded.configuration.pool.idle_stop_s == 0


def test_lists_replace(home: Path) -> None:
    path = write(home / "own.toml", '[intake]\nextensions = [".gif"]\n')
    assert load({}, config_path=path, environ={"HOME": str(home)}).configuration.intake.extensions == (".gif",)


def test_options_of_a_stage_merge_by_name(home: Path) -> None:
    path = write(home / "own.toml", "[stages.ocr.options]\na = 1\nb = 2\n")
    environ = {"HOME": str(home), "REELWATCH_STAGES__OCR__OPTIONS__B": "3"}
    assert load({}, config_path=path, environ=environ).configuration.stage_options()["ocr"] == {"a": 1, "b": 3}


FILES = {
    "the flag": ("flag.toml", {"REELWATCH_CONFIG": "variable.toml", "CONFIGURATION_DIRECTORY": "systemd"}),
    "the variable": (None, {"REELWATCH_CONFIG": "variable.toml", "CONFIGURATION_DIRECTORY": "systemd"}),
    "systemd's folder": (None, {"CONFIGURATION_DIRECTORY": "other:systemd"}),
    "the XDG folder": (None, {"XDG_CONFIG_HOME": "{home}/xdg"}),
    "the home folder": (None, {}),
}
FOUND = {
    "the flag": "flag.toml",
    "the variable": "variable.toml",
    "systemd's folder": "systemd/reelwatch.toml",
    "the XDG folder": "xdg/reelwatch/reelwatch.toml",
    "the home folder": ".config/reelwatch/reelwatch.toml",
}


@pytest.mark.parametrize("case", FILES)
def test_the_first_file_is_read(home: Path, case: str) -> None:
    for name in FOUND.values():
        write(home / name, FILE)
    flag, environ = FILES[case]
    environ = {name: value.format(home=home) for name, value in environ.items()} | {"HOME": str(home)}
    loaded = load({}, config_path=Path(flag) if flag else None, environ=environ)
    assert loaded.file is not None
    assert loaded.file.resolve() == (home / FOUND[case]).resolve()


STATES = {
    "flag": ({"state.dir": "flag"}, {"STATE_DIRECTORY": "/systemd"}, "{home}/flag", "--state"),
    "systemd": ({}, {"STATE_DIRECTORY": "/systemd:/second"}, "/systemd", "$STATE_DIRECTORY"),
    "XDG": ({}, {"XDG_STATE_HOME": "/xdg"}, "/xdg/reelwatch", "XDG state home"),
    "a relative XDG folder is ignored": (
        {},
        {"XDG_STATE_HOME": "xdg"},
        "{home}/.local/state/reelwatch",
        "XDG state home",
    ),
    "setting": ({}, {"REELWATCH_STATE__DIR": "/set", "STATE_DIRECTORY": "/systemd"}, "/set", "$REELWATCH_STATE__DIR"),
}


@pytest.mark.parametrize(("flags", "environ", "folder", "origin"), STATES.values(), ids=STATES.keys())
def test_where_state_lies(home: Path, flags: dict[str, str], environ: dict[str, str], folder: str, origin: str) -> None:
    loaded = load(flags, environ={"HOME": str(home), **environ})
    assert str(loaded.configuration.state.dir) == folder.format(home=home)
    assert loaded.origins["state.dir"] == origin


def test_relative_paths_start_where_they_stand(home: Path) -> None:
    path = write(home / "etc/own.toml", '[intake]\ninboxes = ["in", "~/in"]\n')
    environ = {"HOME": str(home), "REELWATCH_OUTPUT__DIR": "out"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        configuration = load({}, config_path=path, environ=environ).configuration
    assert configuration.intake.inboxes == (home / "etc/in", home / "in")
    assert configuration.output.dir == home / "out"


def test_a_folder_whose_name_is_not_utf8_survives(home: Path) -> None:
    name = Path("/in/caf\udce9")
    assert load({"intake.inboxes": [name]}, environ={"HOME": str(home)}).configuration.intake.inboxes == (name,)


VALUES = {
    "number": ("5", 5),
    "quoted": ('"5"', "5"),
    "list": ('["a", "b"]', ["a", "b"]),
    "switch": ("true", True),
    "bare word": ("debug", "debug"),
    "path": ("/srv/in", "/srv/in"),
    "two lines are one text": ("1\nother = 2", "1\nother = 2"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("text", "value"), VALUES.values(), ids=VALUES.keys())
def test_a_variable_is_a_toml_value_or_a_text(text: str, value: object) -> None:
    assert environment_value("REELWATCH_A__B", text) == value


@pytest.mark.parametrize("text", ['["a', '"a', "{a = 1"])
def test_a_variable_that_begins_like_toml_must_be_toml(text: str) -> None:
    with pytest.raises(ConfigError, match=r"\$REELWATCH_A__B = .*not a valid TOML value"):
        environment_value("REELWATCH_A__B", text)


CHOICES = {
    "nothing": (False, set(), False, "embedded"),
    "a card without the extra": (True, set(), False, "embedded"),
    "a pulled model without the extra": (True, set(), True, "cpu"),
    "the extra without a card": (False, {"torch", "transformers"}, False, "cpu"),
    "both": (True, {"torch", "transformers"}, True, "gpu"),
    "half of the extra": (True, {"torch"}, False, "embedded"),
}


@pytest.mark.parametrize(("device", "packages", "pulled", "profile"), CHOICES.values(), ids=CHOICES.keys())
def test_auto_goes_by_what_is_here(
    tmp_path: Path,
    device: bool,  # noqa: FBT001 - a table's column
    packages: set[str],
    pulled: bool,  # noqa: FBT001 - a table's column
    profile: str,
) -> None:
    if pulled:
        (tmp_path / "org--model").mkdir()
        (tmp_path / "org--model" / "reelwatch-manifest.json").write_text("{}")
    assert choose(tmp_path, has_device=lambda: device, is_installed=packages.__contains__)[0] == profile
