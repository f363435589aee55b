"""`/status`: how the service is doing, whole: what the page System shows."""

from __future__ import annotations

import platform
from functools import cache
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service import __version__
from service.diagnosis import PACKAGES, version_of
from service.ledger.states import State
from service.logs.names import readable
from service.web.events.messages import Progress, ServiceState, progress, service_state
from service.web.outlook import look
from service.web.problems import problems
from service.web.site import GivenSite
from service.web.throughput import Span, Throughput, throughput

if TYPE_CHECKING:
    from service.web.site import Site

router = APIRouter(tags=["service"])

AskedSpan = Annotated[Span, Query(description="what the throughput looks back on")]


class Documents(BaseModel):
    """Documents described in each step of time, the oldest first; the last step has only begun."""

    span: Span = Field(examples=["day"])
    step_s: int = Field(examples=[3600])
    start: float = Field(examples=[1764151200.0], description="of the first step, Unix time")
    counts: list[int] = Field(examples=[[0, 3, 12]])
    total: int = Field(examples=[15])


class Overview(BaseModel):
    """How the service is doing, as the page System shows it."""

    version: str = Field(examples=["0.1.0"])
    profile: str | None = Field(examples=["embedded"])
    inboxes: list[str] = Field(examples=[["/srv/videos/inbox"]])
    output: str | None = Field(examples=["/srv/videos/out"])
    service: ServiceState
    progress: Progress
    counts: dict[State, int] = Field(examples=[{"done": 120, "running": 2}])
    throughput: Documents
    versions: dict[str, str] = Field(examples=[{"python": "3.11.9", "av": "16.0.1"}])


class Status(Overview):
    """How the service is doing."""

    documents: int = Field(examples=[118], description="that the ledger knows")
    sources_missing: int = Field(examples=[0], description="videos with a document whose file is no longer there")


@router.get("/status", responses=problems())
def status(site: GivenSite, span: AskedSpan = Span.DAY) -> Status:
    """Return the service's stages, actors, memory, disks and throughput, and how many videos are where."""
    counts = site.ledger.counts()
    told = overview(site, span).model_dump()
    return Status(**told, documents=counts.documents, sources_missing=counts.source_missing)


def overview(site: Site, span: Span) -> Overview:
    """Return the part of the status that costs little, however many videos there are; raises what the ledger raises."""
    outlook = look(site)
    start = outlook.liveness.start
    return Overview(
        version=__version__,
        profile=None if start is None else start.profile,
        inboxes=[] if start is None else [readable(inbox) for inbox in start.inboxes],
        output=None if start is None else readable(start.output_root),
        service=service_state(outlook),
        progress=progress(outlook),
        counts=site.ledger.state_counts(),
        throughput=_told(throughput(site.ledger, span, now=outlook.now)),
        versions=versions(),
    )


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages people ask about, as far as they are installed here."""
    found = {name: version_of(name) for name in PACKAGES}
    return {"python": platform.python_version()} | {name: version for name, version in found.items() if version}


def _told(found: Throughput) -> Documents:
    return Documents(
        span=found.span, step_s=found.step_s, start=found.start, counts=list(found.counts), total=found.total
    )
