"""The kernel's limit on what an actor's process may have."""

from __future__ import annotations

import mmap
import subprocess
import sys

import pytest

from actors.pool.limits import private_bytes

PROGRAM = """
import sys, mmap
from actors.pool.limits import limit_memory
limit_memory(int(sys.argv[1]))
shared = mmap.mmap(-1, 256 * 2**20)  # shared memory does not count: Ray's object store is that
shared.write(bytes(2**20))
try:
    held = bytearray(128 * 2**20)
    print("had it", end="")
except MemoryError:
    print("refused", end="")
"""


@pytest.mark.parametrize(("most_mib", "said"), [(64, "refused"), (512, "had it"), (0, "had it")])
def test_what_lies_beyond_the_limit_is_refused_and_the_process_lives(most_mib: int, said: str) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, str(most_mib)], capture_output=True, text=True, check=True)
    assert ended.stdout == said


def test_what_a_process_has_is_told_in_bytes() -> None:
    before = private_bytes()
    with mmap.mmap(-1, 64 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
        assert private_bytes() - before >= len(held)
