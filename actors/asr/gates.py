"""Whether a passage is believed: Whisper writes fluent sentences over silence, music and noise as well."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

LOG_PROB, NO_SPEECH, COMPRESSION = -1.0, 0.6, 2.4
"""Whisper's own (Radford et al. 2022, section 4.5; `transcribe.py` of openai/whisper)."""
SURE_LOG_PROB = -0.5
"""Whisper lets any passage above -1.0 pass, however sure the model is that nobody speaks; this is stricter. It was
chosen, not measured on a model of full size."""


@dataclass(frozen=True, slots=True)
class Gates:
    """Bounds outside which a passage is dropped.

    log_prob: the mean natural log-probability of a token, at least. no_speech: above this probability of `<|nospeech|>`
    a passage is believed only with `sure_log_prob`. compression: of the text by zlib, at most; loops compress well.

    """

    log_prob: float = LOG_PROB
    no_speech: float = NO_SPEECH
    sure_log_prob: float = SURE_LOG_PROB
    compression: float = COMPRESSION

    def objection(self, text: str, *, log_prob: float, no_speech: float | None) -> str | None:
        """Say why a passage is not believed, or None when it is; no_speech: None where the model has no such token."""
        if not text.strip():
            return "no words"
        if log_prob < self.log_prob:
            return f"log-probability {log_prob:.2f} < {self.log_prob:.2f}"
        if no_speech is not None and no_speech > self.no_speech and log_prob < self.sure_log_prob:
            return f"no-speech {no_speech:.2f} > {self.no_speech:.2f} at log-probability {log_prob:.2f}"
        if (ratio := compression_ratio(text)) > self.compression:
            return f"it repeats itself: compression {ratio:.1f} > {self.compression:.1f}"
        return None


def compression_ratio(text: str) -> float:
    """Return how many times smaller zlib makes the text, as in `utils.py` of openai/whisper."""
    encoded = text.encode()
    return len(encoded) / len(zlib.compress(encoded))
