"""`/search`: everything said, shown and written, over all documents."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.ledger.library.values import KINDS, BadCursor
from service.search.links import video_address
from service.search.search import Hit, hits
from service.web import paging
from service.web.api.choice import LONGEST, understood
from service.web.problems import Refusal, problems
from service.web.site import GivenSite
from service.web.views.addresses import frame_address

router = APIRouter(tags=["search"])

KindName = Literal["speech", "overlay", "caption", "object", "sidecar", "file"]
assert set(KINDS) == set(KindName.__args__)  # type: ignore[attr-defined]  # noqa: S101 - two lists of the same words
_LANGUAGE = (
    'all words must occur in a video; "phrases", `-not`, `this OR that`, `begin*`, `kind:overlay`, `before:3s`, '
    "`after:1:05`, `lang:no`, `author:kari`, `tag:recipe` or `#recipe`, `in:folder`, `status:partial`"
)
QueryText = Annotated[
    str, Query(max_length=LONGEST, description=_LANGUAGE, examples=['"link in bio" kind:overlay before:3s'])
]
Kinds = Annotated[list[KindName] | None, Query(description="look only there; overrides `kind:` in the query")]


class HitEntry(BaseModel):
    """A text that was found. Times are seconds; null where it has none."""

    video_id: str = Field(examples=["e3d895ecd339c392"])
    filename: str = Field(examples=["clip.mp4"])
    kind: KindName = Field(examples=["overlay"])
    text: str = Field(examples=["Link in bio"])
    matches: list[tuple[int, int]] = Field(
        examples=[[(0, 11)]], description="what matched, [start, end) in Unicode characters of `text`"
    )
    start_s: float | None = Field(examples=[1.2])
    end_s: float | None = Field(examples=[2.8])
    at_s: float | None = Field(examples=[1.2], description="where to begin to play: at the first word that matched")
    link: str = Field(examples=["/videos/e3d895ecd339c392?t=1.2"], description="the video's page, at that moment")
    keyframe: str | None = Field(examples=["/documents/e3d895ecd339c392/frames/clip_s001.jpg"])


class HitPage(BaseModel):
    """A page of hits, the best first."""

    hits: list[HitEntry]
    total: int = Field(examples=[1], description="of all pages")
    bounded: bool = Field(examples=[False], description="there are more, of which only the newest were ranked")
    next: str | None = Field(examples=[None], description="the cursor of the next page; null at the end")


@router.get("/search", responses=problems("bad_cursor", "bad_query"))
def search(
    site: GivenSite, *, q: QueryText, kind: Kinds = None, limit: paging.Limit = 20, cursor: paging.Cursor = None
) -> HitPage:
    """Find what was said, shown or written."""
    query = understood(q)
    if kind:
        query = replace(query, kinds=tuple(KINDS[name] for name in dict.fromkeys(kind)))
    found = hits(site.ledger.library, query, limit=limit, cursor=cursor)
    if isinstance(found, BadCursor):
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad_cursor", f"{found.message}.")
    shown = [entry(hit) for hit in found.hits]
    return HitPage(hits=shown, total=found.total, bounded=found.bounded, next=found.next_cursor)


def entry(hit: Hit) -> HitEntry:
    """Return what the API says of a hit."""
    return HitEntry(
        video_id=hit.row.video_id,
        filename=hit.row.filename,
        kind=hit.kind.word,  # type: ignore[arg-type] # one of `KindName`, as asserted above
        text=hit.text,
        matches=list(hit.matches),
        start_s=hit.start_s,
        end_s=hit.end_s,
        at_s=hit.at_s,
        link=video_address(hit.row.video_id, hit.at_s),
        keyframe=frame_address(hit.row.video_id, hit.row.keyframe),
    )
