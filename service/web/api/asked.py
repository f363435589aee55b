"""What `/analyze` may be asked, and how the description tells of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter

from service.downloads.urls import MOST_CHARS

_LONGEST_PATH = 4096


class ByPath(BaseModel):
    """A video that is there: in an inbox, or in one of the folders of `requests.roots`. It counts as complete."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(
        min_length=1,
        max_length=_LONGEST_PATH,
        examples=["/srv/videos/inbox/tips/clip.mp4"],
        description="the whole path on the service's host",
    )


class ByUrl(BaseModel):
    """A video on the web; it is fetched first."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        min_length=1,
        max_length=MOST_CHARS,
        examples=["https://example.org/v/clip"],
        description="of one video, not of a list; http or https",
    )


def _named(given: object) -> str | None:
    """Say by which of its fields a body names a video; None unless it is exactly one."""
    found = {"path", "url"} & given.keys() if isinstance(given, dict) else set()
    return found.pop() if len(found) == 1 else None


BY_NAME: TypeAdapter[ByPath | ByUrl] = TypeAdapter(
    Annotated[
        Annotated[ByPath, Tag("path")] | Annotated[ByUrl, Tag("url")],
        Discriminator(
            _named,
            custom_error_type="name_one",
            custom_error_message="name a video by its `path` or by its `url`, one of them",
        ),
    ]
)
"""Reads a body; says in plain words where it names no one video."""
REFUSED = (
    *("aborted", "bad_form", "bad_url", "disk_full", "elsewhere", "empty", "extension", "media_type", "missing"),
    *("not_a_file", "not_absolute", "not_written", "outside_roots", "private_address", "stalled", "too_large"),
    *("unavailable", "unfinished", "unreadable"),
)
"""The codes of what is not taken."""
ACCEPTED: dict[str, Any] = {
    "description": "It was asked for",
    "headers": {
        "location": {
            "description": "where to follow what becomes of it",
            "required": True,
            "schema": {"type": "string", "examples": ["/analyze/3"]},
        }
    },
}
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary", "description": "the video, with its name"}},
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [ByPath.model_json_schema(), ByUrl.model_json_schema()]},
                "examples": {
                    "path": {"value": {"path": "/srv/videos/inbox/tips/clip.mp4"}},
                    "url": {"value": {"url": "https://example.org/v/clip"}},
                },
            },
            "multipart/form-data": {"schema": _FORM},
        },
    }
}
