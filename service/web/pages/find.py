"""`/find`: what was said, shown and written, by video; each hit opens the video where it stands."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query

from service.ledger.library.values import KINDS, BadCursor
from service.search.language import QueryError, parse
from service.search.links import video_address
from service.search.search import Videos, videos
from service.search.words import composed
from service.web.pages.templates import page
from service.web.site import GivenSite
from service.web.views.addresses import frame_address
from service.web.views.excerpts import KIND_NAMES, excerpts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import HTMLResponse

    from service.web.site import Site

router = APIRouter()

SHOWN = 20
EXAMPLES = (
    ("coffee machine", "both words, anywhere in the video"),
    ('"link in bio"', "these words, one after the other"),
    ("oppskrift OR recipe", "one of them"),
    ("recipe -sugar", "one word, and another nowhere in the video"),
    ("pann*", "words that begin so"),
    ('"link in bio" kind:overlay before:3s', "on screen, in the first three seconds"),
    ("kind:speech after:1:05 sale", "said at 1:05 or later"),
    ("#recipe lang:no author:kari", "by hashtag, language, author"),
    ("in:tips/2026 status:partial", "by folder, and what is not complete"),
)
"""The query language, by example."""

Text = Annotated[str, Query(max_length=10_000)]
Kinds = Annotated[list[str] | None, Query(max_length=50)]
Cursor = Annotated[str | None, Query(max_length=2000)]


@router.get("/find", response_model=None)
def find(site: GivenSite, *, q: Text = "", kind: Kinds = None, cursor: Cursor = None) -> HTMLResponse:
    """Show what a query finds; without one, how to ask."""
    chosen = [name for name in KIND_NAMES if name in (kind or ())]
    found = _found(site, q, chosen, cursor) if q.strip() else None
    lost = isinstance(found, BadCursor)
    shown = found if isinstance(found, Videos) else None
    return page(
        site,
        "find.html",
        here="/find",
        status=HTTPStatus.BAD_REQUEST if lost else HTTPStatus.OK,
        q=composed(q),  # as the query language reads it, so that places in it are the right ones
        chosen=chosen,
        kinds=KIND_NAMES,
        wrong=found if isinstance(found, QueryError) else None,
        lost=lost,
        found=shown,
        examples=EXAMPLES,
        excerpts=excerpts,
        frame=frame_address,
        video=video_address,
        address=_address(q, chosen),
        more=None if shown is None or shown.next_cursor is None else _address(q, chosen, cursor=shown.next_cursor),
    )


def _found(site: Site, text: str, chosen: Sequence[str], cursor: str | None) -> Videos | BadCursor | QueryError:
    query = parse(text)
    if isinstance(query, QueryError):
        return query
    if chosen:
        query = replace(query, kinds=tuple(KINDS[name] for name in chosen))
    return videos(site.ledger.library, query, limit=SHOWN, cursor=cursor)


def _address(text: str, chosen: Sequence[str], **more: str) -> str:
    said = [("q", text), *(("kind", name) for name in chosen), *more.items()]
    return f"/find?{urlencode(said)}"
