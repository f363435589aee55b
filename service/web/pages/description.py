"""`/docs`: the API's description to read and try, by Swagger UI as its package brings it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from service.web.pages.templates import page
from service.web.site import GivenSite

if TYPE_CHECKING:
    from pathlib import Path

router = APIRouter()

ASSETS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}


@router.get("/docs", response_model=None)
def docs(site: GivenSite) -> HTMLResponse:
    """Show the description."""
    return page(site, "docs.html", here="/docs")


@router.get("/static/swagger/{name}", response_model=None)
def asset(name: str) -> Response:
    """Return one of Swagger UI's files."""
    if name not in ASSETS:
        return Response(status_code=404)
    return FileResponse(_folder() / name, media_type=ASSETS[name], headers={"cache-control": "private, max-age=86400"})


@cache
def _folder() -> Path:
    """Return where Swagger UI's files are: in a package that brings them for FastAPI, and does nothing else here."""
    return files("fastapi_offline") / "static"  # type: ignore[return-value] # what is installed lies in real folders
