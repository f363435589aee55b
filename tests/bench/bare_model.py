"""One backend alone in a process: `python tests/bench/bare_model.py BACKEND OPTIONS`; prints JSON.

Loads the backend as its actor does and runs it on videos that are decoded already. The clock is stopped around the
outermost calls of torch modules (and of `generate`), the card's queue emptied before and after: what the model itself
takes. The rest of the run is reading pictures, resizing them, and reading the answer.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from gpu_videos import decoded

from actors.backend import StageItem
from actors.models import cards
from actors.registry import installed

WARM_UPS, RUNS = 1, 3
_MIB = 2**20


class ModelClock:
    """Seconds spent inside models, by patching the two ways into them."""

    def __init__(self, torch: Any, transformers: Any) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._settle: Callable[[], None] = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
        torch.nn.Module.__call__ = self._timed(torch.nn.Module.__call__)
        transformers.GenerationMixin.generate = self._timed(transformers.GenerationMixin.generate)

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            if self._depth:
                return call(*arguments, **named)
            self._settle()
            started, self._depth = time.perf_counter(), 1
            try:
                return call(*arguments, **named)
            finally:
                self._settle()
                self._depth = 0
                self.seconds += time.perf_counter() - started

        return timed


def measure(name: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one backend takes: model and run seconds a video, memory, and where and how its weights lie."""
    kind = installed()[name]()
    options = kind.options_type(**chosen)
    cards.hold(kind.actor, kind.resources_for(options).vram_mib)
    import torch
    import transformers

    backend = kind(options)
    backend.load()
    clock = ModelClock(torch, transformers)
    media, payloads = decoded()
    items = [StageItem(str(n), media=media, keyframes=payloads.keyframes) for n in range(kind.batch_size)]
    for _ in range(WARM_UPS):
        backend.run(items)
    clock.seconds, started = 0.0, time.perf_counter()
    for _ in range(RUNS):
        outcomes = backend.run(items)
    spent_s, videos = time.perf_counter() - started, RUNS * len(items)
    weights = Counter[str]()
    for weight in backend._pretrained.model.parameters():
        weights[f"{str(weight.dtype).removeprefix('torch.')} on {weight.device}"] += weight.nbytes // 1024
    on_card = torch.cuda.is_available()
    return {
        "batch_size": options.batch_size,
        "model_s_per_video": clock.seconds / videos,
        "run_s_per_video": spent_s / videos,
        "keyframes_per_s": videos * len(payloads.keyframes or ()) / spent_s,
        "statuses": sorted({str(outcome.status) for outcome in outcomes}),
        "weights_mib": {where: kib // 1024 for where, kib in weights.items()},
        "peak_allocated_mib": torch.cuda.max_memory_allocated() // _MIB if on_card else None,
        "peak_reserved_mib": torch.cuda.max_memory_reserved() // _MIB if on_card else None,
        "process_mib": _taken_by_process(torch) if on_card else None,
        "declared_mib": kind.resources_for(options.model_copy(update={"device": "cuda"})).vram_mib,
    }


def _taken_by_process(torch: Any) -> int:
    """Return what the card has less than it had: allocator, context and libraries; right while nobody else is on it."""
    free, total = torch.cuda.mem_get_info()
    return int((total - free) // _MIB)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], json.loads(sys.argv[2]))))  # noqa: T201
