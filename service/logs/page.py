"""The vocabulary as people read it: `python -m service.logs.page` prints the tables of `README.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from service.logs.examples import EXAMPLES
from service.logs.fields import FIELDS, kind
from service.logs.render import as_json, timestamp
from service.logs.vocabulary import EVENTS, Event

_WHEN_S = 1_800_000_000.0


def markdown() -> str:
    """Return the vocabulary in Markdown: a table of events, a table of fields, a line of each event."""
    return "\n".join([*_events(), "", *_fields(), "", *_lines()]) + "\n"


def example(event: str) -> str:
    """Return the example of an event as a line of the log."""
    head = {"time": timestamp(_WHEN_S), "level": EVENTS[event].level, "event": event}
    return as_json({**head, **EXAMPLES[event]})


def _events() -> Iterator[str]:
    yield "| event | level | meaning | fields | limited by |"
    yield "|---|---|---|---|---|"
    for event in EVENTS.values():
        yield f"| `{event.name}` | {event.level} | {event.sentence} | {_named(event)} | {event.rate_key or ''} |"
    yield ""
    yield "Fields in italics are there where they are known. Where *limited by* names a field, five lines a minute pass"
    yield "for each of its values; such events from WARNING on have a ceiling together, too: with the lines of"
    yield "`log.suppressed` that tell what was held back, they are at most 60 in any minute."


def _named(event: Event) -> str:
    return ", ".join([*event.required, *(f"*{field}*" for field in event.optional)])


def _fields() -> Iterator[str]:
    yield "| field | type | meaning |"
    yield "|---|---|---|"
    yield from (f"| {name} | {kind(name)} | {meaning} |" for name, meaning in sorted(FIELDS.items()))


def _lines() -> Iterator[str]:
    yield 'A line of each, as `log.format = "json"` writes it:'
    yield ""
    yield "```json"
    yield from map(example, EVENTS)
    yield "```"


if __name__ == "__main__":
    sys.stdout.write(markdown())
