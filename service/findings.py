"""One thing that `reelwatch doctor` looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its value, whether that is well, and what would mend it."""

    name: str
    value: str
    verdict: Verdict = "good"
    remedy: str | None = None
