"""Puts what the benches found into README.md: `python tests/bench/readme.py [--check]`.

Between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` comes the content of `results/NAME.md`. `--check` changes
nothing and exits 1 where README shows something else, lacks an end mark, or names results that are not there.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from report import RESULTS, write_operation_fragment, write_web_fragment

README = Path(__file__).resolve().parents[2] / "README.md"
_PART = re.compile(
    r"(?P<begin><!-- bench:(?P<name>[\w-]+) -->\n)(?P<body>.*?)(?P<end><!-- /bench:(?P=name) -->)", re.DOTALL
)
_BEGIN = re.compile(r"<!-- bench:([\w-]+) -->")


def filled(text: str, *, folder: Path = RESULTS) -> str:
    """Return a README's text with every part replaced; raises `ValueError` for a mark that cannot be filled."""
    opened, whole = _BEGIN.findall(text), [found["name"] for found in _PART.finditer(text)]
    for name in opened:
        if name not in whole:
            raise ValueError(f"<!-- bench:{name} --> has no <!-- /bench:{name} --> after it")
        if not (folder / f"{name}.md").is_file():
            raise ValueError(f"<!-- bench:{name} -->: there is no {folder / name}.md; run tests/bench/run.py")
    return _PART.sub(lambda found: _filled(found, folder), text)


def _filled(found: re.Match[str], folder: Path) -> str:
    content = (folder / f"{found['name']}.md").read_text(encoding="utf-8").strip()
    return f"{found['begin']}\n{content}\n\n{found['end']}"


def main() -> int:
    """Write or check README.md; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where README is out of date")
    parser.add_argument("--readme", type=Path, default=README)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    if not given.check:
        write_operation_fragment(folder=given.results)  # other scripts than the benches write results for it, too
        write_web_fragment(folder=given.results)
    before = given.readme.read_text(encoding="utf-8")
    try:
        after = filled(before, folder=given.results)
    except ValueError as exc:
        sys.stderr.write(f"{given.readme}: {exc}\n")
        return 1
    if given.check and after != before:
        sys.stderr.write(f"{given.readme} does not show the last results: run python tests/bench/readme.py\n")
        return 1
    if not given.check:
        given.readme.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
