"""pocketsphinx behind one call: an utterance in; words, and how well they explain the sound, out."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ

FRAMES_PER_S = 100
FILLER = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")
"""Sentence marks, silence and the noises of the model's `noisedict`."""
PRONUNCIATION = re.compile(r"\(\d+\)$")
"""`read(2)` is the second pronunciation of `read`."""
SCORE_SCALE = 1024
"""Path scores come shifted right by ten bits (SENSCR_SHIFT in pocketsphinx' hmm.h)."""
LOWEST_SCORE = 1e-300
SHORTEST_SAMPLES = SAMPLE_RATE_HZ // 10
"""pocketsphinx 5.1.1 raises IndexError on an empty buffer and then refuses every later utterance."""
PHONE_SEARCH = "phones"
MAX_ACTIVE_HMMS = 10_000
"""A third of pocketsphinx' default. Clean speech stays far below; noise would take its time and end as noise."""


@dataclass(frozen=True, slots=True)
class DecodedWord:
    """A word of the best path: its time from the utterance's start and its lattice posterior."""

    word: str
    start_s: float
    end_s: float
    posterior: float


@dataclass(frozen=True, slots=True)
class Decoded:
    """The best path through one utterance at one frequency warp.

    word_score and phone_score are natural logarithms for the whole utterance: of the best sequence of words, and of
    the best sequence of the same model's phones without a dictionary. Their difference says how much the words of
    English cost beyond the sounds; it is independent of how well the recording fits the model.
    """

    words: tuple[DecodedWord, ...]
    word_score: float
    phone_score: float
    frames: int
    warp: float


class SphinxRecogniser:
    """One decoder with two searches, words and phones. Not for two threads at a time."""

    def __init__(self) -> None:
        import pocketsphinx  # noqa: PLC0415 - heavy: only the actor that holds the model pays for it

        # 16 kHz is the model's own rate; FATAL keeps its progress messages off stderr.
        self._decoder: Any = pocketsphinx.Decoder(samprate=SAMPLE_RATE_HZ, loglevel="FATAL", maxhmmpf=MAX_ACTIVE_HMMS)
        self._decoder.add_allphone_file(PHONE_SEARCH, pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin"))

    def decode(self, audio: NDArray[np.float32], *, warp: float) -> Decoded:
        """Recognise one utterance; the same samples give the same result whatever was decoded before.

        audio: float32 mono at 16 kHz within [-1, 1], one utterance. warp: factor of vocal-tract length normalisation
        (Lee & Rose 1996), 1 for none.
        """
        if audio.size < SHORTEST_SAMPLES:
            return Decoded((), 0.0, 0.0, 0, warp)
        pcm = (audio * np.float32(32767)).astype("<i2").tobytes()
        phone_score = self._search(PHONE_SEARCH, pcm, warp)
        word_score = self._search(None, pcm, warp)
        words = tuple(word for word in map(_word, self._decoder.seg()) if word is not None) if word_score else ()
        return Decoded(words, word_score or 0.0, phone_score or 0.0, self._decoder.n_frames(), warp)

    def _search(self, search: str | None, pcm: bytes, warp: float) -> float | None:
        """Decode once; returns the best path's score, or None when no path reached the end."""
        decoder = self._decoder
        decoder.activate_search(*([search] if search else []))
        # The noise tracker outlives an utterance in pocketsphinx 5.1.1: without this the words depend on whatever was
        # decoded before, and a result could not be kept by its key.
        decoder.config["warp_params"] = f"{warp:.3f}"
        decoder.reinit_feat()
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        return None if best is None else math.log(max(best.score, LOWEST_SCORE)) * SCORE_SCALE


def _word(segment: Any) -> DecodedWord | None:
    """Read one segment; None for sentence marks, silence and noises. `end_frame` is inclusive."""
    if FILLER.match(segment.word):
        return None
    return DecodedWord(
        word=PRONUNCIATION.sub("", segment.word),
        start_s=segment.start_frame / FRAMES_PER_S,
        end_s=(segment.end_frame + 1) / FRAMES_PER_S,
        posterior=min(1.0, segment.prob),
    )
