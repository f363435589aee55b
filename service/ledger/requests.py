"""Requests of the web face: the only way by which it asks the service for something that the ledger has no job of."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, or_, select, update

from service.ledger.errors import IllegalRequestChange, UnknownRequest
from service.ledger.place import ServerPlace
from service.ledger.request_table import requests
from service.ledger.request_values import ENDED, REQUEST_TRANSITIONS, Request, RequestKind, RequestState
from service.ledger.side import Side
from service.ledger.worker import is_alive, of_this_host

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

    from service.intake.ports import Location

KEPT_S = 30 * 24 * 3600.0
"""How long a request that has ended can be asked about; its job stays."""
MOST_BEGINNINGS = 3
"""A download during which its process ended so often is given up: it may be what ends the process."""
INTERRUPTED = "interrupted"
_CUT_SHORT = {
    "reason": INTERRUPTED,
    "detail": "the web process ended while it came in; ask once more",
    "root": None,
    "path": None,
}
_FIELDS = tuple(field.name for field in fields(Request))
_SELECT = select(*(requests.c[name] for name in _FIELDS))
_NEW = Request(0, RequestKind.PATH, b"", RequestState.RECEIVED)
_UNDER_WAY = or_(
    requests.c.state == RequestState.DOWNLOADING.value,
    and_(requests.c.state == RequestState.RECEIVED.value, requests.c.kind == RequestKind.UPLOAD.value),
)
"""A process is at work on it, or was when it ended."""
_GOING_ON = tuple(state.value for state in RequestState if state not in ENDED)
_CAME_TO_NOTHING = (RequestState.REFUSED.value, RequestState.FAILED.value)


@dataclass(frozen=True)
class RequestSide(Side):
    """What the web face asks and the service answers. Every change is one transaction.

    A change that `REQUEST_TRANSITIONS` does not allow raises `IllegalRequestChange`: a bug.
    """

    def add_request(
        self,
        kind: RequestKind,
        asked: bytes,
        *,
        force: bool = False,
        location: Location | None = None,
    ) -> Request:
        """Note a request, and return it with its number. location: where its video lies, when it is there already.

        Requests that ended `KEPT_S` ago are forgotten on the way.
        """
        now = self.clock.wall()
        state = RequestState.RECEIVED if location is None else RequestState.WAITING
        root, path = location or (None, None)
        new = replace(_NEW, kind=kind, asked=asked, state=state, force=force, root=root, path=path)
        new = replace(new, worker=self.worker, created_at=now, updated_at=now)
        values = {name: _plain(getattr(new, name)) for name in _FIELDS if name != "request_id"}
        with self.database.write() as connection:
            connection.execute(requests.delete().where(requests.c.ended_at < now - KEPT_S))
            key = connection.execute(requests.insert(), values).inserted_primary_key
        assert key is not None, "an insert of one row has a key"  # noqa: S101 - for the type checker
        return replace(new, request_id=int(key[0]))

    def request(self, request_id: int) -> Request:
        """Return one request; raises `UnknownRequest`, also for one that is forgotten."""
        with self.database.read() as connection:
            return _get(connection, request_id)

    def requests(
        self, states: Collection[RequestState] = tuple(RequestState), *, before: int | None = None, limit: int = 100
    ) -> list[Request]:
        """Return requests in these states, the newest first. before: only those with a smaller number."""
        chosen = _SELECT.where(requests.c.state.in_([state.value for state in states]))
        chosen = chosen if before is None else chosen.where(requests.c.request_id < before)
        return self._requests(chosen.order_by(requests.c.request_id.desc()).limit(limit))

    def open_requests(self, *, ended_since: float, limit: int) -> list[Request]:
        """Return what is on its way, and what has come to nothing since then, the newest first.

        What was asked for once more is left out: the newer request tells what becomes of it.
        """
        newer = requests.alias()
        same = (newer.c.kind == requests.c.kind, newer.c.asked == requests.c.asked)
        again = exists().where(*same, newer.c.request_id > requests.c.request_id)
        nothing = and_(requests.c.state.in_(_CAME_TO_NOTHING), requests.c.ended_at >= ended_since, ~again)
        # The states once more, by themselves: they are what the index is by.
        among = requests.c.state.in_(_GOING_ON + _CAME_TO_NOTHING)
        chosen = _SELECT.where(among, or_(requests.c.state.in_(_GOING_ON), nothing))
        return self._requests(chosen.order_by(requests.c.request_id.desc()).limit(limit))

    def waiting_requests(self, *, limit: int) -> list[Request]:
        """Return requests whose video is there and not taken yet, the oldest first."""
        chosen = _SELECT.where(requests.c.state == RequestState.WAITING.value)
        return self._requests(chosen.order_by(requests.c.request_id).limit(limit))

    def claim_download(self) -> Request | None:
        """Return the oldest request for a URL that nobody has begun, as begun by this process; None without one.

        What was asked for at another host is fetched there: here it would land in another folder.
        """
        state = requests.c.state == RequestState.RECEIVED.value
        waits = (requests.c.kind == RequestKind.URL.value, state, *self._ours())
        with self.database.write() as connection:
            row = connection.execute(_SELECT.where(*waits).order_by(requests.c.request_id).limit(1)).one_or_none()
            if row is None:
                return None
            found = _request(row)
            values = {"worker": self.worker, "begun": found.begun + 1, "bytes_done": None, "bytes_total": None}
            values |= {"root": None, "path": None}
            return self._moved(connection, found, RequestState.DOWNLOADING, **values)

    def release_download(self, request_id: int) -> None:
        """Give a download back that was ended in good order: it is begun anew, and this time does not count."""
        with self.database.write() as connection:
            found = _get(connection, request_id)
            self._moved(connection, found, RequestState.RECEIVED, begun=found.begun - 1)

    def note_progress(self, request_id: int, *, done: int, total: int | None) -> None:
        """Note how many bytes have come, of how many where that is known; nothing of one that has ended."""
        values = {"bytes_done": done, "bytes_total": total, "updated_at": self.clock.wall()}
        going_on = (requests.c.request_id == request_id, requests.c.ended_at.is_(None))
        with self.database.write() as connection:
            connection.execute(update(requests).where(*going_on).values(values))

    def note_place(self, request_id: int, location: Location, *, size_bytes: int) -> None:
        """Note where an upload or download is about to appear, whole: should this process end, it is found there."""
        root, path = location
        values = {"root": root, "path": path, "bytes_done": size_bytes, "updated_at": self.clock.wall()}
        with self.database.write() as connection:
            connection.execute(update(requests).where(requests.c.request_id == request_id).values(values))

    def video_is_there(self, request_id: int, location: Location, *, size_bytes: int) -> None:
        """Note that an upload or download lies whole at its place: the service is to take it."""
        root, path = location
        values = {"root": root, "path": path, "bytes_done": size_bytes, "bytes_total": size_bytes}
        self._move(request_id, RequestState.WAITING, **values)

    def request_taken(self, request_id: int, *, job_id: int) -> None:
        """Note the job of its video; what becomes of that, the job says."""
        self._move(request_id, RequestState.TAKEN, job_id=job_id)

    def refuse_request(self, request_id: int, *, reason: str, detail: str) -> None:
        """Note that it cannot be: asked again, it would be refused again."""
        self._move(request_id, RequestState.REFUSED, reason=reason, detail=detail)

    def fail_request(self, request_id: int, *, reason: str, detail: str) -> None:
        """Note that it came to nothing; asked again, it may not."""
        self._move(request_id, RequestState.FAILED, reason=reason, detail=detail)

    def recover_requests(self, there: Callable[[Request], bool]) -> list[Request]:
        """Settle what processes that have ended were receiving; return what was changed, as it is now.

        An upload is over with its process: its sender has seen the connection break. A download is begun anew, but not
        more than `MOST_BEGINNINGS` times. Of another host's processes nothing is known: theirs are left to it.
        there: says whether a video has appeared at the place that was noted of it; then the service is to take it.
        """
        changed = []
        with self.database.write() as connection:
            for found in map(_request, connection.execute(_SELECT.where(_UNDER_WAY, *self._ours())).all()):
                if found.worker is not None and is_alive(found.worker):
                    continue
                if found.file is not None and there(found):
                    changed.append(self._moved(connection, found, RequestState.WAITING, bytes_total=found.bytes_done))
                elif found.kind is RequestKind.URL and found.begun < MOST_BEGINNINGS:
                    changed.append(self._moved(connection, found, RequestState.RECEIVED))
                else:
                    changed.append(self._moved(connection, found, RequestState.FAILED, **_CUT_SHORT))
        return changed

    def _ours(self) -> tuple[ColumnElement[bool], ...]:
        """Select what was asked for at this host; a ledger in a file has no other, whatever its name was before."""
        if not isinstance(self.database.place, ServerPlace):
            return ()
        return (requests.c.worker.startswith(of_this_host(), autoescape=True),)

    def _requests(self, chosen: Select[Any]) -> list[Request]:
        with self.database.read() as connection:
            return [_request(row) for row in connection.execute(chosen)]

    def _move(self, request_id: int, to: RequestState, **values: Any) -> None:
        with self.database.write() as connection:
            self._moved(connection, _get(connection, request_id), to, **values)

    def _moved(self, connection: Connection, before: Request, to: RequestState, **values: Any) -> Request:
        if to not in REQUEST_TRANSITIONS[before.state]:
            raise IllegalRequestChange(before.request_id, before.state, to)
        now = self.clock.wall()
        values |= {"updated_at": now, "ended_at": now if to in ENDED else None}
        chosen = update(requests).where(requests.c.request_id == before.request_id)
        connection.execute(chosen.values(values | {"state": to.value}))
        return replace(before, state=to, **values)


def _get(connection: Connection, request_id: int) -> Request:
    row = connection.execute(_SELECT.where(requests.c.request_id == request_id)).one_or_none()
    if row is None:
        raise UnknownRequest(request_id)
    return _request(row)


def _request(row: Any) -> Request:
    values = dict(zip(_FIELDS, row, strict=True))
    return Request(**values | {"kind": RequestKind(values["kind"]), "state": RequestState(values["state"])})


def _plain(value: object) -> object:
    # A driver may spell an enumeration by its name.
    return value.value if isinstance(value, RequestKind | RequestState) else value
