"""Why something that was asked for is not received: an expected end, and so a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reason` is a stable code; `detail` a sentence that says what is wrong and what to do."""

    reason: str
    detail: str
