"""How the document came about: stage by stage, with every reason for what is missing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from actors.backend import StageStatus
from actors.document.base import NonNegative, Part, described

UtcTime = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]


class Models(Part):
    """Which model each kind of statement comes from; null where none made any."""

    asr: str | None = described("Speech recogniser", "Made `transcript` and `language`.")
    caption: str | None = described("Caption model", "Made `shots[].captions`.")
    object_detector: str | None = described("Object detector", "Made `shots[].objects`.")
    ocr: str | None = described("Text recogniser", "Made `shots[].ocr` and `text_overlays`.")
    diarization: str | None = described("Diarization", "Made `speakers`.")
    audio: str | None = described("Audio analysis", "Made `audio`.")
    vad: str | None = described("Voice activity detector", "Decided where speech is looked for.")
    frames: str | None = described(
        "Frame selection", "Made `representative_frames` and `shots[].dropped`.", default=None
    )


class StageRecord(Part):
    """How one stage ended."""

    status: StageStatus = described(
        "Status",
        "`done`; `no_audio`, `no_speech`, `no_video`: nothing to look at; `disabled`: the profile does not ask for it; "
        "`unavailable`, `failed`, `timed_out`: it was asked for and is missing.",
    )
    backend: str | None = described("Backend", "Name of the backend that ran; null when none did.")
    model: str | None = described("Model", "Model and version; null when none ran.")
    device: str | None = described("Device", "Where it ran; null when it did not.")
    seconds: NonNegative | None = described("Seconds", "How long it ran; null when it did not.", unit="s")
    reason: str | None = described(
        "Reason", "Why there is no result, or what limits it; null when there is nothing to say."
    )


class DocumentWarning(Part):
    """Something a reader should know about one field or the whole document."""

    code: str = described("Code", "Stable, for programs.")
    field: str | None = described("Field", "Path of the field it is about; null when it is about the whole.")
    message: str = described("Message", "For people.")


class Processing(Part):
    """Provenance."""

    created_at: UtcTime = described("Created at", "When the document was written, in UTC.")
    version: str = described("Version", "Version of Reelwatch.")
    profile: str = described("Profile", "The profile that chose the backends.")
    run_id: str = described("Run id", "`<job>.<run>` in the service's ledger.")
    settings_key: str = described("Settings key", "Fingerprint of every setting that alters documents.")
    models: Models = described("Models", "Models by what they say.")
    stages: dict[str, StageRecord] = described("Stages", "How each stage ended, by its name.")
    warnings: tuple[DocumentWarning, ...] = described(
        "Warnings", "What a reader should know; also why a field is null where no stage's reason says it."
    )
    timings: dict[str, NonNegative] = described("Timings", "Durations in seconds, by phase.", unit="s")
