"""The catalogue as people read it: `python tests/faults/catalogue_page.py` writes the tables of `README.md` anew."""

from __future__ import annotations

from pathlib import Path

from catalogue import SECTIONS, uses

PAGE = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- catalogue -->\n", "<!-- /catalogue -->"


def markdown() -> str:
    """Return one table for each section, and the number of faults in front."""
    found = uses()
    lines = [f"{sum(map(len, SECTIONS.values()))} faults."]
    for title, faults in SECTIONS.items():
        lines += ["", f"### {title}", "", "| fault | expected | test |", "|---|---|---|"]
        for fault, expected in faults.items():
            tests = [f"`{use.file}::{use.test}`" for use in found if use.fault == fault]
            lines.append(f"| {fault} | {expected} | {', '.join(tests)} |")
    return "\n".join(lines) + "\n"


def shown() -> str:
    """Return the tables as the page has them."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(head + BEGIN + markdown() + END + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
