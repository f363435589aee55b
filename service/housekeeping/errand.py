"""One piece of work after a document, and where such pieces come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from service.ledger.values import Job


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to do. key: the same for the same thing, however often it is proposed. about: fields for the log."""

    key: str
    run: Callable[[], None]
    about: Mapping[str, Any] = field(default_factory=dict)


class Task(Protocol):
    """Proposes errands from what the ledger says; asked by one thread."""

    name: str

    def errands(self) -> Sequence[Errand]:
        """Return what is due now, in order; some of it where there is much."""

    def wait_s(self) -> float:
        """Return in how many seconds something falls due by itself; infinity when only a change can bring work."""


def about(job: Job) -> dict[str, Any]:
    """Return the fields of the log that say which video is meant."""
    said: dict[str, Any] = {"job": job.job_id, "root": job.root, "path": job.path}
    return said | ({"video_id": job.sha256[:16]} if job.sha256 else {})
