"""Errors as RFC 9457 says them: `application/problem+json` with a stable code, and how the description lists them."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from service.ledger.errors import LedgerBusy, LedgerError
from service.web.codes import CODES, EVERYWHERE

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_RETRY_AFTER = {
    "description": "when to ask again, in seconds",
    "schema": {"type": "string", "examples": [str(RETRY_AFTER_S)]},
}


class FieldProblem(BaseModel):
    """What is wrong with one part of a request."""

    where: str = Field(examples=["query.limit"], description="where in the request, by dots")
    message: str = Field(examples=["Input should be less than or equal to 200"])


class Problem(BaseModel):
    """An error (RFC 9457). `type` is `urn:reelwatch:<code>`: stable, for programs; `detail` is for people."""

    type: str = Field(examples=["urn:reelwatch:unknown_document"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404], ge=400, le=599)
    detail: str = Field(examples=["there is no document 0123456789abcdef. It may have been deleted."])
    errors: list[FieldProblem] = Field(default_factory=list, description="each fault of the request, where it is known")


_INVALID = {
    "invalid_request": (FieldProblem(where="query.limit", message="Input should be less than or equal to 200"),)
}
"""By code: the faults in its example."""


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of the service
    """Ends a request with a problem; raised by endpoints, answered by the handlers below."""

    def __init__(self, status: HTTPStatus, code: str, detail: str, *, errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.errors = errors
        self.status = status
        self.code = code
        self.detail = detail


def problem(status: HTTPStatus, code: str, detail: str, *, errors: Sequence[FieldProblem] = ()) -> Response:
    """Make the answer for an error."""
    return JSONResponse(_body(status, code, detail, errors), status, _passing(status), media_type=MEDIA_TYPE)


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` of an endpoint that may answer with these codes, and with those of `EVERYWHERE`."""
    told: dict[int | str, dict[str, Any]] = {}
    for code in sorted({*EVERYWHERE, *codes}):
        status, detail = CODES[code]
        answer = told.setdefault(int(status), {"description": status.phrase, "content": {MEDIA_TYPE: _schema()}})
        answer["content"][MEDIA_TYPE]["examples"][code] = {"value": _body(status, code, detail, _INVALID.get(code, ()))}
        if _passing(status):
            answer["headers"] = {"retry-after": _RETRY_AFTER}
    return told


def _schema() -> dict[str, Any]:
    return {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}


def _body(status: HTTPStatus, code: str, detail: str, errors: Sequence[FieldProblem] = ()) -> dict[str, Any]:
    body = Problem(type=f"urn:reelwatch:{code}", title=status.phrase, status=status, detail=detail, errors=list(errors))
    return body.model_dump()


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(LedgerError, _ledger)
    app.add_exception_handler(Exception, _failed)


def _told(
    request: Request, status: HTTPStatus, code: str, detail: str, *, errors: Sequence[FieldProblem] = ()
) -> Response:
    """Make the answer for an error: a page for a browser that asked for one."""
    if "text/html" not in request.headers.get("accept", ""):
        return problem(status, code, detail, errors=errors)
    from service.web.pages.templates import page  # noqa: PLC0415 - pages stand on this module

    site = request.app.state.site
    answer = page(site, "problem.html", here="", status=status, title=status.phrase, detail=detail)
    answer.headers.update(_passing(status))
    return answer


def _passing(status: HTTPStatus) -> dict[str, str]:
    return {"retry-after": str(RETRY_AFTER_S)} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}


def _refused(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, Refusal)  # noqa: S101 - for the type checker: registered for this alone
    return _told(request, exc.status, exc.code, exc.detail, errors=exc.errors)


def _invalid(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)  # noqa: S101 - as above
    errors = [FieldProblem(where=".".join(map(str, error["loc"])), message=error["msg"]) for error in exc.errors()]
    detail = "; ".join(f"{error.where}: {error.message}" for error in errors)
    return _told(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=errors)


def _http(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - as above
    status = HTTPStatus(exc.status_code)
    answer = _told(request, status, status.name.lower(), str(exc.detail))
    answer.headers.update(exc.headers or {})
    return answer


def _ledger(request: Request, exc: Exception) -> Response:
    """Say why the ledger cannot be used at present, and that it may pass."""
    code = "ledger_busy" if isinstance(exc, LedgerBusy) else "ledger_unavailable"
    return _told(request, HTTPStatus.SERVICE_UNAVAILABLE, code, str(exc))


def _failed(request: Request, exc: Exception) -> Response:
    """Log a bug with its traceback; the client is told that there was one, and nothing about our insides."""
    emit = request.app.state.site.emit
    if emit is not None:
        emit(
            "web.failed",
            method=request.method,
            path=request.url.path,
            cause=f"{type(exc).__name__}: {exc}",
            traceback="".join(traceback.format_exception(exc)),
        )
    detail = "this is a fault of Reelwatch; its log has the event web.failed."
    return _told(request, HTTPStatus.INTERNAL_SERVER_ERROR, "bug", detail)
