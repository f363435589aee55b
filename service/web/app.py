"""Puts the web face together: guard, API, pages, and the description of it all."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.staticfiles import StaticFiles

from service import __version__
from service.exports import TABLE_FORMATS
from service.web import problems
from service.web.api import (
    analyze,
    documents,
    events,
    exports,
    frames,
    health,
    jobs,
    library,
    media,
    metrics,
    search,
    status,
    subtitles,
)
from service.web.description import describe
from service.web.events.hub import Hub
from service.web.events.watcher import Watcher
from service.web.pages import description, find, login, queue, system, video
from service.web.pages import library as library_page
from service.web.security.body import BodyLimit
from service.web.security.guard import Guard
from service.web.security.head import Heads
from service.web.telemetry import Counting, Telemetry

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from service.web.site import Site

GZIP_LEVEL = 5
"""Above it a page costs twice the processor for a few per cent less."""
COMPRESSED_TYPES = (*DEFAULT_EXCLUDED_CONTENT_TYPES, TABLE_FORMATS["parquet"].media_type)
"""What is compressed already."""
FILES_COME_TO = frozenset({"/analyze", "/queue/send"})
"""Where a body may be long."""
API = (
    analyze.router,
    health.router,
    status.router,
    events.router,
    metrics.router,
    jobs.router,
    library.router,
    documents.router,
    search.router,
    frames.router,
    media.router,
    subtitles.router,
    exports.router,
)
PAGES = (
    login.router,
    queue.router,
    system.router,
    library_page.router,
    find.router,
    video.router,
    description.router,
)


class _App(FastAPI):
    """Has the guard outside of everything, also of what answers a bug: that is counted, and has the headers."""

    def build_middleware_stack(self) -> ASGIApp:
        site: Site = self.state.site
        answering = Heads(super().build_middleware_stack())
        guarded = Guard(answering, hosts=site.hosts, token=site.token, clock=site.clock)
        return Counting(guarded, telemetry=self.state.telemetry)


def make_app(site: Site) -> FastAPI:
    """Make the application over a site; nothing listens yet."""
    app = _App(title="Reelwatch", version=__version__, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.site = site
    app.state.hub = Hub(Watcher(site), site)
    app.state.telemetry = Telemetry()
    for router in API:
        app.include_router(router)
    for router in PAGES:
        app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=str(files("service.web") / "static")), name="static")
    problems.install(app)
    describe(app)
    app.add_middleware(
        GZipMiddleware, minimum_size=1024, compresslevel=GZIP_LEVEL, exclude_content_types=COMPRESSED_TYPES
    )
    app.add_middleware(BodyLimit, limitless=FILES_COME_TO)
    return app
