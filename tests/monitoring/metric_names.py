"""What an expression or a page names, for holding it against what there is."""

from __future__ import annotations

import re
from pathlib import Path

from service.metrics.catalogue import METRICS


def served_names() -> set[str]:
    """Every name of a series that the service serves."""
    names = set()
    for metric in METRICS.values():
        suffixes = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        names |= {metric.full_name + suffix for suffix in suffixes}
    return names


def unknown_names(expression: str) -> set[str]:
    """The names in a PromQL expression that look like ours and are not served."""
    return set(re.findall(r"\breelwatch_[a-z_]+", expression)) - served_names()


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
