"""Every writer at once on the real service: `python tests/bench/writing.py [--out FOLDER]`.

Counts who was run, replayed and skipped, and what was taken wrongly; measures from a writer's end to the claim. Writes
`operation_writers.json` and the table of `tests/e2e/writers/README.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "actors" / "media")]

import report
from usage import quantile
from writers import page
from writers.catalogue import WRITERS
from writers.scene import Unavailable, Writer
from writers.servers import NotStarted
from writers.trial import Trial

TOPIC = "operation_writers"
CLAIM_BOUND_S = 3.0
AT_ONCE = "at once", "it is renamed to its final name"
"""How a file is complete that appears whole."""


@dataclass(frozen=True, slots=True)
class Result:
    """One writer: why it was skipped, what is wrong with what was taken, and seconds from its end until then."""

    writer: Writer
    skipped: str = ""
    troubles: tuple[str, ...] = ()
    settled_after_s: float = 0.0
    claimed_after_s: float = 0.0


def results(writers: Sequence[Writer], *, at_once: bool) -> list[Result]:
    """Let them write, all at once or one after the other, and say what became of each."""
    with (
        tempfile.TemporaryDirectory(prefix="writers-") as folder,
        Trial(Path(folder), writers, at_once=at_once) as trial,
    ):
        return [_result(trial, writer) for writer in writers]


def _result(trial: Trial, writer: Writer) -> Result:
    missing = writer.missing()
    if missing:
        return Result(writer, skipped=missing)
    try:
        found = trial.outcome(writer)
    except (Unavailable, NotStarted) as error:
        return Result(writer, skipped=str(error))
    after_s = round(found.queued_after_s, 2), round(found.claimed_after_s, 2)
    return Result(writer, "", tuple(found.troubles()), *after_s)


def figures(together: Sequence[Result], singly: Sequence[Result]) -> list[report.Figure]:
    """Turn them into the lines of the table."""
    took_part = [one for one in together if not one.skipped]
    replayed = sum(one.writer.replayed for one in took_part)
    wrong = {one.writer.name: one.troubles for one in (*together, *singly) if one.troubles}
    aborted = sum(one.writer.aborts for one in took_part)
    counted = report.Figure(
        "writers whose video was taken once, whole, and never before it was complete, all at once",
        "all",
        f"{sum(not one.troubles for one in took_part)} of {len(took_part)} ({len(took_part) - replayed} real programs, "
        f"{replayed} replayed; {len(together) - len(took_part)} skipped); "
        f"{aborted} of them broken off on the way, none taken unfinished",
        met=not wrong,
        values={
            "wrong": wrong,
            "skipped": {one.writer.name: one.skipped for one in together if one.skipped},
            "settled_after_s": {one.writer.name: one.settled_after_s for one in took_part},
        },
    )
    return [counted, _claims(singly)]


def _claims(singly: Sequence[Result]) -> report.Figure:
    waits_s = {one.writer.name: one.claimed_after_s for one in singly if not one.skipped}
    p50_s, p95_s = (quantile(waits_s.values(), share) for share in (0.5, 0.95))
    return report.Figure(
        f"from a rename or link to the claim, one writer after the other ({len(waits_s)} writers)",
        f"p95 < {CLAIM_BOUND_S:g} s",
        f"p50 {p50_s:.2f} s, p95 {p95_s:.2f} s",
        met=p95_s < CLAIM_BOUND_S,
        values={"claimed_after_s": waits_s},
    )


def main() -> int:
    """Run it; exit code 1 where a writer's video was taken wrongly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=report.RESULTS, help="folder for the results")
    out: Path = parser.parse_args().out
    together = results(WRITERS, at_once=True)
    renamers = [one for one in WRITERS if one.taken in AT_ONCE and not one.replayed]
    made = figures(together, results(renamers, at_once=False))
    report.write(TOPIC, made, folder=out)
    report.write_operation_fragment(folder=out)
    if out == report.RESULTS:
        after_s = made[0].values["settled_after_s"]
        page.PAGE.write_text(page.filled(page.PAGE.read_text(encoding="utf-8"), after_s), encoding="utf-8")
    print(json.dumps([one.measured for one in made], ensure_ascii=False))  # noqa: T201
    report.tell(made)
    return 0 if made[0].met else 1


if __name__ == "__main__":
    sys.exit(main())
