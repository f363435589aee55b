"""What an actor's process may take of the host, enforced by the kernel."""

from __future__ import annotations

import resource
from pathlib import Path

_MIB = 2**20


def limit_memory(most_mib: int) -> None:
    """Let this process have at most `most_mib` MiB of private memory beyond what it has now; 0 sets no limit.

    RLIMIT_DATA (since Linux 4.7 private writable mappings count, see setrlimit(2)): what goes beyond it fails as an
    allocation, so the library reports it and the process lives. RLIMIT_AS would count the object store's shared memory
    and what allocators only reserve, which is gigabytes in a process of Ray's.
    """
    if most_mib <= 0:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = private_bytes() + most_mib * _MIB
    soft = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def private_bytes() -> int:
    """Return how much of this process RLIMIT_DATA counts (`VmData` of proc(5)), in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name == "VmData":
            return int(value.split()[0]) * 1024
    raise OSError("/proc/self/status tells no VmData")
