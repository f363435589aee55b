"""What a start finds of uploads and downloads whose process has ended."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from service.bookkeeping import Emit
from service.ledger.ledger import Ledger
from service.ledger.request_values import Request, RequestState
from service.received.folder import sweep
from service.request_events import tell_failed


def settle(ledger: Ledger, root: bytes, *, emit: Emit) -> None:
    """Remove what they left on its way and settle their requests; safe while other processes receive.

    root: the folder of uploads and downloads. Raises what the ledger raises.
    """
    count = sweep(root)
    if count:
        emit("received.swept", count=count)
    for request in ledger.recover_requests(_is_there):
        if request.state is RequestState.FAILED:
            tell_failed(emit, request, reason=request.reason or "", detail=request.detail or "")


def _is_there(request: Request) -> bool:
    """Say whether the file at its place is as long as what was received: its name may be another's by now."""
    if request.file is None:
        return False
    with suppress(OSError):
        status = Path(os.fsdecode(request.file)).lstat()
        return stat.S_ISREG(status.st_mode) and status.st_size == request.bytes_done
    return False
