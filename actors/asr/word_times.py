"""Whisper's own word times, made independent of what else is in the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class SingleAlignment:
    """Stands before a `ctranslate2.models.Whisper` and aligns the items of a batch one by one.

    CTranslate2 4.8 fills the texts of a batch up to the longest, and the filling moves the times of the shorter ones:
    by 0.4 s between two sentences of 10 and 14 tokens. A video's times would depend on its neighbours in the queue. The
    expensive parts, encoding and generating, stay batched.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def align(
        self,
        features: Any,
        start_sequence: Sequence[int],
        text_tokens: Sequence[Sequence[int]],
        num_frames: Sequence[int],
        **settings: Any,
    ) -> list[Any]:
        """See `ctranslate2.models.Whisper.align`; one entry of `num_frames` for each text."""
        import ctranslate2  # noqa: PLC0415 - heavy

        on_host = features if features.device == "cpu" else features.to_device(ctranslate2.Device.cpu)
        return [
            self._model.align(
                ctranslate2.StorageView.from_array(np.ascontiguousarray(row[np.newaxis])),
                start_sequence,
                [tokens],
                [frames],
                **settings,
            )[0]
            for row, tokens, frames in zip(np.array(on_host), text_tokens, num_frames, strict=True)
        ]
