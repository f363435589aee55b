"""What an event of the log is: a name with its level, its fields and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from service.logs.fields import CONTEXT

Level = Literal["debug", "info", "warning", "error", "critical"]

LEVELS: dict[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
"""Python's numbers. WARNING: somebody may need to act; ERROR: a file will not be processed without help;
CRITICAL: the service cannot do its job."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: `required` fields are always there, `optional` ones where they are known.

    rate_key: the field that, with the name, counts as the same event for the rate limit; None: never limited.
    """

    name: str
    level: Level
    sentence: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    rate_key: str | None = None

    @property
    def fields(self) -> frozenset[str]:
        """Every field the event may carry."""
        return frozenset(self.required) | frozenset(self.optional) | CONTEXT


def event(name: str, level: Level, sentence: str, fields: str = "", *, rate: str | None = None) -> Event:
    """Make an event from a compact list of fields; `?` marks an optional one."""
    names = fields.split()
    return Event(
        name,
        level,
        sentence,
        required=tuple(field for field in names if not field.endswith("?")),
        optional=tuple(field[:-1] for field in names if field.endswith("?")),
        rate_key=rate,
    )
