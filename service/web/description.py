"""The OpenAPI description: what FastAPI derives, and what it cannot know: problems and how to log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.web.api.events import MODELS
from service.web.problems import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

_TAGS = (
    ("analyze", "Ask for a video to be described."),
    ("jobs", "What has become of each video."),
    ("documents", "What was found out."),
    ("search", "Everything said, shown and written."),
    ("exports", "All documents as tables."),
    ("service", "How the service is doing."),
)


def describe(app: FastAPI) -> None:
    """Have the app describe itself whole; made once, when it is first asked for."""
    derive = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(derive())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way: Advanced, Extending OpenAPI


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    schema["tags"] = [{"name": name, "description": text} for name, text in _TAGS]
    components = schema.setdefault("components", {})
    models = components.setdefault("schemas", {})
    for kind in (Problem, *MODELS):
        found = kind.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        models.update(found.pop("$defs", {}))
        models[kind.__name__] = found
    for unused in ("HTTPValidationError", "ValidationError"):
        models.pop(unused, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    # With or without: on loopback no token need be set.
    schema["security"] = [{"token": []}, {}]
    return schema
