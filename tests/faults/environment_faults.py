"""What may happen to the host, and what is expected then."""

from __future__ import annotations

ENVIRONMENT: dict[str, str] = {}
