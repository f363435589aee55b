"""Batches that fit: a batch the card has no room for is halved, down to single items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from actors.errors import OutOfMemory

Item = TypeVar("Item")
Found = TypeVar("Found")


_SAID = ("out of memory", "failed to allocate memory", "cuda_error_out_of_memory", "insufficient memory")


def in_batches(
    items: Sequence[Item],
    run: Callable[[Sequence[Item]], Sequence[Found]],
    *,
    size: int,
    release: Callable[[], None] = lambda: None,
) -> list[Found]:
    """Run items in batches of at most `size`, in order; a batch that runs out of memory is halved and tried again.

    release: gives cached memory back before the next try. The smaller size stays for the rest of the call.
    Raises `OutOfMemory` when a single item does not fit: the process is then to be replaced.
    """
    found: list[Found] = []
    at = 0
    while at < len(items):
        try:
            found.extend(run(items[at : at + size]))
        except (RuntimeError, MemoryError) as exc:
            if not is_out_of_memory(exc):
                raise
            release()
            if size == 1 or len(items) - at == 1:
                raise OutOfMemory("gpu_out_of_memory", f"a single item does not fit into memory: {exc}") from exc
            size = max(1, min(size, len(items) - at) // 2)
        else:
            at += size
    return found


def is_out_of_memory(exc: BaseException) -> bool:
    """Whether an exception means that memory ran out, on the card or on the host.

    torch raises `OutOfMemoryError`, a `RuntimeError`; CTranslate2 and ONNX Runtime raise a bare one whose text says so,
    OpenCV an error of its own.
    """
    said = str(exc).lower()
    named = type(exc).__name__ == "OutOfMemoryError" or isinstance(exc, MemoryError)
    return named or any(text in said for text in _SAID)


def release_cuda(torch: Any) -> None:
    """Give the memory that torch keeps for later back to the card."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
