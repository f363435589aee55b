"""What people asked for that is no video of the queue: on its way to become one, or come to nothing of late."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.ledger.request_values import Request
    from service.web.site import Site

TOLD_S = 24 * 3600.0
"""How long the queue tells of what came to nothing; `/analyze` lists it longer."""
MOST = 50
"""Requests that are told at once, the newest."""


def asked_for(site: Site) -> list[Request]:
    """Look now; raises what the ledger raises."""
    return site.ledger.open_requests(ended_since=site.clock.wall() - TOLD_S, limit=MOST)
