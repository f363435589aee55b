"""`[state] ledger`: a file, or a server whose password is seen by nobody who only looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.cli.configuration import listing
from service.configuration import load
from service.errors import ConfigError
from service.ledger.place import ServerPlace
from service.state import ledger_place

URL = "postgresql://me:s3cret@db.example.org/reels"


def test_it_is_a_file_unless_a_server_is_named(tmp_path: Path) -> None:
    given: dict[str, Any] = {"state.dir": tmp_path}
    assert ledger_place(load(given, environ={}).configuration) == tmp_path / "ledger.sqlite3"
    for text in (URL, f'"{URL}"'):
        configuration = load(given, environ={"REELWATCH_STATE__LEDGER": text}).configuration
        assert ledger_place(configuration) == ServerPlace(URL)


def test_nobody_who_looks_sees_the_password() -> None:
    loaded = load({}, environ={"REELWATCH_STATE__LEDGER": URL})
    looked = [*listing(loaded), repr(loaded), str(loaded.configuration.model_dump())]
    looked.append(loaded.configuration.model_dump_json())
    assert 'ledger = "postgresql://me@db.example.org/reels"  # $REELWATCH_STATE__LEDGER' in looked
    assert "s3cret" not in "".join(looked)


REFUSED = {
    "another database": ("LEDGER", "mysql://me:s3cret@db/reels", r"state\.ledger.*expected a URL like postgresql://"),
    "a character that must be spelt": ("LEDGER", "postgresql://me:s3/cret@db/reels", "%2F for /"),
    "no text": ("LEDGER", "5", r"state\.ledger = 5: expected a URL in quotes"),
    "a misspelt key": ("LEDGR", URL, r"Did you mean state\.ledger\?"),
    "a quote that does not end": ("LEDGER", f'"{URL}', "is not a valid TOML value"),
    "a password as a parameter": ("LEDGR", "postgresql:///reels?password=s3cret", "Did you mean"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_without_being_shown(case: str) -> None:
    name, text, why = REFUSED[case]
    with pytest.raises(ConfigError, match=why) as caught:
        load({}, environ={f"REELWATCH_STATE__{name}": text})
    assert "cret" not in str(caught.value)
