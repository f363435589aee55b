"""Who speaks when, by a pyannote.audio 4 pipeline from a folder; sound goes in as samples, never as a file."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from actors.audio.levels import SAMPLE_RATE_HZ
from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.errors import BackendUnavailable, OutOfMemory
from actors.models.asset import UNKNOWN_LICENCE, ModelAsset
from actors.models.cards import CARD_HOST_MIB
from actors.models.memory import is_out_of_memory, release_cuda
from actors.models.offline import go_offline
from actors.models.store import is_folder, located, revision_of
from actors.results import Diarization, SpeakerTurn

COMMUNITY = "pyannote/speaker-diarization-community-1"
MIN_DURATION_S = 0.2
"""Below this there is nothing to tell voices by; pyannote finds none, and raises `ValueError` on no samples at all."""
_CONFIG = "config.yaml"
_REMEDY = "pip install -c constraints.txt 'reelwatch[models]'"
_FILES = (_CONFIG, "segmentation/*", "embedding/*", "plda/*")


class PyannoteOptions(BackendOptions):
    """Settings of `diarization.pyannote`."""

    neutral: ClassVar[frozenset[str]] = BackendOptions.neutral | {"batch_size"}

    model: str = COMMUNITY
    """A pipeline on the hub, which is pulled (terms have to be accepted there first), or a folder with `config.yaml`.
    Its checkpoints are pickles, which can run code: name only folders you trust."""
    batch_size: int = Field(default=32, ge=1)
    """Windows of sound that go through the networks together; halved where memory does not suffice."""
    min_speakers: int | None = Field(default=None, ge=1)
    max_speakers: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _bounds_are_ordered(self) -> Self:
        if self.min_speakers is not None and self.max_speakers is not None and self.min_speakers > self.max_speakers:
            raise ValueError(f"min_speakers {self.min_speakers} is more than max_speakers {self.max_speakers}")
        return self


class PyannoteDiarization(Backend[PyannoteOptions]):
    """Turns of one voice each, without overlaps; `no_speech` where nobody speaks.

    Has an actor of its own: a call switches TF32 off for the whole process (`pyannote.audio.utils.reproducibility`).
    """

    name: ClassVar[str] = "diarization.pyannote"
    revision: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("audio", "vad")
    actor: ClassVar[str] = "diarization"
    # torch, lightning and the models: 950 MiB resident were measured after importing what whisperx imports of it.
    resources: ClassVar[Resources] = Resources(num_cpus=0.25, ram_mib=1200)
    options_type: ClassVar[type[BackendOptions]] = PyannoteOptions
    _pipeline: Any = None

    @property
    def device(self) -> str:
        """See `Backend.device`."""
        return self.options.device

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        if find_spec("torch") is None or find_spec("pyannote") is None or find_spec("pyannote.audio") is None:
            return f"pyannote.audio is not installed ({_REMEDY})"
        return None

    @classmethod
    def lacking(cls, options: PyannoteOptions) -> str | None:
        """See `Backend.lacking`."""
        config = Path(options.model).expanduser() / _CONFIG
        return f"there is no {config}" if is_folder(options.model) and not config.is_file() else None

    @classmethod
    def assets(cls, options: PyannoteOptions) -> tuple[ModelAsset, ...]:
        """See `Backend.assets`; licence, size and terms are known of the community pipeline alone."""
        if is_folder(options.model):
            return ()
        if options.model != COMMUNITY:
            return (ModelAsset(options.model, UNKNOWN_LICENCE, commercial=None),)
        return (ModelAsset(COMMUNITY, "CC-BY-4.0", size_mib=34, files=_FILES, gated=True),)

    @classmethod
    def resources_for(cls, options: PyannoteOptions) -> Resources:
        """See `Backend.resources_for`; 1.6 GB at 3.3.2, growing with length: pyannote-audio issue 1963."""
        resources = cls.resources
        if options.device != "cuda":
            return resources
        return Resources(resources.num_cpus, CARD_HOST_MIB, vram_mib=1600)

    @classmethod
    def model_revision(cls, options: PyannoteOptions) -> str:
        """See `Backend.model_revision`."""
        return f"{revision_of(options.model, options.models_dir)} (pyannote.audio {_version()})"

    def load(self) -> None:
        """See `Backend.load`."""
        folder = self._folder()
        # Before the import, for its telemetry is on by default and reads the environment only then.
        go_offline()
        import torch  # noqa: PLC0415 - heavy
        import yaml  # noqa: PLC0415 - pyannote's own
        from pyannote.audio import Pipeline  # noqa: PLC0415 - heavy

        torch.set_num_threads(self.options.threads)
        # It advises at every load to rewrite checkpoints of older versions, which work as they are.
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        # AssertionError is how a torch without CUDA refuses a card.
        unusable = (
            OSError,
            RuntimeError,
            ValueError,
            LookupError,
            TypeError,
            AssertionError,
            pickle.UnpicklingError,
            yaml.YAMLError,
        )
        try:
            pipeline = Pipeline.from_pretrained(folder)
            pipeline.to(torch.device(self.options.device))
        except unusable as exc:
            # A folder whose parts are missing, unreadable, on the hub instead, or of another version.
            raise BackendUnavailable(
                "model_not_loaded", f"no pyannote pipeline can be loaded from {folder} on {self.options.device}: {exc}"
            ) from exc
        self._pipeline = pipeline

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """See `Backend.run`; `data` is `Diarization`."""
        return [self._outcome(item) for item in items]

    def close(self) -> None:
        """See `Backend.close`."""
        self._pipeline = None

    def _folder(self) -> Path:
        """Return where the pipeline lies; raises `BackendUnavailable` with what would mend it."""
        reason = self.available() or self.lacking(self.options)
        if reason is not None:
            raise BackendUnavailable("model_missing", reason)
        folder = located(self.options.model, self.options.models_dir)
        if folder is None:
            name = self.options.model
            raise BackendUnavailable("model_missing", f"not pulled: {name}. Run `reelwatch models pull {name}`")
        return folder

    def _outcome(self, item: StageItem) -> Outcome:
        if item.audio is None:
            return Outcome(StageStatus.NO_AUDIO, reason="the file has no sound track")
        vad = item.results.get("vad")
        if vad is not None and vad.status in {StageStatus.NO_SPEECH, StageStatus.NO_AUDIO}:
            return Outcome(vad.status, reason=vad.reason)
        if item.audio.size < MIN_DURATION_S * SAMPLE_RATE_HZ:
            return Outcome(StageStatus.NO_SPEECH, reason=f"the sound track is shorter than {MIN_DURATION_S} s")
        turns = turns_of(self._spoken(item.audio, item.video_id))
        if not turns:
            return Outcome(StageStatus.NO_SPEECH, reason="no voice was found in the sound track")
        return Outcome(StageStatus.DONE, data=Diarization(turns=turns))

    def _spoken(self, audio: NDArray[np.float32], video_id: str) -> list[tuple[float, float, str]]:
        """Return (start, end, label) of every exclusive turn; raises `OutOfMemory` when single windows do not fit."""
        import torch  # noqa: PLC0415 - loaded by `load`

        # Arrays arrive read-only, which torch cannot express.
        waveform = torch.from_numpy(audio.copy())[None, :]
        file = {"waveform": waveform, "sample_rate": SAMPLE_RATE_HZ, "uri": video_id}
        size = self.options.batch_size
        while True:
            try:
                return self._applied(file, batch_size=size)
            except (RuntimeError, MemoryError) as exc:
                if not is_out_of_memory(exc):
                    raise
                release_cuda(torch)
                if size == 1:
                    raise OutOfMemory("gpu_out_of_memory", f"one window of sound does not fit: {exc}") from exc
                size //= 2

    def _applied(self, file: dict[str, Any], *, batch_size: int) -> list[tuple[float, float, str]]:
        if self._pipeline is None:
            raise RuntimeError("PyannoteDiarization.run was called before load")
        # The pipeline's own defaults are batches of one.
        self._pipeline.segmentation_batch_size = batch_size
        self._pipeline.embedding_batch_size = batch_size
        options = self.options
        found = self._pipeline(file, min_speakers=options.min_speakers, max_speakers=options.max_speakers)
        turns = found.exclusive_speaker_diarization.itertracks(yield_label=True)
        return [(turn.start, turn.end, str(label)) for turn, _, label in turns]


def turns_of(spoken: Iterable[tuple[float, float, str]]) -> tuple[SpeakerTurn, ...]:
    """Return turns in order of time, their voices named `SPEAKER_00` and on in the order in which they are first heard.

    spoken: (start, end, label), times in seconds. The first window may begin before the sound does; what lies there
    is cut off.
    """
    names: dict[str, str] = {}
    turns = []
    for start_s, end_s, label in sorted(spoken):
        start, end = round(max(0.0, start_s), 3), round(end_s, 3)
        if end > start:
            name = names.setdefault(label, f"SPEAKER_{len(names):02d}")
            turns.append(SpeakerTurn(start_s=start, end_s=end, speaker=name))
    return tuple(turns)


def _version() -> str:
    try:
        return version("pyannote.audio")
    except PackageNotFoundError:
        return "missing"
