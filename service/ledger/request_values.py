"""The ledger's values about what people ask for through the web face: a video by path, by upload or by URL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum


class RequestKind(StrEnum):
    """How a video was handed in."""

    PATH = "path"
    UPLOAD = "upload"
    URL = "url"


class RequestState(StrEnum):
    """Where a request is. `received`: its video is still to come; `waiting`: it is there, the service is to take it."""

    RECEIVED = "received"
    DOWNLOADING = "downloading"
    WAITING = "waiting"
    TAKEN = "taken"
    REFUSED = "refused"
    FAILED = "failed"


_R = RequestState
REQUEST_TRANSITIONS: dict[RequestState, frozenset[RequestState]] = {
    _R.RECEIVED: frozenset({_R.DOWNLOADING, _R.WAITING, _R.REFUSED, _R.FAILED}),
    _R.DOWNLOADING: frozenset({_R.RECEIVED, _R.WAITING, _R.REFUSED, _R.FAILED}),
    _R.WAITING: frozenset({_R.TAKEN, _R.REFUSED, _R.FAILED}),
    _R.TAKEN: frozenset(),
    _R.REFUSED: frozenset(),
    _R.FAILED: frozenset(),
}
"""From each state, the states a request may go to next."""
ENDED = frozenset(state for state, following in REQUEST_TRANSITIONS.items() if not following)
"""States that need nothing further; what becomes of a taken video, its job says."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Times are wall-clock seconds; paths are the file system's own bytes.

    asked: the absolute path, the URL, or the name an upload came with. force: a video that has a document is to get a
    new one.
    root, path: where its video lies, as in `service.intake.ports`; None before it is there.
    reason, detail: why it was refused or failed: a stable code and a sentence with the remedy.
    bytes_done, bytes_total: of an upload or download; None where nobody knows.
    begun: how often its download was begun. worker: the process that was asked, or that fetches
    it (`worker.this_process`).
    """

    request_id: int
    kind: RequestKind
    asked: bytes
    state: RequestState
    force: bool = False
    root: bytes | None = None
    path: bytes | None = None
    job_id: int | None = None
    reason: str | None = None
    detail: str | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None
    begun: int = 0
    worker: str | None = None
    created_at: float = 0.0
    updated_at: float = 0.0
    ended_at: float | None = None

    @property
    def file(self) -> bytes | None:
        """The whole path of its video; None before it is there."""
        if self.root is None or self.path is None:
            return None
        return os.path.join(self.root, self.path)  # noqa: PTH118 - pathlib holds no bytes
