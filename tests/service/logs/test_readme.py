"""The page that people read has the vocabulary that the code has."""

from __future__ import annotations

from pathlib import Path

from service.logs import page

PAGE = Path(page.__file__).with_name("README.md")


def test_the_table_is_the_vocabulary() -> None:
    between = PAGE.read_text().partition("<!-- vocabulary -->\n")[2].partition("<!-- /vocabulary -->")[0]
    assert between == page.markdown(), "python -m service.logs.page prints the table anew"
