"""Short-time power spectra in pieces, so that an hour of sound costs no more memory than a minute."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_PIECE = 2048


def power_spectra(audio: NDArray[np.float32], *, window: int, hop: int) -> Iterator[NDArray[np.float32]]:
    """Yield Hann-windowed power spectra, shape (frames, window // 2 + 1), in order, at most 2048 frames a piece.

    audio: float32 mono, shape (samples,). Frame i is centred on sample i * hop; the ends are padded with zeros.
    There are samples // hop + 1 frames in all, none for no samples.
    """
    if audio.size == 0:
        return
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    padded = np.pad(audio, (window // 2, window))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[: audio.size + 1 : hop]
    for first in range(0, len(frames), FRAMES_PER_PIECE):
        spectra = np.fft.rfft(frames[first : first + FRAMES_PER_PIECE] * shape, axis=1)
        yield (spectra.real**2 + spectra.imag**2).astype(np.float32)


def around(values: NDArray[np.float32], *, second: int, frames_per_s: float, seconds: float) -> NDArray[np.float32]:
    """Return the frames of `seconds` of time round the middle of the whole second `second`.

    Near the ends the stretch is moved inwards, so that it is as long as everywhere; shorter sounds are returned whole.
    """
    frames = round(seconds * frames_per_s)
    first = round((second + 0.5 - seconds / 2) * frames_per_s)
    first = max(0, min(first, len(values) - frames))
    return values[first : first + frames]
