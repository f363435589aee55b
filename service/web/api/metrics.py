"""`/metrics`: for Prometheus, what the ledger knows and what this process has answered."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from service import __version__
from service.ledger.errors import LedgerError
from service.metrics.catalogue import WEB_METRICS
from service.metrics.exposition import registry_of
from service.metrics.values import Values, ledger_values
from service.web.liveness import liveness
from service.web.problems import problems
from service.web.site import GivenSite

if TYPE_CHECKING:
    from service.metrics.values import Numbers
    from service.web.site import Site

router = APIRouter(tags=["service"])

_TEXT: dict[str, Any] = {
    "description": "Prometheus' text format",
    "content": {"text/plain": {"schema": {"type": "string"}, "example": 'reelwatch_jobs{state="done"} 120.0\n'}},
}


@router.get("/metrics", response_model=None, responses=problems() | {int(HTTPStatus.OK): _TEXT})
def metrics(site: GivenSite, request: Request) -> Response:
    """Return the metrics; those that are not known at present have no sample."""
    telemetry, hub = request.app.state.telemetry, request.app.state.hub
    numbers = _known(site) | {"web_requests": telemetry.requests(), "web_followers": {(): float(hub.clients)}}
    values = Values(numbers, {"web_request_seconds": telemetry.seconds()})
    return Response(generate_latest(registry_of(lambda: values, WEB_METRICS)), media_type=CONTENT_TYPE_LATEST)


def _known(site: Site) -> dict[str, Numbers]:
    found = liveness(site)
    numbers: dict[str, Numbers] = {
        "build_info": {(__version__, site.configuration.profile): 1.0},
        "ready": {(): float(found.ready)},
        "work_paused": {(): float(found.pause is not None)},
    }
    if found.start is not None and found.pid is not None:
        numbers["start_time_seconds"] = {(): found.start.started_at}
    with suppress(LedgerError):
        numbers |= ledger_values(site.ledger.counts(), now_s=site.clock.wall())
        size = site.ledger.database.size_bytes()
        numbers |= {} if size is None else {"ledger_bytes": {(): float(size)}}
    return numbers
