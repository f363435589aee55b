"""Documents as bytes: written one way, read with patience, and described by a JSON Schema."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json

from actors.document.base import SCHEMA_VERSION
from actors.document.document import Document

SCHEMA_ID = f"urn:reelwatch:document:{SCHEMA_VERSION}"


def render(document: Document) -> bytes:
    """Return the document as it is written: UTF-8 JSON, indented by two, with a final line break.

    Raises `ValueError` for a number JSON does not have (NaN, infinity), wherever it hides.
    """
    text = json.dumps(document.model_dump(mode="json"), ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode() + b"\n"


def parse(content: bytes) -> Document:
    """Read a document of this major version; fields that a later minor version added are ignored.

    Raises `ValueError` (pydantic's `ValidationError` is one) when the bytes are no document.
    """
    return Document.model_validate(from_json(content, allow_inf_nan=False), extra="ignore")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what `render` writes.

    It is open, unlike the models: a reader that validates with it must accept documents of later minor versions.
    """
    generated: dict[str, Any] = _opened(Document.model_json_schema(mode="serialization"))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **generated}


def _opened(node: Any) -> Any:
    """Drop every `additionalProperties: false`."""
    if isinstance(node, dict):
        return {k: _opened(v) for k, v in node.items() if not (k == "additionalProperties" and v is False)}
    return [_opened(entry) for entry in node] if isinstance(node, list) else node
