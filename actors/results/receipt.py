"""What fusion wrote."""

from __future__ import annotations

from typing import Literal

from actors.results.base import Result


class FusionReceipt(Result):
    """What fusion wrote: the document's path relative to the output root, and the document's status."""

    document: str
    status: Literal["complete", "partial"]
    run_id: str
