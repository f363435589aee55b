"""One upload on its way: bytes in, bounded by size and by what the disk must keep free; whole at its end, or gone."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from service.bookkeeping import Emit
from service.clock import Clock
from service.disk import free_bytes
from service.ledger.errors import LedgerError
from service.ledger.ledger import Ledger
from service.ledger.request_values import Request
from service.ledger_trouble import PASSING, RETRY_S
from service.received.folder import Landing
from service.received.refusal import Refusal
from service.request_events import tell_failed, tell_refused

PROGRESS_EVERY_S = 2.0
LOOK_EVERY_BYTES = 16 * 2**20
"""How often free space is looked at."""
TELL_WITHIN_S = 30.0
"""How long somebody who has sent a whole video is kept waiting for a ledger that is busy."""
_FILE = "video"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large one upload may be, and what must stay free on the disk."""

    limit_bytes: int
    low_water_bytes: int


class Upload:
    """A context: left without `finish`, nothing of it stays, and its request has failed. One thread at a time.

    landed: where it comes in. name: the clean one that it is to have.
    resources: what stands behind it, let go of at its end.
    """

    def __init__(
        self,
        request: Request,
        landed: Landing,
        *,
        name: str,
        bounds: Bounds,
        ledger: Ledger,
        clock: Clock,
        emit: Emit,
        resources: ExitStack,
    ) -> None:
        self.request = request
        self.size_bytes = 0
        self._landed = landed
        # Unbuffered: what a full disk did not take must not be tried again at the end.
        self._file = resources.enter_context((landed.folder / _FILE).open("xb", buffering=0))
        self._name = name
        self._bounds = bounds
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._resources = resources
        self._began_s = self._noted_s = clock.monotonic()
        self._looked_at = 0
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        with self._resources:
            if not self._ended:
                self._fail("aborted", f"the connection ended after {self.size_bytes} bytes; send it once more")

    def write(self, chunk: bytes) -> Refusal | None:
        """Take the next bytes; a refusal ends the upload."""
        self.size_bytes += len(chunk)
        refusal = self._beyond()
        if refusal is None:
            refusal = self._written(chunk)
        if refusal is not None:
            self._refuse(refusal)
        elif self._clock.monotonic() >= self._noted_s + PROGRESS_EVERY_S:
            self._noted_s = self._clock.monotonic()
            with suppress(LedgerError):  # the next one tells more
                self._ledger.note_progress(self.request.request_id, done=self.size_bytes, total=None)
        return refusal

    def finish(self) -> Request | Refusal:
        """Let the video appear whole, and return its request, which waits for the service; or why it cannot be.

        A ledger that is busy is waited for, `TELL_WITHIN_S` each time. Raises `LedgerError` after that: before the
        video has appeared nothing is left of it, and afterwards the next start finds it (`recovery.settle`).
        """
        if not self.size_bytes:
            return self._refuse(Refusal("empty", "nothing was sent"))
        try:
            name = self._landed.publish(_FILE, name=self._name, about_to=self._about_to)
        except OSError as exc:
            return self._refuse(_unwritten(exc))
        place = (self._landed.root, os.fsencode(name))
        self._ended = True
        number = self.request.request_id
        self._tell(lambda: self._ledger.video_is_there(number, place, size_bytes=self.size_bytes))
        seconds = round(self._clock.monotonic() - self._began_s, 3)
        said = {"root": place[0], "path": place[1], "size_bytes": self.size_bytes, "seconds": seconds}
        self._emit("upload.done", request=self.request.request_id, **said)
        return self._ledger.request(self.request.request_id)

    def _about_to(self, name: str) -> None:
        number, place = self.request.request_id, (self._landed.root, os.fsencode(name))
        self._tell(lambda: self._ledger.note_place(number, place, size_bytes=self.size_bytes))

    def _tell(self, tell: Callable[[], None]) -> None:
        end_s = self._clock.monotonic() + TELL_WITHIN_S
        while True:
            try:
                return tell()
            except PASSING:
                if self._clock.monotonic() >= end_s:
                    raise
                self._clock.sleep(RETRY_S)

    def _beyond(self) -> Refusal | None:
        if self.size_bytes <= self._bounds.limit_bytes and self.size_bytes - self._looked_at < LOOK_EVERY_BYTES:
            return None
        self._looked_at = self.size_bytes
        return beyond(self._bounds, self._landed.root, self.size_bytes, of_which_written=self.size_bytes)

    def _written(self, chunk: bytes) -> Refusal | None:
        try:
            view = memoryview(chunk)
            while view:
                view = view[self._file.write(view) :]
        except OSError as exc:
            return _unwritten(exc)
        return None

    def _refuse(self, refusal: Refusal) -> Refusal:
        self._ended = True
        said = {"reason": refusal.reason, "detail": refusal.detail}
        self._ledger.refuse_request(self.request.request_id, **said)
        tell_refused(self._emit, self.request, **said)
        return refusal

    def _fail(self, reason: str, detail: str) -> None:
        self._ended = True
        self._ledger.fail_request(self.request.request_id, reason=reason, detail=detail)
        tell_failed(self._emit, self.request, reason=reason, detail=detail)


def beyond(bounds: Bounds, root: bytes, size_bytes: int, *, of_which_written: int = 0) -> Refusal | None:
    """Return why an upload of this size cannot be taken into the root; None when it can."""
    if size_bytes > bounds.limit_bytes:
        mib = bounds.limit_bytes // 2**20
        settings = "requests.upload_mib, media.max_file_mib"
        return Refusal("too_large", f"it is larger than {mib} MiB ({settings}). Put it into an inbox instead.")
    free = free_bytes(root)
    if free is None or free - (size_bytes - of_which_written) >= bounds.low_water_bytes:
        return None
    return Refusal(
        "disk_full",
        f"{free // 2**20} MiB are free where uploads land, and {bounds.low_water_bytes // 2**20} MiB must stay so "
        "(disk.low_water_mib). Free space there.",
    )


def _unwritten(error: OSError) -> Refusal:
    return Refusal("not_written", f"it could not be written: {os.strerror(error.errno or 0)}")
