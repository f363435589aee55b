"""The metrics as people read them: `python -m service.metrics.page` prints the table in `config/monitoring/`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from service.metrics.catalogue import METRICS, WEB_METRICS, Metric


def markdown() -> str:
    """Return the catalogue as Markdown tables: the service's metrics, and those of the web face."""
    shared = ", ".join(f"`{metric.full_name}`" for name, metric in WEB_METRICS.items() if name in METRICS)
    own = (metric for name, metric in WEB_METRICS.items() if name not in METRICS)
    return (
        f"{_table(METRICS.values())}\nThe web face (`reelwatch web`) serves at its own `/metrics` {shared} from the "
        "ledger, also while no service runs\n(scraped both, they are there twice, under another `job`), and:\n\n"
        f"{_table(own)}"
    )


def _table(metrics: Iterable[Metric]) -> str:
    lines = ["| metric | kind | labels | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{metric.full_name}` | {metric.kind} | {', '.join(metric.labels)} | {metric.meaning} |"
        for metric in metrics
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
