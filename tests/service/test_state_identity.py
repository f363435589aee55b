"""A state directory is told from others, by whoever looks into it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from service.errors import ConfigError
from service.ledger.values import ServiceStart
from service.state_identity import IDENTITY_FILE, elsewhere, identity, made_identity


def start(state_id: str) -> ServiceStart:
    return ServiceStart((b"/in",), (".mp4",), b"/out", "cpu", "k", 1, host="studio", state_id=state_id)


def test_it_is_made_once_and_each_directory_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    made = made_identity(tmp_path)
    assert made
    assert stat.S_IMODE((tmp_path / IDENTITY_FILE).stat().st_mode) == 0o600
    assert made_identity(tmp_path) == identity(tmp_path) == made
    assert made_identity(tmp_path / "other") != made


def test_one_that_was_half_written_is_as_good_as_another_and_an_empty_one_is_made(tmp_path: Path) -> None:
    (tmp_path / IDENTITY_FILE).write_text("0a1")
    assert made_identity(tmp_path) == "0a1"
    (tmp_path / IDENTITY_FILE).write_text("")
    assert len(made_identity(tmp_path)) == 32


def test_a_directory_that_takes_no_file_has_none(tmp_path: Path) -> None:
    assert made_identity(tmp_path / "not there") == ""


def test_one_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / IDENTITY_FILE).mkdir()
    with pytest.raises(ConfigError, match="may not be read"):
        identity(tmp_path)


def test_the_service_is_elsewhere_only_where_that_is_known(tmp_path: Path) -> None:
    made = made_identity(tmp_path)
    assert [elsewhere(known, tmp_path) for known in (None, start(""), start(made))] == [None] * 3
    for state in (tmp_path, tmp_path / "never used"):
        assert f"on studio in another state directory than {state}" in str(elsewhere(start("f" * 32), state))
