"""What every part of a document shares: closed for writers, open for readers, and documented field by field."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = "1.2"
"""An added field raises the minor number; a changed or removed one the major number. 1.1 added what the stage `frames`
says; 1.2 lets `keyframe` be null, which it is only where retention was asked to delete the pictures."""


class Part(BaseModel):
    """Base of the document's models: frozen, without NaN, and no field a writer could misspell.

    Readers pass `extra="ignore"` when they validate (`actors.document.parse`), so that a document of a later minor
    version is still read.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        # Every field is always written, also those that have a default for the sake of documents that lack them.
        json_schema_serialization_defaults_required=True,
    )


NonNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]
Box = tuple[Share, Share, Share, Share]
WordRange = tuple[Count, Count]


def described(title: str, description: str, *, unit: str | None = None, **limits: Any) -> Any:
    """Return a field whose meaning and unit travel into the JSON Schema.

    It is required, unless a default is given: `default=None` for what a later minor version added, so that documents
    of earlier ones are still read.
    """
    return Field(title=title, description=description, json_schema_extra={"unit": unit} if unit else None, **limits)


def ordered(start_s: float | None, end_s: float | None) -> None:
    """Raise `ValueError` when a stretch of time ends before it starts."""
    if start_s is not None and end_s is not None and end_s < start_s:
        raise ValueError(f"ends at {end_s} s, before its start at {start_s} s")
