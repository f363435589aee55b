"""One backend alone in a process: `python tests/bench/bare_model.py BACKEND MODEL OPTIONS`; prints JSON.

Loads the backend as its actor does and runs it on videos that are decoded already. Nothing bounds what it takes of the
card, so that it can turn out to be more than what the table declares for MODEL, a name on the hub. The clock is stopped
around the outermost calls of torch modules (and of `generate`), the card's queue emptied before and after: what the
model itself takes. The rest of the run is reading pictures, resizing them, and reading the answer.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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


def measure(name: str, model: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one backend takes: model and run seconds a video, memory, and where and how its weights lie.

    model: the name on the hub whose declared memory it is held against; `chosen["model"]` is a folder of its shape.
    """
    kind = installed()[name]()
    options = kind.options_type(**chosen)
    os.environ.update(cards.EXPANDABLE)  # before the import, as an actor does
    import torch
    import transformers

    backend = kind(options)
    backend.load()
    sizes = batch_sizes(backend)
    clock = ModelClock(torch, transformers)
    media, payloads = decoded()
    items = [StageItem(str(n), media=media, keyframes=payloads.keyframes) for n in range(kind.batch_size)]
    for _ in range(WARM_UPS):
        backend.run(items)
    sizes.clear()
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
        "ran_batch_size": max(sizes),
        "model_s_per_video": clock.seconds / videos,
        "run_s_per_video": spent_s / videos,
        "keyframes_per_s": videos * len(payloads.keyframes or ()) / spent_s,
        "statuses": sorted({str(outcome.status) for outcome in outcomes}),
        "weights_mib": {where: kib // 1024 for where, kib in weights.items()},
        "peak_allocated_mib": torch.cuda.max_memory_allocated() // _MIB if on_card else None,
        "peak_reserved_mib": torch.cuda.max_memory_reserved() // _MIB if on_card else None,
        "process_mib": _taken_by_process(torch) if on_card else None,
        "declared_mib": declared_mib(kind, model, options),
    }


def declared_mib(kind: Any, model: str, options: Any) -> int:
    """Return what the table says that a model of the hub takes of a card with these options."""
    if model not in kind.known:
        raise ValueError(f"{model} is none of the models of {kind.name} whose memory is known: {', '.join(kind.known)}")
    return int(kind.resources_for(options.model_copy(update={"device": "cuda", "model": model})).vram_mib)


def batch_sizes(backend: Any) -> list[int]:
    """Note the sizes of the batches that go through a backend's model; those that did not fit are halved unsaid."""
    sizes: list[int] = []
    look = backend._look

    def noted(pictures: Sequence[Any]) -> Any:
        found = look(pictures)
        sizes.append(len(pictures))
        return found

    backend._look = noted
    return sizes


def _taken_by_process(torch: Any) -> int:
    """Return what the card has less than it had: allocator, context and libraries; right while nobody else is on it."""
    free, total = torch.cuda.mem_get_info()
    return int((total - free) // _MIB)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))))  # noqa: T201
