"""What is refused, and that the message names place, value and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.configuration import load
from service.errors import ConfigError

REFUSED = {
    "unknown key": ("[intake]\nswep_s = 5\n", r"own\.toml: intake\.swep_s = 5: .* Did you mean intake\.sweep_s\?"),
    "unknown key far from any": ("[intake]\nx = 5\n", r"intake\.x = 5: .* \[intake\] has inboxes, extensions"),
    "unknown section": ("[inbox]\na = 1\n", r"inbox\.a = 1: .* The sections are profile, intake"),
    "a section as a value": ("intake = 3\n", r"intake = 3: \[intake\] is a section"),
    "a value as a section": ("[intake.sweep_s]\na = 1\n", r"intake\.sweep_s\.a = 1: there is no such setting"),
    "unknown stage": ("[stages.ocrr]\nbackends = []\n", r"Did you mean stages\.ocr\.backends\?"),
    "text for a number": ('[intake]\nsweep_s = "5"\n', r'= "5": expected a number without quotes\. The default is 20'),
    "fraction for a count": ("[pool]\nnum_cpus = 1.5\n", r"expected a whole number"),
    "zero seconds": ("[intake]\nsweep_s = 0.0\n", r"must be above 0"),
    "endless": ("[intake]\nsweep_s = inf\n", r"expected a finite number"),
    "quiet for more than an hour": ("[intake]\nquiet_local_s = 3601.0\n", r"must be at most 3600"),
    "text for a list": ('[intake]\ninboxes = "in"\n', r"expected a list"),
    "an ending without dot": ('[intake]\nextensions = ["mp4"]\n', r"expected endings with a dot"),
    "no endings": ("[intake]\nextensions = []\n", r"expected at least one item"),
    "an empty path": ('[output]\ndir = ""\n', r"expected a folder's path"),
    "mode without quotes": ("[output]\nfile_mode = 644\n", r'octal digits in quotes, like "0644"'),
    "mode nobody can read": ('[output]\nfile_mode = "0"\n', r"must be at least 256"),
    "misspelt choice": ('[pool]\nkind = "rey"\n', r"expected 'ray' or 'local'\. Did you mean 'ray'\?"),
    "unknown profile": ('profile = "cpuu"\n', r'profile = "cpuu": .* auto, embedded, cpu, gpu'),
    "store below Ray's least": ("[pool]\nobject_store_mib = 8\n", r"must be at least 80"),
    "another stage's backend": ('[stages.asr]\nbackends = ["ocr.x"]\n', r"ocr\.x is no backend of the stage asr"),
    "no name of a backend": ('[stages.asr]\nbackends = ["sphinx"]\n', r'expected names like "asr\.pocketsphinx"'),
    "no fusion": ("[stages.fusion]\nbackends = []\n", r"no document without fusion"),
    "options of decoding": ("[stages.decode.options]\na = 1\n", r"stand in \[media\]"),
    "frames beyond the store": ("[media]\nframes_mib = 600\n", r"more than half of pool\.object_store_mib = 1024"),
    "too little memory to decode": ("[media]\nmemory_mib = 700\n", r"too little for media\.frames_mib = 128 .* 768"),
    "windows the wrong way round": ("[intake]\nquiet_local_s = 11.0\n", r"quiet_network_s = 10\.0 is shorter"),
    "gives up too soon": ("[intake]\nincomplete_give_up_h = 0.001\n", r"over before the quiet window"),
    "gives up before the second look": ("[intake]\nincomplete_give_up_h = 0.01\n", r"looked at again, after 60 s"),
    "output in an inbox": (
        'intake.inboxes = ["in"]\noutput.dir = "in/out"\n',
        r"output\.dir = .* lies inside the inbox",
    ),
    "output is an inbox": ('intake.inboxes = ["in"]\noutput.dir = "in"\n', r"lies inside the inbox"),
    "state in an inbox": (
        'intake.inboxes = ["in"]\nstate.dir = "in/state"\n',
        r"state\.dir = .* lies inside the inbox",
    ),
    "inbox in the output": ('intake.inboxes = ["out/in"]\noutput.dir = "out"\n', r"lies inside output\.dir"),
    "inbox by a link into the output": ('intake.inboxes = ["link"]\noutput.dir = "out"\n', r"lies inside output\.dir"),
    "inbox in an inbox": ('intake.inboxes = ["in", "in/a"]\n', r"in/a lies inside .*in, so its videos .* twice"),
    "the same inbox twice": ('intake.inboxes = ["in", "in"]\n', r"found twice"),
    "no TOML": ("[intake\n", r"own\.toml: is not valid TOML: .* line 1"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    (tmp_path / "out/in").mkdir(parents=True)
    (tmp_path / "link").symlink_to("out/in")
    with pytest.raises(ConfigError, match=message) as refused:
        load({}, config_path=file, environ={"HOME": str(tmp_path)})
    assert refused.value.exit_code == 78
    assert "Traceback" not in str(refused.value)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[intake]\nsweep_s = -1.0\n[log]\nlevel = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load({}, config_path=file, environ={"HOME": str(tmp_path)})
    assert len(str(refused.value).splitlines()) == 2


NAMED = {
    "flag": (Path("none.toml"), {}, r"--config: none\.toml: there is no such file"),
    "variable": (None, {"REELWATCH_CONFIG": "none.toml"}, r"\$REELWATCH_CONFIG: none\.toml: there is no such file"),
    "folder": (Path("/"), {}, r"there is no such file"),
}


@pytest.mark.parametrize(("flag", "environ", "message"), NAMED.values(), ids=NAMED.keys())
def test_a_named_file_must_be_there(flag: Path | None, environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load({}, config_path=flag, environ=environ)


VARIABLES = {
    "section misspelt": ("REELWATCH_INTAK__SWEEP_S", "5", r"\$REELWATCH_INTAK__SWEEP_S: intak\.sweep_s = 5: .*Did you"),
    "nearly the profile": ("REELWATCH_PROFIL", "cpu", r"Did you mean REELWATCH_PROFILE\?"),
    "wrong type": ("REELWATCH_INTAKE__SWEEP_S", "soon", r'\$REELWATCH_INTAKE__SWEEP_S: .* = "soon": expected a number'),
}


@pytest.mark.parametrize(("name", "value", "message"), VARIABLES.values(), ids=VARIABLES.keys())
def test_variables_are_named(tmp_path: Path, name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load({}, environ={"HOME": str(tmp_path), name: value})


def test_other_variables_of_the_prefix_are_not_settings(tmp_path: Path) -> None:
    with_it, without = (
        load({}, environ={"HOME": str(tmp_path)} | more) for more in ({"REELWATCH_CORPUS": "/somewhere"}, {})
    )
    assert (with_it.configuration, with_it.origins) == (without.configuration, without.origins)
