"""`/events`: what happens, as it happens (server-sent events)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Query, Request

from service.web.events.hub import Hub
from service.web.events.messages import JobChanges, Progress, Requests, ServiceState
from service.web.events.stream import EventStream
from service.web.problems import Refusal, problems

if TYPE_CHECKING:
    from starlette.responses import Response

router = APIRouter(tags=["service"])

LastId = Annotated[
    str | None,
    Query(max_length=100, description="as the header `Last-Event-ID`, for who cannot send one; the header goes first"),
]
_EXAMPLE = 'id: 1f3a-1764151205.120000\nevent: jobs\ndata: {"counts": {"done": 120}, "changed": [], "reset": false}\n\n'
_STREAM: dict[str, Any] = {
    "description": "The stream. Events: `service` (ServiceState), `progress` (Progress), `requests` (Requests), `jobs` "
    "(JobChanges), each a JSON object of that schema. It begins with the whole state; after a reconnection `jobs` "
    "tells what has changed since, or says `reset`.",
    "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
}
MODELS = (ServiceState, Progress, Requests, JobChanges)
"""What the events hold; the description lists them, though no answer refers to them."""


@router.get("/events", response_model=None, responses=problems("too_many_followers") | {200: _STREAM})
async def events(
    request: Request,
    last: LastId = None,
    last_event_id: Annotated[str | None, Header(max_length=100, description="sent by browsers that come back")] = None,
) -> Response:
    """Follow what happens, without asking again and again."""
    hub = request.app.state.hub
    assert isinstance(hub, Hub)  # noqa: S101 - for the type checker: `make_app` puts it there
    client = await hub.join(last_event_id or last)
    if client is None:
        raise Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too_many_followers",
            "too many follow already, or the server is ending: come again in a moment, or read /jobs instead.",
        )
    return EventStream(hub, client)
