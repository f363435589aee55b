"""The vocabulary as people read it: `python -m service.logs.page` prints the tables of `README.md`."""

from __future__ import annotations

import sys

from service.logs.fields import FIELDS
from service.logs.vocabulary import EVENTS


def markdown() -> str:
    """Return the vocabulary as two Markdown tables: events, then fields."""
    lines = ["| event | level | meaning | fields |", "|---|---|---|---|"]
    for event in EVENTS.values():
        optional = [f"*{field}*" for field in event.optional]
        lines.append(
            f"| `{event.name}` | {event.level} | {event.sentence} | {', '.join([*event.required, *optional])} |"
        )
    lines += ["", "Fields in italics are there where they are known.", "", "| field | meaning |", "|---|---|"]
    lines += [f"| {name} | {meaning} |" for name, meaning in sorted(FIELDS.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
