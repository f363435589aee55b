"""What people tell the ledger, from other processes: a running service notices by `data_version`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.ledger import rows
from service.ledger.moves import FUSION_ONLY, reopened
from service.ledger.queries import find
from service.ledger.side import Side, others_at
from service.ledger.states import State
from service.ledger.tables import jobs, stage_results
from service.ledger.values import Job, Selector

if TYPE_CHECKING:
    from sqlalchemy import Connection

RETRYABLE = frozenset({State.FAILED, State.PARKED, State.REJECTED})
_CHUNK = 500


@dataclass(frozen=True)
class CommandSide(Side):
    """Commands; each is one transaction and returns the jobs it reopened."""

    def retry(self, selector: Selector) -> list[Job]:
        """Queue failed, parked and rejected jobs again; what is stored of their stages is used."""
        with self.database.write() as connection:
            chosen = _select(connection, selector, RETRYABLE)
            return self._reopen(connection, chosen, reason="retry", stages=None)

    def reprocess(self, selector: Selector, *, stages: Collection[str] | None = None) -> list[Job]:
        """Queue done jobs again, without the stored results of `stages` and of fusion; None drops all results.

        What depends on a stage has a key of its own, which changes with its input only: name dependent stages too. No
        stages at all (`()`) fuse again from what is stored. A document that a user deleted comes back.
        """
        with self.database.write() as connection:
            chosen = _select(connection, selector, {State.DONE})
            request = None if stages is None else tuple(sorted({*stages, *FUSION_ONLY}))
            again = self._reopen(connection, chosen, reason="reprocess", stages=request)
            _forget(connection, [job.sha256 for job in again if job.sha256 is not None], request)
            return again

    def _reopen(
        self, connection: Connection, chosen: Iterable[Job], *, reason: str, stages: tuple[str, ...] | None
    ) -> list[Job]:
        now = self.clock.wall()
        free = [job for job in chosen if not others_at(connection, job, State.QUEUED)]
        again = [reopened(job, now=now, reason=reason, stages=stages) for job in free]
        rows.save(connection, again)
        return again


def _select(connection: Connection, selector: Selector, states: Collection[State]) -> list[Job]:
    if selector.paths is None:
        return rows.fetch(connection, jobs.c.state.in_(list(states)))
    found = {job.job_id: job for path in selector.paths for job in find(connection, path)}
    return [job for job in found.values() if job.state in states]


def _forget(connection: Connection, contents: list[str], stages: Collection[str] | None) -> None:
    for start in range(0, len(contents), _CHUNK):
        where = [stage_results.c.sha256.in_(contents[start : start + _CHUNK])]
        if stages is not None:
            where.append(stage_results.c.stage.in_(list(stages)))
        connection.execute(stage_results.delete().where(*where))
