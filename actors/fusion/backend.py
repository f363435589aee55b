"""The fusion stage: from outcomes to a published document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from actors.backend import Backend, BackendOptions, Failure, Outcome, Resources, StageItem, StageStatus
from actors.document import SCHEMA_VERSION, Document
from actors.errors import Transient
from actors.fusion.assemble import assemble
from actors.fusion.writer import KEYFRAMES_MISSING, publish
from actors.redaction.documents import redacted_document
from actors.redaction.outcomes import redacted
from actors.redaction.redactor import redactor
from actors.results import FusionReceipt


def utc_now() -> datetime:
    """Return the host's time."""
    return datetime.now(UTC)


class JsonFusion(Backend[BackendOptions]):
    """Writes one JSON document and its keyframes per video; the only writer to the output.

    Reads `fusion`, `media`, `results` (every stage's outcome, the missing ones included) and `keyframes` of an item. A
    run without keyframes keeps those on disk; when they do not fit, its outcome is `failed` with reason
    `KEYFRAMES_MISSING`, and the video must be decoded once more. Where redaction is asked for, the whole document is
    cleared, sidecars' texts included. Raises what `publish` raises.
    """

    name = "fusion.json"
    revision = 1
    needs: ClassVar[tuple[str, ...]] = (
        "keyframes",
        "vad",
        "asr",
        "diarization",
        "ocr",
        "objects",
        "captions",
        "audio",
        "frames",
    )
    actor = "fusion"
    resources = Resources(num_cpus=0.25, ram_mib=256)

    def __init__(self, options: BackendOptions, *, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(options)
        self._now = now
        self._redactor = redactor(options.redact, options.phone_regions)

    @classmethod
    def model_revision(cls, options: BackendOptions) -> str:  # noqa: ARG003 - the document's form has no options
        """Name the document's schema."""
        return f"document {SCHEMA_VERSION}"

    def load(self) -> None:
        """Nothing to load."""

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """Publish each item's document."""
        return [self._fuse(item) for item in items]

    def _document(self, item: StageItem) -> Document:
        created_at = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if self._redactor is None:
            return assemble(item, created_at=created_at)
        # Results that come from a host are cleared already; those of another maker need not be.
        cleared = {name: redacted(outcome, self._redactor) for name, outcome in item.results.items()}
        return redacted_document(assemble(replace(item, results=cleared), created_at=created_at), self._redactor)

    def _fuse(self, item: StageItem) -> Outcome:
        request = item.fusion
        if request is None:
            raise ValueError(f"{item.video_id}: fusion was called without a request")
        document = self._document(item)
        try:
            publish(document, request, item.keyframes)
        except Transient as exc:
            if exc.reason != KEYFRAMES_MISSING:
                raise
            return Outcome(StageStatus.FAILED, reason=exc.reason, failure=Failure.TRANSIENT, detail=exc.message)
        receipt = FusionReceipt(document=f"{request.name}.json", status=document.status, run_id=request.run_id)
        return Outcome(StageStatus.DONE, data=receipt)
