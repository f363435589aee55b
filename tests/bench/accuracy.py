"""Scores of all topics over the corpus: `python tests/bench/accuracy.py [--corpus FOLDER] [--topics …] [--out FOLDER]`.

Writes `accuracy.json` (every row) and `accuracy.md` (a table per topic, for README). A topic that was not asked for
keeps what its last run found.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

import report
from usage import say

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
Row = Mapping[str, Any]
_HEADS = {"true": "there", "hits": "right", "f1": "F1", "passed": "met"}
"""Columns whose field is not what a reader would call it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One table: the module in this folder whose `score(corpus)` gives its rows, its title and what it may say."""

    module: str
    title: str
    says: str


TOPICS = (
    Topic(
        "cuts", "Shot boundaries", "Hard cuts count within ± 2 frames, fades within ± 0.25 s. Bound: F1 of cuts ≥ 0.95."
    ),
    Topic("screen_text", "On-screen text", "Found: similarity ≥ 0.85; in time: first and last sighting within 0.5 s."),
    Topic(
        "text_engines",
        "On-screen text, engine by engine",
        "Overlays read: similarity ≥ 0.85; drawn lines read: every character. CPU for each text.",
    ),
    Topic("speech", "Speech", "Word error rate and word-time error per clip; no words where nobody speaks English."),
    Topic("sound", "Sound", "Spans of speech, music and ambience against the corpus' kinds."),
    Topic("faces", "Faces", "Per frame. Bound: precision ≥ 0.9."),
)


def scored(topic: Topic, corpus: Path) -> list[Row]:
    """Return the topic's rows as plain values: each field and each property of what `score` gives."""
    return [_plain(row) for row in importlib.import_module(topic.module).score(corpus)]


def markdown(results: Mapping[str, Any]) -> str:
    """Return every topic's table, in the order of `TOPICS`."""
    lines: list[str] = []
    for topic in TOPICS:
        if topic.module in results:
            lines += [f"#### {topic.title}", "", topic.says, "", *_tables(results[topic.module]["rows"]), ""]
    taken = sorted({result["taken_at"] for result in results.values()})
    return "\n".join([*lines, f"Taken {' and '.join(taken)} by `tests/bench/accuracy.py`."]) + "\n"


def _plain(row: Any) -> Row:
    if not is_dataclass(row) or isinstance(row, type):
        return dict(row)
    derived = [name for name, value in vars(type(row)).items() if isinstance(value, property)]
    return {**asdict(row), **{name: getattr(row, name) for name in derived}}


def _tables(rows: Sequence[Row]) -> list[str]:
    """Return one table; rows for all clips come last, in bold; what says nothing is left out, and counted."""
    telling = [row for row in rows if not _says_nothing(row)]
    names = [name for name in telling[0] if any(row.get(name) not in (None, "", []) for row in telling)]
    ordered = sorted(telling, key=_is_total)
    heads = [_HEADS.get(name, name.replace("_", " ")) for name in names]
    table = report.table(heads, ([_bold(_shown(row.get(name)), row) for name in names] for row in ordered))
    left_out = len(rows) - len(telling)
    return [*table, *(["", f"Left out: {left_out} rows with nothing to find and nothing found."] if left_out else [])]


def _says_nothing(row: Row) -> bool:
    return (row.get("true"), row.get("found")) == (0, 0) and not _is_total(row)


def _is_total(row: Row) -> bool:
    return "all" in (row.get("clip"), row.get("where"), row.get("what"))


def _bold(text: str, row: Row) -> str:
    return f"**{text}**" if text and _is_total(row) else text


def _shown(value: Any) -> str:
    shown: dict[type, Callable[[Any], str]] = {
        float: lambda number: f"{number:.3f}".rstrip("0").rstrip("."),
        bool: lambda met: "yes" if met else "no",
        list: lambda items: ", ".join(map(_shown, items)),
        tuple: lambda items: ", ".join(map(_shown, items)),
        dict: lambda items: ", ".join(f"{name} {_shown(item)}" for name, item in items.items()),
    }
    return "" if value is None else shown.get(type(value), str)(value)


def main() -> int:
    """Score and write; return 1 when a topic has no score function (yet)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path(os.environ.get("REELWATCH_CORPUS", CORPUS)))
    parser.add_argument("--topics", nargs="*", default=[topic.module for topic in TOPICS])
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / "accuracy.json"
    results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    lacking = [topic.module for topic in TOPICS if importlib.util.find_spec(topic.module) is None]
    for topic in TOPICS:
        if topic.module in given.topics and topic.module not in lacking:
            say(f"  {topic.title}")
            began_s = time.monotonic()
            rows = scored(topic, given.corpus)
            taken_at = time.strftime("%Y-%m-%d", time.gmtime())
            results[topic.module] = {
                "taken_at": taken_at,
                "seconds": round(time.monotonic() - began_s, 1),
                "rows": rows,
            }
            file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (given.out / "accuracy.md").write_text(markdown(results), encoding="utf-8")
    if set(lacking) & set(given.topics):
        say(f"not scored, there is no such module here: {', '.join(lacking)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
