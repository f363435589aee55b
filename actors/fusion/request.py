"""What fusion is asked to write, as values; made by the driver, carried out in the fusion actor."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sidecar:
    """One file beside the video, read by the driver's side: its name and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FusionRequest:
    """Where the document goes and what only the service knows about the video.

    name: path of the document relative to `output_root`, without `.json`; valid UTF-8, allocated by the ledger.
    filename, relative_path, also_at: for people; bytes that are not UTF-8 are written as backslash escapes.
    run_id: `<job>.<run>`; tells a restart whether the published document is this run's.
    settings_key: fingerprint of the settings that alter documents (`Plan.settings_key`).
    expected: the stages the profile asks for; one that is unavailable, failed or timed out makes the document partial.
    """

    output_root: bytes
    name: str
    run_id: str
    filename: str
    relative_path: str
    sha256: str
    profile: str
    version: str
    settings_key: str = ""
    also_at: tuple[str, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    expected: tuple[str, ...] = ()
    truncated: bool = False
    timings: dict[str, float] = field(default_factory=dict)
    file_mode: int = 0o644
