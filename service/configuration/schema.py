"""The settings as values: one model per section of `config/default.toml`, frozen and closed.

The defaults stand in `config/default.toml` alone, so no field has one here; a test keeps the two in step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from service.configuration.afterwork import DoneSettings, PrivacySettings, RetentionSettings, WebhookSettings
from service.configuration.host import HostSettings
from service.configuration.kinds import Directory, QuietSeconds, Seconds, SecondsOrNone, Section, Whole
from service.configuration.metrics import MetricsSettings
from service.configuration.requests import DownloadSettings, RequestSettings
from service.configuration.state import StateSettings
from service.configuration.web import WebSettings

StageName = Literal["decode", "vad", "asr", "diarization", "captions", "objects", "ocr", "audio", "frames", "fusion"]
ProfileName = Literal["auto", "embedded", "cpu", "gpu"]

STAGES: tuple[StageName, ...] = (
    "decode",
    "vad",
    "asr",
    "diarization",
    "captions",
    "objects",
    "ocr",
    "audio",
    "frames",
    "fusion",
)
"""Every stage a profile can fill, in the order people expect to read them."""


class IntakeSettings(Section):
    """Which folders are watched and when a file counts as complete."""

    inboxes: tuple[Directory, ...]
    extensions: tuple[Annotated[str, StringConstraints(pattern=r"^\.[a-z0-9]+$")], ...] = Field(min_length=1)
    quiet_local_s: QuietSeconds
    quiet_network_s: QuietSeconds
    foreign_quiet_s: QuietSeconds
    sweep_s: Seconds
    incomplete_give_up_h: Seconds
    wait_for_holes: bool


class OutputSettings(Section):
    """Where documents go; `file_mode` is the permission bits as a number."""

    dir: Directory
    file_mode: Annotated[int, Field(ge=0o400, le=0o777)]

    @field_validator("file_mode", mode="before")
    @classmethod
    def _octal(cls, value: object) -> int:
        # TOML's bare 644 would be decimal and mean 01204, so only a string of octal digits is taken.
        if isinstance(value, str) and value and set(value) <= set("01234567"):
            return int(value, 8)
        raise ValueError('expected octal digits in quotes, like "0644"')


class MediaSettings(Section):
    """What decoding keeps; these are the options of the decode backend."""

    analysis_fps: Annotated[float, Field(strict=True, gt=0, le=60)]
    analysis_long_side: Annotated[int, Field(strict=True, ge=64, le=4096)]
    frames_mib: Annotated[int, Field(strict=True, ge=8)]
    keyframe_quality: Annotated[int, Field(strict=True, ge=1, le=100)]
    max_media_s: Seconds
    max_pixels: Annotated[int, Field(strict=True, ge=1024)]
    max_streams: Annotated[int, Field(strict=True, ge=1, le=1000)]
    max_file_mib: Annotated[int, Field(strict=True, ge=1)]
    memory_mib: Whole


class PoolSettings(Section):
    """How the models' processes are run. `num_cpus`, `threads`, `replicas`, `card_mib`: 0 derives them."""

    kind: Literal["ray", "local"]
    address: str
    replicas: Whole
    device: Literal["auto", "cpu", "cuda"]
    num_cpus: Whole
    threads: Whole
    card_mib: Whole
    context_mib: Whole
    object_store_mib: Annotated[int, Field(strict=True, ge=80)]  # Ray refuses an object store below 75 MiB
    idle_stop_s: SecondsOrNone
    recycle_s: SecondsOrNone
    recycle_card_s: SecondsOrNone
    start_deadline_s: Seconds
    drain_s: SecondsOrNone


class ModelsSettings(Section):
    """Where pulled models lie."""

    dir: Directory


class StageSettings(Section):
    """One stage: its backends in order of preference (none: the stage is disabled), their options, its deadline."""

    backends: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+\.[a-z0-9_\-]+$")], ...]
    options: dict[str, Any] = Field(default_factory=dict)
    deadline_base_s: Seconds
    deadline_per_media_s: SecondsOrNone

    def deadline_s(self, media_s: float) -> float:
        """How long the stage may take for a video of `media_s` seconds."""
        return self.deadline_base_s + self.deadline_per_media_s * media_s


class StagesSettings(Section):
    """All stages, by name."""

    decode: StageSettings
    vad: StageSettings
    asr: StageSettings
    diarization: StageSettings
    captions: StageSettings
    objects: StageSettings
    ocr: StageSettings
    audio: StageSettings
    frames: StageSettings
    fusion: StageSettings


class RetrySettings(Section):
    """The waits before a video is tried again, in order; there are as many further attempts as waits."""

    backoff_s: tuple[Seconds, ...]


class LogSettings(Section):
    """What the log says and how."""

    level: Literal["debug", "info", "warning", "error", "critical"]
    format: Literal["auto", "console", "json", "journal"]
    heartbeat_s: Seconds


class DiskSettings(Section):
    """When a disk counts as full."""

    low_water_mib: Whole


class Configuration(Section):
    """Every setting of one run. `profile` is never `auto` here: it is the one that was chosen."""

    profile: Literal["embedded", "cpu", "gpu"]
    intake: IntakeSettings
    output: OutputSettings
    state: StateSettings
    media: MediaSettings
    pool: PoolSettings
    host: HostSettings
    models: ModelsSettings
    stages: StagesSettings
    retry: RetrySettings
    log: LogSettings
    metrics: MetricsSettings
    web: WebSettings
    disk: DiskSettings
    done: DoneSettings
    webhook: WebhookSettings
    retention: RetentionSettings
    privacy: PrivacySettings
    requests: RequestSettings
    download: DownloadSettings

    @property
    def largest_upload_mib(self) -> int:
        """How large an upload may be: what would not be decoded is not received."""
        return min(self.requests.upload_mib, self.media.max_file_mib)

    @property
    def largest_download_mib(self) -> int:
        """How large a download may be; as above."""
        return min(self.download.most_mib, self.media.max_file_mib)

    def stage(self, name: str) -> StageSettings:
        """Return one stage's settings; raises `KeyError` for a name that is no stage."""
        if name not in STAGES:
            raise KeyError(name)
        settings: StageSettings = getattr(self.stages, name)
        return settings

    def stage_preferences(self) -> dict[str, tuple[str, ...]]:
        """Backend names per stage, best first; an empty tuple means the stage is disabled."""
        return {name: self.stage(name).backends for name in STAGES}

    def stage_options(self) -> dict[str, Mapping[str, Any]]:
        """Options per stage as plain values; those of decode are the section `[media]`."""
        options: dict[str, Mapping[str, Any]] = {name: dict(self.stage(name).options) for name in STAGES}
        options["decode"] = {**options["decode"], **self.media.model_dump()}
        return options

    def expected_stages(self) -> tuple[str, ...]:
        """Name the stages the profile asks for: those with at least one backend."""
        return tuple(name for name in STAGES if self.stage(name).backends)
