"""What is written about the tables is what they are."""

from __future__ import annotations

from pathlib import Path

import service.exports
from service.exports.page import markdown

README = Path(service.exports.__file__).with_name("README.md")


def test_readme_tells_of_every_column() -> None:
    text = README.read_text(encoding="utf-8")
    there = text.partition("<!-- tables -->\n")[2].partition("<!-- /tables -->")[0]
    assert there == markdown(), "python -m service.exports.page prints what should stand there"
