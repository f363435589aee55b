"""The writers as people read them: `python tests/bench/writing.py` puts this table into `README.md` beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from writers.catalogue import WRITERS
from writers.scene import Writer

PAGE = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- writers -->\n", "<!-- /writers -->"


def markdown(settled_after_s: Mapping[str, float]) -> str:
    """Return the table; with the seconds from the writer's end to its being taken, where measured."""
    lines = ["| writer | tested | it is complete when | taken after |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_line(writer, settled_after_s.get(writer.name)) for writer in WRITERS)]) + "\n"


def filled(text: str, settled_after_s: Mapping[str, float]) -> str:
    """Return the page's text with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{markdown(settled_after_s)}{END}{after}"


def _line(writer: Writer, after_s: float | None) -> str:
    tested = "replayed" if writer.replayed else "run"
    measured = "" if after_s is None else f"{after_s:.1f} s"
    return f"| {writer.name} | {tested} | {writer.taken} | {measured} |"
