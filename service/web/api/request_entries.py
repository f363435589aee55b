"""What was asked for, as the API tells of it: in lists, alone, and in events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from service.ledger.request_values import RequestKind, RequestState
from service.logs.names import readable
from service.web.api.entries import JobEntry

if TYPE_CHECKING:
    from service.ledger.request_values import Request


class RequestEntry(BaseModel):
    """What was asked for, and what has become of it. Times are Unix times.

    Once it is `taken`, its job says the rest. `refused` asked again would be refused again, `failed` may not be.
    """

    request: int = Field(examples=[3])
    kind: RequestKind = Field(examples=["url"])
    asked: str = Field(examples=["https://example.org/v/clip"], description="the path, the URL, or an upload's name")
    state: RequestState = Field(examples=["taken"])
    reason: str | None = Field(examples=[None], description="a stable code: why it was refused or failed")
    detail: str | None = Field(examples=[None], description="the same for people")
    path: str | None = Field(examples=["/var/lib/reelwatch/received/clip.mp4"], description="where the video lies")
    bytes_done: int | None = Field(examples=[2_414_117], description="of an upload or download")
    bytes_total: int | None = Field(examples=[2_414_117], description="null where nobody knows")
    job: JobEntry | None = Field(description="what has become of the video")
    created_at: float = Field(examples=[1764151200.0])
    updated_at: float = Field(examples=[1764151208.1])


def request_entry(asked: Request, job: JobEntry | None = None) -> RequestEntry:
    """Return what the API says of a request. job: of its video, once that is taken."""
    return RequestEntry(
        request=asked.request_id,
        kind=asked.kind,
        asked=readable(asked.asked),
        state=asked.state,
        reason=asked.reason,
        detail=asked.detail,
        path=None if asked.file is None else readable(asked.file),
        bytes_done=asked.bytes_done,
        bytes_total=asked.bytes_total,
        job=job,
        created_at=asked.created_at,
        updated_at=asked.updated_at,
    )
