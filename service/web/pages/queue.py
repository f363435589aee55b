"""`/`: every video and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from service.web.api.jobs import entry
from service.web.liveness import liveness
from service.web.pages.templates import page
from service.web.site import GivenSite

if TYPE_CHECKING:
    from starlette.responses import HTMLResponse

router = APIRouter()

SHOWN = 100


@router.get("/", response_model=None)
def queue(site: GivenSite) -> HTMLResponse:
    """Show the videos that changed last."""
    jobs = [entry(job) for job in site.ledger.jobs(limit=SHOWN)]
    return page(site, "queue.html", here="/", jobs=jobs, liveness=liveness(site))
