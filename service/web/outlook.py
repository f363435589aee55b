"""What the service is doing, as far as this process can know: whether it is there, and its live note."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.explanation import Situation
from service.ledger.states import State
from service.live.note import LiveNote, parsed
from service.web.liveness import Liveness, liveness

if TYPE_CHECKING:
    from service.ledger.ledger import Ledger
    from service.ledger.values import Job
    from service.live.note import JobProgress
    from service.web.site import Site


@dataclass(frozen=True, slots=True)
class Outlook:
    """One look. note: the last live note, whoever wrote it; None where there is none that can be read.

    current: the process that wrote the note is the service that runs.
    """

    liveness: Liveness
    note: LiveNote | None
    now: float

    @property
    def current(self) -> bool:
        """Whether the note tells of the service that runs, and not of one that has ended."""
        return self.running and self.note is not None and self.note.pid == self.liveness.pid

    @property
    def running(self) -> bool:
        """Whether a service runs here, and not merely something that holds the state directory."""
        start = self.liveness.start
        return self.liveness.pid is not None and start is not None and start.pid == self.liveness.pid

    @property
    def situation(self) -> Situation:
        """What keeps all videos alike."""
        return Situation(self.running, self.liveness.pause, self.now)

    def progress(self, job: Job) -> JobProgress | None:
        """Return how far a video has come; None for one that is not in work, or of which nobody tells."""
        if self.note is None or not self.current or job.state is not State.RUNNING:
            return None
        return next((found for found in self.note.jobs if found.job == job.job_id), None)


def look(site: Site) -> Outlook:
    """Look now; raises what the ledger raises."""
    return Outlook(liveness(site), note_of(site.ledger), site.clock.wall())


def note_of(ledger: Ledger) -> LiveNote | None:
    """Return the last live note, None where there is none that can be read."""
    text = ledger.live_note()
    return None if text is None else parsed(text.note)
