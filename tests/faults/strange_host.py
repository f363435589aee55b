"""What a test asks of the host for one service, put in force in that service's own process before it starts.

FAULT_HOST='{"inotify": {"max_inotify_watches": 8}, "closed": [1, 2]}'

inotify     a user namespace with these limits (`/proc/sys/user/…`), the host's own left alone
no_inotify  an errno with which inotify_init1(2) is refused
closed      numbers of standard streams that are closed
mountinfo   a file that is taken for the kernel's table of mounts
refusals    {"file": a path, "errno": n, "below": a folder}: while the file is there, writes to files below the
            folder are refused with that number
patience_s  how long one try waits for a locked ledger, instead of 5 s three times over
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2
_CLONE_NEWUSER = 0x1000_0000
_CAPABILITY_VERSION_3 = 0x2008_0522


def arm(asked: str) -> None:
    """Put in force what a JSON object asks for."""
    wanted = json.loads(asked)
    for name in wanted:
        _ARMS[name](wanted[name])


def unshare(flags: int) -> None:
    """Give the caller namespaces of its own; raises OSError where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _inotify(limits: Mapping[str, int]) -> None:
    unshare(_CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    for kind in ("uid", "gid"):
        Path(f"/proc/self/{kind}_map").write_text("0 0 1")
    for name, limit in limits.items():
        Path("/proc/sys/user", name).write_text(str(limit))


def _no_inotify(number: int) -> None:
    from watchdog.observers.inotify_c import InotifyFD

    def refused() -> int:
        raise OSError(number, os.strerror(number))

    InotifyFD._create_inotify_fd = staticmethod(refused)  # type: ignore[method-assign]


def _obedient(_asked: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice 32 bits of each
    for call in (libc.capget, libc.capset):
        if call(header, sets):
            raise OSError(ctypes.get_errno(), "capabilities cannot be changed")
        for number in range(2):
            sets[number] &= ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH)


def _closed(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _mountinfo(path: str) -> None:
    from service.intake import mounts

    mounts.MOUNTINFO = Path(path)  # type: ignore[misc]


def _refusals(asked: Mapping[str, Any]) -> None:
    write = os.write

    def refusing(descriptor: int, content: Any) -> int:
        if os.path.exists(asked["file"]) and os.readlink(f"/proc/self/fd/{descriptor}").startswith(asked["below"]):  # noqa: PTH110, PTH115 - met at every write
            raise OSError(asked["errno"], os.strerror(asked["errno"]))
        return write(descriptor, content)

    os.write = refusing


def _patience_s(seconds: float) -> None:
    from service.ledger import engine

    engine.Patience = partial(engine.Patience, busy_timeout_s=seconds, tries=1)  # type: ignore[misc]


_ARMS = {
    "inotify": _inotify,
    "no_inotify": _no_inotify,
    "obedient": _obedient,
    "closed": _closed,
    "mountinfo": _mountinfo,
    "refusals": _refusals,
    "patience_s": _patience_s,
}
NOT_ALLOWED = frozenset({errno.EPERM, errno.EACCES, errno.ENOSPC, errno.ENOSYS, errno.EINVAL})
"""With these, namespaces are refused: no root, or a container."""
