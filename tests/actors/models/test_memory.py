"""What does not fit is halved, down to single items; what fails otherwise is not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from actors.errors import OutOfMemory
from actors.models.memory import in_batches, is_out_of_memory


class OutOfMemoryError(RuntimeError):
    """Named as torch names it."""


@pytest.mark.parametrize(
    ("room", "size", "asked"),
    [
        pytest.param(8, 4, [4, 4, 2], id="all fit"),
        pytest.param(3, 4, [4, 2, 2, 2, 2, 2], id="halved once, and kept"),
        pytest.param(1, 4, [4, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], id="singles"),
        pytest.param(8, 99, [10, 5, 5], id="a batch larger than there are items"),
    ],
)
def test_halving(room: int, size: int, asked: list[int]) -> None:
    seen: list[int] = []
    released: list[bool] = []

    def run(batch: Sequence[int]) -> list[int]:
        seen.append(len(batch))
        if len(batch) > room:
            raise OutOfMemoryError("CUDA out of memory")
        return [item * 2 for item in batch]

    found = in_batches(range(10), run, size=size, release=lambda: released.append(True))
    assert found == [item * 2 for item in range(10)]
    assert seen == asked
    assert len(released) == sum(length > room for length in asked)


def test_a_single_item_that_does_not_fit_ends_it() -> None:
    def run(_: Sequence[int]) -> list[int]:
        raise MemoryError

    with pytest.raises(OutOfMemory, match="single item"):
        in_batches([1, 2, 3], run, size=2)


def test_other_errors_are_nobody_elses() -> None:
    def run(_: Sequence[int]) -> list[int]:
        raise RuntimeError("mat1 and mat2 must have the same dtype")

    with pytest.raises(RuntimeError, match="mat1"):
        in_batches([1, 2], run, size=2)


@pytest.mark.parametrize(
    ("exc", "expected"),
    [
        (OutOfMemoryError("x"), True),
        (MemoryError(), True),
        (RuntimeError("CUDA failed with error out of memory"), True),  # CTranslate2
        (RuntimeError("Failed to allocate memory for requested buffer of size 1"), True),  # ONNX Runtime
        (RuntimeError("device-side assert triggered"), False),
        (ValueError("no"), False),
    ],
)
def test_what_counts_as_out_of_memory(exc: Exception, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_out_of_memory(exc) is expected
