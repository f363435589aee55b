"""Keeps what torch takes of a card within what the actor was given, so that neighbours on the card keep their part.

Ray's fractions of a card are bookkeeping: nothing enforces them (Ray documentation, "Resources": physical and logical
resources). torch's allocator can be bounded per process, which is done here. CTranslate2 (faster-whisper, WhisperX's
decoder) and ONNX Runtime allocate beside torch: this bound does not hold for them, only their declared figures do.
"""

from __future__ import annotations

import importlib.util
import os
from typing import Any

EXPANDABLE = {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}
"""Segments that grow instead of many of fixed size: shots and texts of changing length fragment the cache otherwise
(PyTorch documentation, "CUDA semantics", memory management). Read when torch is imported."""

CARD_HOST_MIB = 2500
"""Host memory of a process whose torch works on a card: torch itself, the driver's context, the kernels of cuBLAS and
cuDNN, and the shard of weights that is being moved. Not measured."""

_MIB = 2**20
_held_mib: dict[str, int] = {}


def hold(actor: str, vram_mib: int) -> bool:
    """Bound what torch may allocate on this process's card by what its actors declare; True where a bound was set.

    Called before a backend loads. Without a declared share, without torch or without a card nothing is done, and torch
    is not imported. Where one process holds several actors (the fake pool) their shares add up.
    """
    if vram_mib <= 0 or importlib.util.find_spec("torch") is None:
        return False
    for name, value in EXPANDABLE.items():
        os.environ.setdefault(name, value)
    _held_mib[actor] = vram_mib
    import torch  # noqa: PLC0415 - only for an actor on a card, and after its environment is set

    return _bound(torch, sum(_held_mib.values()))


def let_go(actor: str) -> None:
    """Forget the share of an actor that has closed."""
    _held_mib.pop(actor, None)


def _bound(torch: Any, vram_mib: int) -> bool:
    if not torch.cuda.is_available():
        return False
    # Device 0 is the actor's own card: Ray shows each actor only the card it was placed on.
    total_mib = torch.cuda.get_device_properties(0).total_memory / _MIB
    torch.cuda.set_per_process_memory_fraction(min(1.0, vram_mib / total_mib), 0)
    return True
