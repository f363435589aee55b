"""What can be set about WhisperX, and how much memory its models take with that."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from actors.asr.aligners import largest_aligner_mib
from actors.asr.checkpoints import declared_mib
from actors.asr.whisper import WhisperOptions


class WhisperXOptions(WhisperOptions):
    """Settings of `asr.whisperx`. Models are names as `large-v3`, `turbo`, `distil-large-v3`, hub ids, or folders."""

    neutral: ClassVar[frozenset[str]] = WhisperOptions.neutral | {"resident_mib"}

    model: str = "openai/whisper-large-v2"
    """For every language but Norwegian; OpenAI's names stand for the same weights in CTranslate2's form."""
    norwegian_model: str = "NbAiLab/nb-whisper-large"
    language_model: str = "Systran/faster-whisper-small"
    """Tells the language and stays loaded: the large models could then not be told apart without changing them."""
    align_languages: tuple[str, ...] = ("en", "no", "sv")
    """Whose aligners `reelwatch models pull` brings; others are used where they have been pulled by name."""
    align_models: dict[str, str] = Field(default_factory=dict)
    """Aligners (hub id or folder) in place of those in `actors.asr.aligners`, by language."""
    resident_mib: int | None = Field(default=None, ge=1)
    """What recognisers and aligners may take together; None: as much as one language needs, see `language_mib`."""
    batch_size: int = Field(default=8, ge=1, le=64)

    @model_validator(mode="after")
    def _one_language_fits(self) -> Self:
        if self.resident_mib is not None and self.resident_mib < self.language_mib:
            raise ValueError(
                f"resident_mib = {self.resident_mib} is less than the {self.language_mib} MiB that the largest model "
                f"as {self.computes_in} and the largest aligner take: both would be loaded anew for every call. Raise "
                "it, leave it out, or choose a smaller compute_type"
            )
        return self

    @property
    def checkpoints(self) -> tuple[str, str, str]:
        """The recogniser, that for Norwegian, and what tells the language."""
        return self.model, self.norwegian_model, self.language_model

    @property
    def language_mib(self) -> int:
        """What one language needs at once, in the number format that is computed in: its recogniser and aligner."""
        recognisers = (self._weights_mib(model) for model in (self.model, self.norwegian_model))
        return max(recognisers) + largest_aligner_mib(self.align_languages, self.align_models, self.models_dir)

    @property
    def budget_mib(self) -> int:
        """What recognisers and aligners may take together."""
        return self.language_mib if self.resident_mib is None else self.resident_mib

    @property
    def loaded_mib(self) -> int:
        """The weights of all that is loaded at once, with the model that tells the language."""
        return self.budget_mib + self._weights_mib(self.language_model)

    def _weights_mib(self, model: str) -> int:
        return declared_mib(model, self.models_dir, compute_type=self.computes_in)
