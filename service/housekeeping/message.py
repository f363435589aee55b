"""What a webhook's message says, as models with a JSON Schema (`config/schema/webhook-1.schema.json`).

`python -m service.housekeeping.message` prints the schema.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.fusion_request import readable
from service.ledger.afterwork_values import Announcement

SCHEMA_ID = "urn:reelwatch:webhook:1"


class _Part(BaseModel):
    # Open: a receiver that validates must take messages to which a later version added a field.
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Video(_Part):
    """How one video ended. Not what is in it: the document says that, to those who may read the output folder."""

    job: int = Field(description="The job's number in the ledger.")
    video_id: str | None = Field(description="First 16 digits of the SHA-256; null before the content was known.")
    path: str = Field(description="The video's whole path; bytes that are not UTF-8 are written as \\xNN.")
    output: str | None = Field(description="The output folder; null where there is no document.")
    document: str | None = Field(description="The document's path below the output folder; null where there is none.")
    status: Literal["complete", "partial"] | None = Field(description="The document's status, where it was just made.")
    reason: str | None = Field(description="A short stable code for why; null where there is nothing to explain.")
    duplicate_of: str | None = Field(description="The path of the video with the same bytes, whose document this is.")


class VideoMessage(_Part):
    """One message. Told at least once: the header `webhook-id` is the same however often it comes."""

    type: Literal["video.done", "video.failed", "video.rejected", "video.parked", "video.duplicate"] = Field(
        description="`done`: the document is on disk, or was written anew; `parked`: it took a model's process down "
        "twice, and may have a partial document; `rejected`: the bytes are at fault; `failed`: all attempts failed."
    )
    timestamp: str = Field(description="When it happened, in UTC (ISO 8601).")
    data: Video


class Greeting(_Part):
    """What a test message carries."""

    version: str = Field(description="Reelwatch's version.")


class TestMessage(_Part):
    """What `reelwatch webhook test` sends."""

    __test__ = False  # pytest takes the name for a test's

    type: Literal["reelwatch.test"] = "reelwatch.test"
    timestamp: str = Field(description="When it was sent, in UTC (ISO 8601).")
    data: Greeting


def body_of(said: Announcement) -> bytes:
    """Return an announcement as it is sent; the same bytes at every attempt."""
    video = Video(
        job=said.job_id,
        video_id=said.sha256[:16] if said.sha256 else None,
        path=readable(said.path),
        output=readable(said.output_root) if said.output_root is not None else None,
        document=f"{said.document}.json" if said.document is not None else None,
        status=said.status,  # type: ignore[arg-type] # the ledger keeps the document's own word
        reason=said.reason,
        duplicate_of=readable(said.duplicate_of) if said.duplicate_of is not None else None,
    )
    message = VideoMessage(type=f"video.{said.kind}", timestamp=instant(said.at), data=video)  # type: ignore[arg-type] # a state's name, of those that are announced
    return rendered(message)


def rendered(message: BaseModel) -> bytes:
    """Return a message as UTF-8 JSON without spaces."""
    return json.dumps(message.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":")).encode()


def instant(wall_s: float) -> str:
    """Spell a time as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a video's message."""
    generated = VideoMessage.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **generated}


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
