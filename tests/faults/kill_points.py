"""Where a SIGKILL may meet the service, by name, and what the next start does then."""

from __future__ import annotations

KILL_POINTS: dict[str, str] = {}
