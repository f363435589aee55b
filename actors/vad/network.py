"""The Silero VAD v6 network as an ONNX Runtime session: audio in, one speech probability per window out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WINDOW_SAMPLES = 512
"""32 ms at 16 kHz, the only window the model knows."""
CONTEXT_SAMPLES = 64
"""Samples of the window before that the model sees as well."""
STATE_SHAPE = (1, 1, 128)
WINDOWS_PER_CALL = 10_000
"""Bounds the memory of a call on long recordings; the state is carried over."""


class SileroNetwork:
    """One session with as many threads as it is given.

    faster-whisper's own wrapper fixes both thread counts at 1 and importing it costs 100 MiB of libraries that
    a detector has no use for, hence this one over the same file.
    """

    def __init__(self, path: Path, *, threads: int) -> None:
        import onnxruntime  # noqa: PLC0415 - heavy: only the actor that holds the model pays for it

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        settings.enable_cpu_mem_arena = False
        settings.log_severity_level = 4
        # Spinning threads of several models fight for the same few cores (measured: steps from 0.1 s to 1-2 s).
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.threads = settings.intra_op_num_threads
        self._session: Any = onnxruntime.InferenceSession(
            str(path), providers=["CPUExecutionProvider"], sess_options=settings
        )

    def probabilities(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the speech probability of every window of 512 samples, the last one padded with zeros.

        audio: float32 mono at 16 kHz, shape (samples,). Result: float32, shape (ceil(samples / 512),).
        """
        if audio.size == 0:
            return np.zeros(0, dtype=np.float32)
        windows = np.pad(audio, (0, -audio.size % WINDOW_SAMPLES)).reshape(-1, WINDOW_SAMPLES)
        context = np.zeros((len(windows), CONTEXT_SAMPLES), dtype=np.float32)
        context[1:] = windows[:-1, -CONTEXT_SAMPLES:]
        inputs = np.concatenate([context, windows], axis=1)
        hidden = cell = np.zeros(STATE_SHAPE, dtype=np.float32)
        outputs: list[NDArray[np.float32]] = []
        for first in range(0, len(inputs), WINDOWS_PER_CALL):
            batch = {"input": inputs[first : first + WINDOWS_PER_CALL], "h": hidden, "c": cell}
            output, hidden, cell = self._session.run(None, batch)
            outputs.append(output.reshape(-1))
        return np.concatenate(outputs).astype(np.float32, copy=False)
