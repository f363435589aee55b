"""Voice activity by Silero VAD v6, the ONNX model that the faster-whisper wheel carries; no torch."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.audio.levels import SAMPLE_RATE_HZ, normalised
from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.errors import BackendUnavailable
from actors.results import Span, SpeechSpans
from actors.vad.hysteresis import SpanRules, speech_spans
from actors.vad.network import SileroNetwork

ASSET = Path("assets") / "silero_vad_v6.onnx"


class SileroOptions(BackendOptions):
    """Thresholds are speech probabilities; the hysteresis is Silero's own."""

    threshold: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Above this a window begins speech; speech ends 0.15 below it."""
    min_speech_ms: int = Field(default=250, ge=0)
    """Shorter bursts are no speech; upstream's default."""
    min_silence_ms: int = Field(default=300, ge=32)
    """Shorter pauses do not end a span. The wheel's default of 2000 would join sentences over music."""
    pad_ms: int = Field(default=100, ge=0)
    """Added on both sides, as far as the neighbour allows: soft onsets lie outside the detected windows."""
    target_db: float = Field(default=-20.0, ge=-40.0, le=-6.0)
    """Level the sound track is brought to before it is listened to, in dBFS."""


class SileroVad(Backend[SileroOptions]):
    """Where somebody speaks: spans in seconds of presentation time; `no_speech` when there are none."""

    name = "vad.silero"
    revision = 1
    needs = ("audio",)
    actor = "speech"
    resources = Resources(num_cpus=0.25, ram_mib=96)
    licence: ClassVar[str | None] = "MIT"
    options_type: ClassVar[type[BackendOptions]] = SileroOptions

    _network: SileroNetwork | None = None

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        if find_spec("onnxruntime") is None:
            return "onnxruntime is not installed (pip install onnxruntime)"
        if _asset() is None:
            return f"faster-whisper with {ASSET.name} is not installed (pip install faster-whisper==1.2.1)"
        return None

    @classmethod
    def model_revision(cls, options: SileroOptions) -> str:  # noqa: ARG003 - there is one model
        """See `Backend.model_revision`."""
        return f"silero-vad-v6 (faster-whisper {_version('faster-whisper')}, onnxruntime {_version('onnxruntime')})"

    def load(self) -> None:
        """See `Backend.load`."""
        reason, asset = self.available(), _asset()
        if reason is not None or asset is None:
            raise BackendUnavailable("missing_library", reason or "")
        self._network = SileroNetwork(asset, threads=self.options.threads)

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """See `Backend.run`; `data` is `SpeechSpans`."""
        return [self._listen(item.audio) for item in items]

    def close(self) -> None:
        """See `Backend.close`."""
        self._network = None

    def _listen(self, audio: NDArray[np.float32] | None) -> Outcome:
        if audio is None:
            return Outcome(StageStatus.NO_AUDIO, reason="the file has no sound track")
        spans = self._spans(audio)
        if not spans:
            return Outcome(StageStatus.NO_SPEECH, reason="no voice activity was found in the sound track")
        seconds = sum(span.end_s - span.start_s for span in spans)
        return Outcome(StageStatus.DONE, data=SpeechSpans(spans=spans, speech_s=round(seconds, 3)))

    def _spans(self, audio: NDArray[np.float32]) -> tuple[Span, ...]:
        if self._network is None:
            raise RuntimeError("SileroVad.run was called before load")
        probabilities = self._network.probabilities(normalised(audio, target_db=self.options.target_db))
        rules = SpanRules(
            threshold=self.options.threshold,
            min_speech_samples=self.options.min_speech_ms * SAMPLE_RATE_HZ // 1000,
            min_silence_samples=self.options.min_silence_ms * SAMPLE_RATE_HZ // 1000,
            pad_samples=self.options.pad_ms * SAMPLE_RATE_HZ // 1000,
        )
        found = speech_spans(probabilities, samples=audio.size, rules=rules)
        return tuple(
            Span(start_s=round(first / SAMPLE_RATE_HZ, 3), end_s=round(end / SAMPLE_RATE_HZ, 3)) for first, end in found
        )


def _asset() -> Path | None:
    """Find the model in the wheel without importing it: its package pulls in ctranslate2, av and tokenizers."""
    spec = find_spec("faster_whisper")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (Path(folder) / ASSET).is_file():
            return Path(folder) / ASSET
    return None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
