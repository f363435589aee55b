"""Looks at the ledger and says what differs from the look before. Not thread-safe: one look after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.ledger.errors import LedgerError
from service.web.api.entries import entry
from service.web.asked_for import asked_for
from service.web.events.messages import (
    Event,
    JobChanges,
    Progress,
    Requests,
    ServiceState,
    progress,
    requests,
    service_state,
)
from service.web.liveness import holder
from service.web.outlook import look

if TYPE_CHECKING:
    from service.ledger.ledger import Ledger
    from service.ledger.states import State
    from service.ledger.values import Job
    from service.web.outlook import Outlook
    from service.web.site import Site

OVERLAP_S = 20.0
"""How far behind what was seen a look begins: a row's time is taken before its transaction gets the lock (16 s at most,
`ledger.engine.Patience`), so that an earlier time may come to be seen after a later one."""
MOST_CHANGES = 300
"""Changed videos told in one event; beyond that a reader reads the list again."""

Version = tuple[str, int, int | None]


@dataclass(slots=True)
class _Seen:
    """What the last look saw. version: of ledger and service, None where there was no ledger."""

    version: Version | None = None
    outlook: Outlook | None = None
    service: ServiceState | None = None
    progress: Progress | None = None
    requests: Requests | None = None
    counts: dict[State, int] = field(default_factory=dict)
    rows: dict[int, Job] = field(default_factory=dict)
    since: float = 0.0
    era: str = ""


class Watcher:
    """Remembers one look. `changes` is for those who follow, `all_of_it` for who has just come."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._seen = _Seen()

    def changes(self) -> list[Event]:
        """Look, and return what is to be told; cheap while nothing has changed. Never raises for the ledger."""
        try:
            return self._look(self._site.ledger)
        except LedgerError as exc:
            return self._lost(str(exc))

    def all_of_it(self, last_id: str | None) -> list[Event]:
        """Return the state as the last look saw it, and which videos have changed since an event of this id."""
        seen = self._seen
        if seen.service is None:
            return []
        told = [self._event("service", seen.service)]
        if seen.version is None:
            return told
        told.append(self._event("progress", seen.progress or Progress(at=None, jobs=[])))
        told.append(self._event("requests", seen.requests or Requests(requests=[])))
        return [*told, self._event("jobs", self._changes(self._since(last_id)))]

    @property
    def position(self) -> str:
        """Where a stream that has told everything so far stands."""
        return f"{self._seen.era}-{self._seen.since:.6f}"

    def _look(self, ledger: Ledger) -> list[Event]:
        # Not the ledger's `id`: one that is begun anew may lie where the closed one lay.
        version = (self._site.handle.era, ledger.data_version(), holder(self._site))
        if version == self._seen.version:
            return []
        first = self._seen.version is None or self._seen.version[0] != version[0]
        if first:
            self._seen = _Seen(service=self._seen.service, since=ledger.latest_update(), era=version[0])
        outlook, counts = look(self._site), ledger.state_counts()
        found = ledger.updated_since(self._seen.since - OVERLAP_S, limit=MOST_CHANGES + 1)
        told = [*self._asked_for(), *self._tell(outlook, counts, found, first=first)]
        self._seen.version = version
        return told

    def _asked_for(self) -> list[Event]:
        now = requests(asked_for(self._site))
        if now == self._seen.requests:
            return []
        self._seen.requests = now
        return [self._event("requests", now)]

    def _tell(self, outlook: Outlook, counts: dict[State, int], found: list[Job], *, first: bool) -> list[Event]:
        seen, events = self._seen, list[Event]()
        seen.outlook = outlook
        changed = [job for job in found if seen.rows.get(job.job_id) != job]
        seen.rows = {job.job_id: job for job in found}
        seen.since = max([seen.since, *(job.updated_at for job in found)])
        reset = first or len(found) > MOST_CHANGES
        now, going = service_state(outlook), progress(outlook)
        if seen.service is None or _timeless(now) != _timeless(seen.service):
            seen.service = now
            events.append(self._event("service", now))
        if seen.progress is None or going.jobs != seen.progress.jobs:
            seen.progress = going
            events.append(self._event("progress", going))
        if reset or changed or counts != seen.counts:
            seen.counts = counts
            events.append(self._event("jobs", self._changes(None if reset else changed)))
        return events

    def _lost(self, why: str) -> list[Event]:
        """Say that there is no ledger to be read, once."""
        state = ServiceState(
            ready=False,
            reasons=[why],
            pid=holder(self._site),
            started_at=None,
            pool_up=False,
            current=False,
            note_at=None,
            actors=[],
            stages=[],
            vitals=None,
        )
        if self._seen.version is None and self._seen.service == state:
            return []
        self._seen = _Seen(service=state)
        return [self._event("service", state)]

    def _since(self, last_id: str | None) -> list[Job] | None:
        """Return the videos that have changed since an event; None where that cannot be told."""
        era, _, at = (last_id or "").rpartition("-")
        try:
            since = float(at)
        except ValueError:
            return None
        if era != self._seen.era or not 0 <= since <= self._seen.since:
            return None
        try:
            found = self._site.ledger.updated_since(since - OVERLAP_S, limit=MOST_CHANGES + 1)
        except LedgerError:
            return None
        return found if len(found) <= MOST_CHANGES else None

    def _changes(self, jobs: list[Job] | None) -> JobChanges:
        """Return the event on these videos; None: on more than can be told."""
        outlook = self._seen.outlook
        entries = [] if jobs is None or outlook is None else [entry(job, outlook.situation) for job in jobs]
        return JobChanges(counts=self._seen.counts, changed=entries, reset=jobs is None)

    def _event(self, kind: str, data: ServiceState | Progress | Requests | JobChanges) -> Event:
        return Event(kind, data.model_dump_json(), self.position)


def position(site: Site) -> str:
    """Return where a stream stands that tells what happens from now on; raises what the ledger raises."""
    ledger = site.ledger
    return f"{site.handle.era}-{ledger.latest_update():.6f}"


def _timeless(state: ServiceState) -> ServiceState:
    """Return what is worth an event by itself: a note that says what the one before said is not."""
    return state.model_copy(update={"note_at": None})
