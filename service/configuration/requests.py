"""The settings of what people ask for through the web face: by path, by upload, by URL."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.configuration.kinds import Directory, Seconds, Section

RECEIVED = "received"
"""The folder in the state directory in which uploads and downloads land; inboxes are only ever read."""
Mebibytes = Annotated[int, Field(strict=True, ge=1)]


class RequestSettings(Section):
    """Where a video may lie that is asked for by its path, besides the inboxes; how large an upload may be."""

    roots: tuple[Directory, ...]
    upload_mib: Mebibytes


class DownloadSettings(Section):
    """The bounds of downloads by URL."""

    at_once: Annotated[int, Field(strict=True, ge=1, le=16)]
    most_mib: Mebibytes
    most_s: Seconds
    allow_private_addresses: bool
