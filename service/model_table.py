"""The table of profiles, stages, models, memory and licences in README: `python -m service.model_table [--check]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from service.configuration import load
from service.models import Choice, choices

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- models -->\n", "<!-- /models -->"
_HEAD = ("stage", "profile", "backend", "model", "memory", "licence")
_PROFILES = {"embedded": "cpu", "cpu": "cpu", "gpu": "cuda"}
_COMMERCIAL = {True: "", False: " (not commercial)", None: " (commercial use not known)"}
_NO_MODEL = frozenset({"decode", "fusion"})


def table() -> str:
    """Return the table in Markdown, from the registry: first what a profile is after, then what it falls back to."""
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD)), *_rows()]
    return "\n".join(lines) + "\n"


def filled(readme: str) -> str:
    """Return a README's text with the table between its marks replaced; raises `ValueError` without marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README has no {BEGIN.strip()} … {END}")
    return f"{before}{begin}\n{table()}\n{end}{after}"


def _rows() -> Iterator[str]:
    seen: dict[tuple[str, ...], list[str]] = {}
    for profile, device in _PROFILES.items():
        flags = {"profile": profile, "pool.device": device, "models.dir": Path("/nowhere")}
        for choice in choices(load(flags, environ={"HOME": "/nowhere"}).configuration):
            if choice.stage not in _NO_MODEL:
                note = profile if choice.first else f"{profile} (fall-back)"
                seen.setdefault(_cells(choice), []).append(note)
    for (stage, *rest), profiles in sorted(seen.items(), key=lambda row: row[0][0]):
        yield _line([stage, ", ".join(profiles), *rest])


def _cells(choice: Choice) -> tuple[str, ...]:
    resources = choice.resources
    memory = f"{resources.ram_mib} MiB" + (f", {resources.vram_mib} MiB on the card" if resources.vram_mib else "")
    if not choice.assets:
        return choice.stage, f"`{choice.backend}`", choice.model, memory, choice.licence or "no model"
    names = "<br>".join(asset.name for asset in choice.assets)
    terms = "<br>".join(
        asset.licence + _COMMERCIAL[asset.commercial] + (", terms to accept" if asset.gated else "")
        for asset in choice.assets
    )
    return choice.stage, f"`{choice.backend}`", names, memory, terms


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Write the table into README.md, or with `--check` say whether it is up to date; return the exit code."""
    text = README.read_text(encoding="utf-8")
    new = filled(text)
    if "--check" in sys.argv[1:]:
        return int(new != text)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
