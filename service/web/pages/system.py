"""`/system`: how the service is doing, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query

from service.ledger.errors import LedgerError
from service.web.api.status import overview
from service.web.events.watcher import position
from service.web.pages.queue import GROUPS
from service.web.pages.templates import page
from service.web.site import GivenSite
from service.web.throughput import Span
from service.web.views.chart import chart

if TYPE_CHECKING:
    from starlette.responses import HTMLResponse

    from service.web.api.status import Overview
    from service.web.site import Site

router = APIRouter()

SPANS = (
    (Span.HOUR, "Hour", "the last hour, by minutes", "minute"),
    (Span.DAY, "Day", "the last day, by hours", "hour"),
    (Span.MONTH, "Month", "the last 30 days, by days", "day"),
)
"""Each with its name, what it shows, and what one bar is."""
_TILES = frozenset({"work", "waiting", "attention", "done"})
"""Groups of the queue that have a tile."""
_TOLD = ("service", "other")
"""Processes in the memory table beside the actors."""


@router.get("/system", response_model=None)
def system(
    site: GivenSite,
    span: Annotated[str, Query(max_length=10)] = Span.DAY.value,
    part: Annotated[str, Query(max_length=10)] = "",
) -> HTMLResponse:
    """Show the service. span: what the chart looks back on. part: `list`, for what changes without the page."""
    try:
        values = _values(site, Span(span) if span in set(Span) else Span.DAY)
    except LedgerError as exc:
        return page(site, "live/missing.html", here="/system", why=str(exc))
    return page(site, "system/all.html" if part == "list" else "system.html", here="/system", **values)


def _values(site: Site, span: Span) -> dict[str, Any]:
    last, told, now = position(site), overview(site, span), site.clock.wall()
    found = told.throughput
    return {
        "told": told,
        "service": told.service,
        "vitals": told.service.vitals,
        "tiles": _tiles(told),
        "spans": [(each, name, f"/system?span={each.value}") for each, name, _, _ in SPANS],
        "span": next(known for known in SPANS if known[0] is span),
        "chart": chart(found.counts, start=found.start, step_s=found.step_s),
        "most": max(found.counts, default=0),
        "processes": _processes(told),
        "last": last,
        "now": now,
    }


def _tiles(told: Overview) -> list[tuple[str, int, str]]:
    """Return what is counted, how many, and where to see them."""
    numbers = {group.key: sum(told.counts.get(state, 0) for state in group.states) for group in GROUPS}
    return [(group.name, numbers[group.key], f"/?state={group.key}") for group in GROUPS if group.key in _TILES]


def _processes(told: Overview) -> list[tuple[str, int]]:
    """Return the memory of what is no actor, as far as it is known."""
    vitals = told.service.vitals
    memory = {} if vitals is None else vitals.memory_bytes
    return [(name, memory[name]) for name in _TOLD if name in memory]
