"""`/health`: whether the web face lives and the service behind it is ready."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from service import __version__
from service.web.liveness import Liveness, liveness
from service.web.problems import problems
from service.web.site import GivenSite

router = APIRouter(tags=["service"])


class Health(BaseModel):
    """Whether all is well. `live`: this process answers, always true. `ready`: a video dropped now is described."""

    live: bool = Field(examples=[True])
    ready: bool = Field(examples=[True])
    reasons: list[str] = Field(examples=[[]], description="why it is not ready, a sentence each")
    version: str = Field(examples=["0.1.0"])
    service_pid: int | None = Field(examples=[4711], description="the process that holds the state directory")
    started_at: float | None = Field(examples=[1764151200.0], description="Unix time")
    profile: str | None = Field(examples=["embedded"])


class Live(BaseModel):
    """The process answers."""

    live: bool = Field(examples=[True])


@router.get("/health", responses=problems())
def health(site: GivenSite) -> Health:
    """Say whether the service is ready, and why not; 200 either way."""
    return _health(liveness(site))


@router.get("/health/live", responses=problems())
def live() -> Live:
    """Answer; no token is asked for."""
    return Live(live=True)


@router.get(
    "/health/ready",
    responses=problems() | {503: {"description": "Not ready: the body says why", "model": Health}},
)
def ready(site: GivenSite, response: Response) -> Health:
    """Say with the status whether the service is ready: 200 or 503, for load balancers and monitors."""
    found = _health(liveness(site))
    if not found.ready:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return found


def _health(found: Liveness) -> Health:
    start = found.start
    return Health(
        live=True,
        ready=found.ready,
        reasons=list(found.reasons),
        version=__version__,
        service_pid=found.pid,
        started_at=None if start is None else start.started_at,
        profile=None if start is None else start.profile,
    )
