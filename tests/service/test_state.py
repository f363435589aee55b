"""Where the service keeps its things."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.configuration import Configuration, load
from service.errors import ConfigError
from service.state import ledger_place, make_output_root, output_root, require_folder


def configuration(home: Path) -> Configuration:
    flags = {"state.dir": home / "state", "output.dir": home / "deep" / os.fsdecode(b"caf\xe9")}
    return load(flags, environ={"HOME": str(home)}).configuration


def test_the_output_is_made_with_the_folders_above_it(tmp_path: Path) -> None:
    made = make_output_root(configuration(tmp_path))
    assert made == os.fsencode(tmp_path) + b"/deep/caf\xe9" == output_root(configuration(tmp_path))
    assert (tmp_path / "deep").is_dir()
    assert make_output_root(configuration(tmp_path)) == made, "a second start finds it"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_output_that_is_made_is_as_open_as_its_files_and_one_that_is_there_stays(
    tmp_path: Path, umask: int
) -> None:
    before = os.umask(umask)
    try:
        made = make_output_root(configuration(tmp_path))
        assert os.stat(made).st_mode & 0o777 == 0o755  # noqa: PTH116 - bytes paths
        os.chmod(made, 0o700)  # noqa: PTH101 - as above
        make_output_root(configuration(tmp_path))
        assert os.stat(made).st_mode & 0o777 == 0o700  # noqa: PTH116 - as above
    finally:
        os.umask(before)


def test_an_output_that_cannot_be_made_is_a_setting_to_correct(tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("a file where a folder should be")
    with pytest.raises(ConfigError, match=r"output\.dir = .*cannot be made.*Name another folder") as refused:
        make_output_root(configuration(tmp_path))
    assert refused.value.exit_code == 78


def test_an_output_that_may_not_be_written_is_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(ConfigError, match=r"output\.dir = .* may not be written\. Give"):
        make_output_root(configuration(tmp_path))


def test_what_could_be_made_is_not_made_to_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_folder(tmp_path / "a" / "b", setting="output.dir", flag="--output")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a").touch()
    with pytest.raises(ConfigError, match=r"output\.dir = .*/a/b: cannot be made: .*/a is no folder"):
        require_folder(tmp_path / "a" / "b", setting="output.dir", flag="--output")
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(ConfigError, match=r"output\.dir = .*/c: .*, in which it would be made, may not be written"):
        require_folder(tmp_path / "c", setting="output.dir", flag="--output")


def test_the_ledger_lies_in_the_state(tmp_path: Path) -> None:
    assert ledger_place(configuration(tmp_path)) == tmp_path / "state" / "ledger.sqlite3"
