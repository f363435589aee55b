"""What may happen to files, and what is expected then."""

from __future__ import annotations

FILES: dict[str, str] = {}
