"""One line of a measured table, as text for people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, on what, the value, and the bound it has to keep where there is one."""

    what: str
    where: str
    value: str
    bound: str = ""
    passed: bool | None = None
    """None where there is no bound."""
