"""`/documents` as a list: filtered, sorted, page by page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.ledger.library.asking import Listing, Sort
from service.ledger.library.values import BadCursor, DocumentRow
from service.web import paging
from service.web.api.choice import GivenChoice
from service.web.problems import Refusal, problems
from service.web.site import GivenSite
from service.web.views.addresses import frame_address

if TYPE_CHECKING:
    from service.ledger.library.values import Page

router = APIRouter(prefix="/documents", tags=["documents"])

Direction = Literal["asc", "desc"]


class DocumentEntry(BaseModel):
    """What the library knows of a document; null means unknown, as there. Times are Unix times, durations seconds."""

    video_id: str = Field(examples=["e3d895ecd339c392"])
    filename: str = Field(examples=["clip.mp4"])
    document: str = Field(examples=["tips/clip"], description="below the output, without .json")
    relative_path: str = Field(examples=["tips/clip.mp4"], description="of the video, below the watched folder")
    status: Literal["complete", "partial"] = Field(examples=["complete"])
    duration_s: float = Field(examples=[22.0])
    language: str | None = Field(examples=["no"])
    words: int | None = Field(examples=[148], description="how many; null when speech was not recognised")
    shots: int = Field(examples=[5])
    speakers: int | None = Field(examples=[None])
    has_audio: bool = Field(examples=[True])
    width: int | None = Field(examples=[1080])
    height: int | None = Field(examples=[1920])
    caption: str | None = Field(examples=["Blåbær til halv pris #fyp"], description="from a sidecar")
    hashtags: list[str] = Field(examples=[["fyp"]])
    author: str | None = Field(examples=["kari"])
    posted_at: str | None = Field(examples=["2025-10-04T18:30:00Z"])
    views: int | None = Field(examples=[1200])
    likes: int | None = Field(examples=[34])
    comments: int | None = Field(examples=[5])
    shares: int | None = Field(examples=[0])
    saves: int | None = Field(examples=[None])
    warnings: list[str] = Field(examples=[["tempo_unknown"]], description="codes, each once")
    described_at: float = Field(examples=[1764151217.4])
    created_at: float = Field(examples=[1764151217.4], description="when the document was written")
    keyframe: str | None = Field(
        examples=["/documents/e3d895ecd339c392/frames/clip_s001.jpg"], description="where a picture of it is served"
    )
    page: str = Field(examples=["/videos/e3d895ecd339c392"], description="for people")


class DocumentPage(BaseModel):
    """A page of documents."""

    documents: list[DocumentEntry]
    total: int = Field(examples=[1], description="of all pages")
    next: str | None = Field(examples=[None], description="the cursor of the next page; null at the end")


@router.get("", responses=problems("bad_cursor", "bad_filter", "bad_query"))
def documents(
    site: GivenSite,
    *,
    chosen: GivenChoice,
    sort: Sort = Sort.DESCRIBED,
    direction: Direction = "desc",
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> DocumentPage:
    """List documents; what has no value to sort by comes last."""
    listing = Listing(chosen.filters, chosen.text, sort, descending=direction == "desc", limit=limit)
    found = good_page(site.ledger.library.page(listing, cursor=cursor))
    return DocumentPage(documents=[entry(row) for row in found.rows], total=found.total, next=found.next_cursor)


def good_page(found: Page | BadCursor) -> Page:
    """Return a page; raises `Refusal` (400) for a cursor that nobody gave."""
    if isinstance(found, BadCursor):
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad_cursor", f"{found.message}.")
    return found


def entry(row: DocumentRow) -> DocumentEntry:
    """Return what the API says of a document in the library."""
    return DocumentEntry(
        video_id=row.video_id,
        filename=row.filename,
        document=row.document,
        relative_path=row.relative_path,
        status="complete" if row.status == "complete" else "partial",
        duration_s=row.duration_s,
        language=row.language,
        words=row.word_count,
        shots=row.shot_count,
        speakers=row.speaker_count,
        has_audio=row.has_audio,
        width=row.width,
        height=row.height,
        caption=row.caption,
        hashtags=list(row.hashtags),
        author=row.author,
        posted_at=row.posted_at,
        views=row.views,
        likes=row.likes,
        comments=row.comments,
        shares=row.shares,
        saves=row.saves,
        warnings=list(row.warnings),
        described_at=row.described_at,
        created_at=row.created_at,
        keyframe=frame_address(row.video_id, row.keyframe),
        page=f"/videos/{row.video_id}",
    )
