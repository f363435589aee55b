"""`/`: every video and where it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from service.downloads.urls import MOST_CHARS
from service.ledger.errors import LedgerError
from service.ledger.listing import folded
from service.ledger.request_values import ENDED, RequestState
from service.ledger.states import State
from service.logs.names import readable
from service.received.refusal import Refusal as NotReceived
from service.search.links import video_address
from service.web.api import analyze, jobs
from service.web.api.entries import JobEntry, entry
from service.web.api.forms import refused
from service.web.asked_for import asked_for
from service.web.events.watcher import position
from service.web.outlook import look
from service.web.pages.login import local
from service.web.pages.templates import page
from service.web.problems import Refusal
from service.web.site import GivenSite
from service.web.views.requested import RequestRow, request_row

if TYPE_CHECKING:
    from starlette.responses import HTMLResponse

    from service.ledger.values import Job
    from service.live.note import JobProgress
    from service.web.outlook import Outlook
    from service.web.site import Site

router = APIRouter()

SHOWN = 50
"""Videos on a page."""
MOST_IN_WORK = 64
"""Videos in work that are shown at once; a replica set has eight at most."""


_UNDER_WAY = frozenset(RequestState) - ENDED
_CAME_TO_NOTHING = frozenset({RequestState.FAILED, RequestState.REFUSED})


@dataclass(frozen=True, slots=True)
class Group:
    """States that a person asks for together; none: all that are not superseded.

    requests: of what was asked for and is no video of the queue yet.
    """

    key: str
    name: str
    states: tuple[State, ...]
    requests: frozenset[RequestState] = frozenset()


GROUPS = (
    Group("all", "All", (), _UNDER_WAY | _CAME_TO_NOTHING),
    Group("work", "In work", (State.RUNNING,)),
    Group("waiting", "Waiting", (State.QUEUED, State.WAITING, State.INCOMPLETE, State.BLOCKED), _UNDER_WAY),
    Group("attention", "Needs attention", (State.FAILED, State.REJECTED, State.PARKED), _CAME_TO_NOTHING),
    Group("done", "Done", (State.DONE, State.DUPLICATE)),
    Group("gone", "Gone", (State.GONE,)),
)
_IN_WORK = frozenset({"all", "work"})
_WITH_PAGE = frozenset({State.DONE, State.PARKED, State.DUPLICATE})


@dataclass(frozen=True, slots=True)
class Row:
    """One video as the page shows it. folder: below its inbox, for people. page: of its document, where it has one."""

    is_job: ClassVar[bool] = True

    entry: JobEntry
    folder: str
    progress: JobProgress | None
    page: str | None

    @property
    def changed_at(self) -> float:
        """When it changed last."""
        return self.entry.changed_at


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the queue is asked for: a group or a single state, words of the name, where a page begins."""

    key: str
    words: str
    cursor: str | None

    @property
    def group(self) -> Group:
        """The states that are shown."""
        known = {s.value: Group(s.value, s.value, (s,)) for s in State} | {group.key: group for group in GROUPS}
        return known.get(self.key, GROUPS[0])

    def address(self, *, key: str | None = None, cursor: str | None = None) -> str:
        """Return the page's address, for another group or page where that is said."""
        values = {"state": key or self.group.key, "q": self.words, "cursor": cursor or ""}
        given = {name: value for name, value in values.items() if value and (name, value) != ("state", "all")}
        return f"/?{urlencode(given)}" if given else "/"


@router.get("/", response_model=None)
def queue(
    site: GivenSite,
    state: Annotated[str, Query(max_length=20)] = "all",
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    part: Annotated[str, Query(max_length=10)] = "",
) -> HTMLResponse:
    """Show what is in work, and of all others those that changed last. part: `list`, for the list without the page."""
    asked = Asked(state, q.strip(), cursor)
    try:
        values = _values(site, asked)
    except LedgerError as exc:
        return page(site, "live/missing.html", here="/", why=str(exc))
    except Refusal:  # a cursor of somebody else's
        values = _values(site, Asked(state, q.strip(), None))
    if part == "list":
        return page(site, "queue/list.html", here="/", **values)
    return page(site, "queue.html", here="/", accepted=_accepted(site), **values)


@router.post("/queue/{job_id}/retry", response_model=None)
def retry(site: GivenSite, job_id: jobs.JobId, back: Annotated[str, Form(max_length=2000)] = "/") -> Response:
    """Try a video again, for browsers that run no scripts; the page then shows what becomes of it."""
    try:
        jobs.retry(site, job_id)
    except Refusal as refusal:
        if refusal.status is HTTPStatus.NOT_FOUND:
            raise
    return RedirectResponse(local(back), HTTPStatus.SEE_OTHER)


@router.post("/queue/send", response_model=None)
async def send(site: GivenSite, request: Request) -> Response:
    """Take a video in a form, for browsers that run no scripts; awaited, and refused, as by `/analyze`."""
    await analyze.analyze(request, Response(), site)
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


@router.post("/queue/fetch", response_model=None)
def fetch(site: GivenSite, url: Annotated[str, Form(min_length=1, max_length=MOST_CHARS)]) -> Response:
    """Ask for a video by its address, for browsers that run no scripts; raises `Refusal` for what is not fetched."""
    answer = site.reception.ask_url(url)
    if isinstance(answer, NotReceived):
        raise refused(answer)
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


def _values(site: Site, asked: Asked) -> dict[str, Any]:
    last, outlook, counts, requested = position(site), look(site), site.ledger.state_counts(), asked_for(site)
    listed, after = _listed(site, asked)
    working = _working(site, asked) if asked.cursor is None and asked.group.key in _IN_WORK else []
    documented = site.ledger.documented({job.duplicate_of or job.job_id for job in listed})
    requests = [request_row(one) for one in requested]

    def number(group: Group) -> int:
        return _number(group, counts) + sum(one.state in group.requests for one in requests)

    return {
        "asked": asked,
        "groups": [(group, number(group), asked.address(key=group.key)) for group in GROUPS],
        "working": [_row(job, outlook, documented) for job in working],
        "rows": _merged([_row(job, outlook, documented) for job in listed], _shown(requests, asked)),
        "next": None if after is None else asked.address(cursor=after),
        "first": None if asked.cursor is None else asked.address(),
        "here_again": asked.address(cursor=asked.cursor),
        "total": number(asked.group),
        "empty": not any(counts.values()) and not requests,
        "inboxes": _inboxes(site, outlook),
        "liveness": outlook.liveness,
        "last": last,
        "now": outlook.now,
    }


def _shown(requests: list[RequestRow], asked: Asked) -> list[RequestRow]:
    """Return what of the requests is shown: on the first page, by name as videos are."""
    words = folded(asked.words).split()
    wanted = asked.group.requests if asked.cursor is None else frozenset()
    return [one for one in requests if one.state in wanted and all(word in folded(one.asked) for word in words)]


def _merged(jobs: list[Row], requests: list[RequestRow]) -> list[Row | RequestRow]:
    """Return both in one order: what is on its way, then what changed last; no page but the first has requests."""
    under_way: list[Row | RequestRow] = [one for one in requests if one.moving]
    ended: list[Row | RequestRow] = [one for one in requests if not one.moving]
    return under_way + sorted([*jobs, *ended], key=lambda row: row.changed_at, reverse=True)


def _listed(site: Site, asked: Asked) -> tuple[list[Job], str | None]:
    """Return what is listed below those in work, and the cursor of the page that follows."""
    group = asked.group
    if group.key == "work":
        return [], None
    chosen: list[State] = [state for state in State if state not in {State.SUPERSEDED, State.RUNNING}]
    states = list(group.states) or chosen
    return jobs.job_page(site, states, name=asked.words, limit=SHOWN, cursor=asked.cursor)


def _working(site: Site, asked: Asked) -> list[Job]:
    found, _ = jobs.job_page(site, [State.RUNNING], name=asked.words, limit=MOST_IN_WORK, cursor=None)
    return sorted(found, key=lambda job: (job.claimed_at or 0.0, job.job_id))


def _row(job: Job, outlook: Outlook, documented: set[int]) -> Row:
    folder = readable(os.path.dirname(job.path))  # noqa: PTH120 - bytes paths
    # A copy leads to the document of what it is a copy of.
    has_page = (job.duplicate_of or job.job_id) in documented and job.state in _WITH_PAGE and job.sha256 is not None
    address = video_address((job.sha256 or "")[:16]) if has_page else None
    return Row(entry(job, outlook.situation), folder, outlook.progress(job), address)


def _number(group: Group, counts: dict[State, int]) -> int:
    states = group.states or tuple(state for state in State if state is not State.SUPERSEDED)
    return sum(counts.get(state, 0) for state in states)


def _inboxes(site: Site, outlook: Outlook) -> list[str]:
    """Return where videos can be dropped: what the service watches, or is configured to."""
    start = outlook.liveness.start
    if start is not None:
        return [readable(inbox) for inbox in start.inboxes]
    return [readable(inbox) for inbox in site.configuration.intake.inboxes]


def _accepted(site: Site) -> str:
    """Return what a browser's dialogue offers: the endings of videos that are taken."""
    return ",".join(site.configuration.intake.extensions)
