"""What was asked for through the web face, as rows of the queue: how far it has come, or why it came to nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from service.ledger.request_values import ENDED, RequestKind, RequestState
from service.logs.names import readable
from service.web.views.figures import capitalize_first

if TYPE_CHECKING:
    from service.ledger.request_values import Request

KINDS = {RequestKind.PATH: "by its path", RequestKind.UPLOAD: "upload", RequestKind.URL: "from an address"}
_STATES = {RequestState.RECEIVED: "asked for"}
_WORDS = {
    RequestState.RECEIVED: "Waits to be fetched",
    RequestState.DOWNLOADING: "Being fetched",
    RequestState.WAITING: "Here; the service takes it in a moment",
}


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request. chip: its state in a word. why: a sentence. comes: bytes are coming in.

    done, total: how many have come and of how many, None where nobody knows. again: the address to fetch once more,
    None where that is of no use.
    """

    is_job: ClassVar[bool] = False

    number: int
    kind: str
    name: str
    asked: str
    state: RequestState
    chip: str
    why: str
    changed_at: float
    comes: bool
    done: int | None = None
    total: int | None = None
    again: str | None = None

    @property
    def moving(self) -> bool:
        """Whether it is on its way."""
        return self.state not in ENDED


def request_row(asked: Request) -> RequestRow:
    """Return the row of a request that is not taken."""
    text = readable(asked.asked)
    coming_up = asked.kind is RequestKind.UPLOAD and asked.state is RequestState.RECEIVED
    comes = asked.state is RequestState.DOWNLOADING or coming_up
    failed_fetch = asked.kind is RequestKind.URL and asked.state is RequestState.FAILED
    return RequestRow(
        number=asked.request_id,
        kind=KINDS[asked.kind],
        name=readable(os.path.basename(asked.asked)) if asked.kind is RequestKind.PATH else text,  # noqa: PTH119 - bytes paths
        asked=text,
        state=asked.state,
        chip="uploading" if coming_up else _STATES.get(asked.state, asked.state.value),
        why="Being sent" if coming_up else _WORDS.get(asked.state) or _because(asked),
        changed_at=asked.ended_at or asked.updated_at,
        comes=comes,
        done=asked.bytes_done,
        total=asked.bytes_total,
        again=text if failed_fetch else None,
    )


def _because(asked: Request) -> str:
    said = asked.detail or (asked.reason or asked.state.value).replace("_", " ")
    return readable(capitalize_first(said))
