"""Which language is spoken, from a model's probabilities for several windows of the same clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NORWEGIAN = frozenset({"no", "nb", "nn"})
CODES = frozenset({
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el",
    "en", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy",
    "id", "is", "it", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi",
    "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru",
    "sa", "sd", "si", "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl",
    "tr", "tt", "uk", "ur", "uz", "vi", "yi", "yo", "zh", "yue",
})  # fmt: skip
"""The languages Whisper knows (`faster_whisper.tokenizer._LANGUAGE_CODES`; only large-v3 and later know `yue`)."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A language by Whisper's code (ISO 639-1), with its mean probability; None where nobody measured it."""

    language: str
    confidence: float | None

    @property
    def is_norwegian(self) -> bool:
        """Whether the language is Norwegian in either of its written forms."""
        return self.language in NORWEGIAN


def guess(windows: Sequence[Mapping[str, float]]) -> Guess:
    """Return the language whose probability is highest on average over the windows, with that average.

    windows: one mapping from language code to probability for each window, at least one. Bokmål and Nynorsk are two
    ways to write one language, which sound cannot tell apart: their probabilities add up to those of `no`.
    """
    totals: dict[str, float] = {}
    for probabilities in windows:
        for code, probability in probabilities.items():
            language = "no" if code in NORWEGIAN else code
            totals[language] = totals.get(language, 0.0) + probability
    best = max(totals, key=lambda language: totals[language])
    return Guess(best, round(min(1.0, totals[best] / len(windows)), 4))


def spoken_code(language: str) -> str:
    """Return the code that Whisper knows a language by: it has no `nb`."""
    return "no" if language == "nb" else language
