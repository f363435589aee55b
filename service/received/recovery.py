"""What a start finds of uploads and downloads whose process has ended."""

from __future__ import annotations

from service.bookkeeping import Emit
from service.ledger.ledger import Ledger
from service.ledger.request_values import RequestState
from service.received.folder import sweep
from service.request_events import tell_failed


def settle(ledger: Ledger, root: bytes, *, emit: Emit) -> None:
    """Remove what they left on its way and settle their requests; safe while other processes receive.

    root: the folder of uploads and downloads. Raises what the ledger raises.
    """
    count = sweep(root)
    if count:
        emit("received.swept", count=count)
    for request in ledger.recover_requests():
        if request.state is RequestState.FAILED:
            tell_failed(emit, request, reason=request.reason or "", detail=request.detail or "")
