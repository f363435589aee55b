"""`/library`: all described videos, to be sorted, filtered and searched."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request

from service.ledger.library.asking import UNKNOWN
from service.ledger.library.values import BadCursor, Page
from service.search.language import QueryError
from service.search.links import video_address
from service.web.pages.templates import page
from service.web.site import GivenSite
from service.web.views.addresses import frame_address
from service.web.views.listing import LENGTHS, SORTS, asked

if TYPE_CHECKING:
    from starlette.responses import HTMLResponse

router = APIRouter()

Cursor = Annotated[str | None, Query(max_length=2000)]
_NOTHING = Page((), 0)


@router.get("/library", response_model=None)
def library(site: GivenSite, request: Request, cursor: Cursor = None) -> HTMLResponse:
    """Show a page of the library; the address says which, and what to leave out."""
    wanted = asked(request.query_params)
    listing = wanted.listing()
    wrong = listing if isinstance(listing, QueryError) else None
    found = _NOTHING if isinstance(listing, QueryError) else site.ledger.library.page(listing, cursor=cursor)
    shown = _NOTHING if isinstance(found, BadCursor) else found
    return page(
        site,
        "library.html",
        here="/library",
        status=HTTPStatus.BAD_REQUEST if isinstance(found, BadCursor) else HTTPStatus.OK,
        asked=wanted,
        wrong=wrong,
        lost=isinstance(found, BadCursor),
        found=shown,
        facets=site.facets.of(site.ledger),
        sorts=SORTS,
        lengths=LENGTHS,
        unknown_language=UNKNOWN,
        more=None if shown.next_cursor is None else wanted.address(cursor=shown.next_cursor),
        frame=frame_address,
        video=video_address,
    )
