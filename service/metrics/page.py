"""The metrics as people read them: `python -m service.metrics.page` prints the table in `config/monitoring/`."""

from __future__ import annotations

import sys

from service.metrics.catalogue import METRICS


def markdown() -> str:
    """Return the catalogue as a Markdown table."""
    lines = ["| metric | kind | labels | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{metric.full_name}` | {metric.kind} | {', '.join(metric.labels)} | {metric.meaning} |"
        for metric in METRICS.values()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
