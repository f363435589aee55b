"""Paths as words of unit files."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from service.errors import ConfigError
from service.installation.words import argument, bound, word, words

WORDS = {
    "plain": ("/srv/videos/in", "/srv/videos/in"),
    "a space": ("/srv/my videos", '"/srv/my videos"'),
    "a specifier": ("/srv/100%", '"/srv/100%%"'),
    "quotes": ('/srv/"a"', '"/srv/\\"a\\""'),
    "a backslash": ("/srv/a\\b", '"/srv/a\\\\b"'),
    "letters": ("/srv/blå", '"/srv/blå"'),
    "a comment's mark": ("/srv/#1; x", '"/srv/#1; x"'),
}


@pytest.mark.parametrize(("path", "spelled"), WORDS.values(), ids=WORDS.keys())
def test_a_path_is_one_word(path: str, spelled: str) -> None:
    assert word(Path(path)) == spelled
    assert shlex.split(spelled.replace("%%", "%")) == [path]


def test_a_program_with_a_dollar_is_no_variable() -> None:
    assert argument("/opt/$HOME/x") == '"/opt/$$HOME/x"'


def test_several() -> None:
    assert words([Path("/a b"), Path("/c")], optional=True) == '"-/a b" -/c'


@pytest.mark.parametrize("path", ["/srv/a\nUser=root", "/srv/\udcff", "/srv/\x1b[1m"])
def test_what_a_unit_file_cannot_hold_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="Rename it"):
        word(path)


def test_a_colon_would_be_a_second_path() -> None:
    assert bound(Path("/home/a/in")) == "-/home/a/in"
    with pytest.raises(ConfigError, match="colon"):
        bound(Path("/home/a/in:/etc"))
