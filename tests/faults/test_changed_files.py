"""Files that change under the service: while they settle, in the queue, claimed, while they are decoded, and later.

One service for each of the six moments; every act of `file_changes` happens to a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import bad_files
import file_changes as acts
import pytest
from fault_case import Case
from file_changes import Act, Ends, Site
from gates import CLAIM, Gates
from processes import WITHOUT_MODELS, Home, Service, until
from stagehand import Stagehand

from service.ledger.values import Job

SETTLING, QUEUED, CLAIMED, DECODING = "settling", "queued", "claimed", "decoding"
DONE, DOWN = "done", "done, and the service is down"
DONE_HERE = Ends(here="done")


@dataclass(frozen=True)
class Row:
    """One act: how it ends at each moment (`ends` unless the moment is named)."""

    act: Act
    ends: Ends
    but: Mapping[str, Ends] = field(default_factory=dict)

    def at(self, moment: str) -> Ends:
        return self.but.get(moment, self.ends)

    @property
    def name(self) -> str:
        return f"{self.act.__name__.replace('_', '-')}.mp4"


def _row(fault: Any, act: Act, ends: Ends, but: Mapping[str, Ends] | None = None) -> Any:
    return pytest.param(Row(act, ends, but or {}), marks=fault, id=act.__name__)


GONE = Ends(here="gone")
DESCRIBED = dict.fromkeys((DECODING, DONE, DOWN), DONE_HERE)
"""The descriptor is open, or the document is out: it stands."""
BOTH = Ends(here="done", there="duplicate")

CASES = [
    _row(pytest.mark.fault("another file renamed over it"), acts.replace, DONE_HERE),
    _row(pytest.mark.fault("appended to"), acts.append, DONE_HERE),
    _row(pytest.mark.fault("rewritten in place, as long as before"), acts.rewrite, DONE_HERE),
    _row(pytest.mark.fault("truncated"), acts.truncate, Ends(here="incomplete")),
    _row(pytest.mark.fault("emptied"), acts.empty, Ends(here="waiting")),
    _row(pytest.mark.fault("renamed"), acts.rename, Ends(there="done")),
    _row(pytest.mark.fault("renamed out and back in"), acts.rename_out_and_back, DONE_HERE),
    _row(pytest.mark.fault("deleted"), acts.delete, GONE, DESCRIBED),
    _row(pytest.mark.fault("deleted for a moment, as Syncthing does"), acts.delete_for_a_moment, DONE_HERE),
    _row(pytest.mark.fault("hard-linked"), acts.link, BOTH),
    _row(pytest.mark.fault("copied"), acts.copy, BOTH),
    _row(pytest.mark.fault("swapped for a symbolic link"), acts.swap_for_a_link, GONE, DESCRIBED),
    _row(pytest.mark.fault("swapped for a FIFO"), acts.swap_for_a_fifo, GONE, DESCRIBED),
    _row(pytest.mark.fault("swapped for a folder"), acts.swap_for_a_folder, GONE, DESCRIBED),
    _row(pytest.mark.fault("touched"), acts.touch, DONE_HERE),
    _row(pytest.mark.fault("mode and extended attributes changed"), acts.change_attributes, DONE_HERE),
]
ROWS: list[Row] = [case.values[0] for case in CASES]
RENAMED, DELETED = (next(row for row in ROWS if row.act is act) for act in (acts.rename, acts.delete))


@dataclass
class Moment:
    """A home in which every act happens at one moment; what was seen of each file then and at the end."""

    case: Case
    site: Site
    moment: str
    held: dict[str, Job | None] = field(default_factory=dict)
    ended: dict[str, dict[str, Job]] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return self.case.home

    def rows_of(self, row: Row) -> dict[str, Job]:
        """The rows of both names that are not superseded."""
        path = self.home.inbox / row.name
        found = {acts.HERE: self.home.job(path), acts.THERE: self.home.job(acts.renamed(path))}
        return {where: job for where, job in found.items() if job is not None and job.state != "superseded"}

    def act(self, row: Row) -> None:
        path = self.home.inbox / row.name
        self.held[row.name] = self.home.job(path)
        row.act(self.site, path)

    def has_ended(self, row: Row) -> bool:
        """Whether the states are as they should be; which of two equal files is taken first is left open."""
        ended = {where: str(job.state) for where, job in self.rows_of(row).items()}
        wanted = row.at(self.moment).states()
        return ended == wanted or (len(wanted) == len(ended) == 2 and sorted(ended.values()) == sorted(wanted.values()))

    def is_told(self) -> bool:
        """Whether what is learnt later is known: the renamed file's new path, and that the deleted one has left."""
        job, deleted = self.rows_of(RENAMED).get(acts.THERE), self.rows_of(DELETED).get(acts.HERE)
        document = self.home.document(job.document) if job is not None and job.document is not None else None
        if document is None or document.source.relative_path != f"new-{RENAMED.name}":
            return False
        return self.moment == DOWN or (deleted is not None and deleted.source_missing)


def settling(moment: Moment, service: Service) -> None:
    """A writer holds every file open, so that none can settle before it has changed."""
    with ExitStack() as writers:
        for row in ROWS:
            path = moment.site.drop(row.name)
            writers.enter_context(path.open("r+b"))
        for row in ROWS:
            job = moment.home.until_state(moment.home.inbox / row.name, "waiting")
            until(
                lambda row=row: moment.home.job(moment.home.inbox / row.name).reason == "writer", "the writer is seen"
            )
            assert job.attempts == 0
        assert not service.named("file.settled")
        for row in ROWS:
            moment.act(row)


def queued(moment: Moment, _service: Service) -> None:
    gates = Gates(moment.home.path / "gates")
    for row in ROWS:
        moment.site.drop(row.name)
    for row in ROWS:
        moment.home.until_state(moment.home.inbox / row.name, "queued")
    for row in ROWS:
        moment.act(row)
    gates.open(CLAIM)


def at_gates(kind: str) -> Callable[[Moment, Service], None]:
    def happen(moment: Moment, _service: Service) -> None:
        gates = Gates(moment.home.path / "gates")
        waiting = {f"{kind} {row.name}": row for row in ROWS}
        for row in ROWS:
            moment.site.drop(row.name)
        while waiting:
            reached = until(gates.reached, f"somebody comes to a gate of {sorted(waiting)}")
            for gate in reached:
                row = waiting.pop(gate)
                moment.act(row)
                if row is RENAMED:  # the work goes on under the old name while the row has gone to the new one
                    until(lambda: moment.rows_of(RENAMED).keys() == {acts.THERE}, "the row has followed")
                gates.open(gate)

    return happen


def done(moment: Moment, service: Service) -> None:
    for row in ROWS:
        moment.site.drop(row.name)
    for row in ROWS:
        moment.home.until_state(moment.home.inbox / row.name, "done")
    if moment.moment == DOWN:
        assert service.terminate()[0] == 0
    for row in ROWS:
        moment.act(row)


HAPPEN: dict[str, Callable[[Moment, Service], None]] = {
    SETTLING: settling,
    QUEUED: queued,
    CLAIMED: at_gates("identify"),
    DECODING: at_gates("decode"),
    DONE: done,
    DOWN: done,
}
SHUT: dict[str, tuple[str, ...]] = {
    QUEUED: (CLAIM,),
    CLAIMED: tuple(f"identify {row.name}" for row in ROWS),
    DECODING: tuple(f"decode {row.name}" for row in ROWS),
}


def happened(home: Home, stagehand: Stagehand, moment: str) -> Moment:
    """Let everything happen at a moment, wait for the ends, and hold the invariants against them."""
    away = home.path / "away"
    away.mkdir()
    model = bad_files.clip(away / "model.mp4").read_bytes()
    made = Moment(Case(home, stagehand), Site(home.inbox, away, model), moment)
    gates = Gates(home.path / "gates")
    gates.shut(*SHUT.get(moment, ()))
    with ExitStack() as lives:
        service = lives.enter_context(made.case.life(gates=gates)).ready()
        HAPPEN[moment](made, service)
        if service.process.poll() is not None:
            service = lives.enter_context(made.case.life()).ready()
        made.case.snapshot()
        with suppress(pytest.fail.Exception):  # each test says what has not ended
            until(lambda: all(map(made.has_ended, ROWS)) and made.is_told(), "all have ended", within_s=60)
        made.breaches = made.case.breaches(service)
        made.ended = {row.name: made.rows_of(row) for row in ROWS}
    made.log = made.case.events
    return made


@pytest.fixture(scope="module")
def moments(
    tmp_path_factory: pytest.TempPathFactory, stagehand: Stagehand
) -> Iterator[Callable[[str], Future[Moment]]]:
    """Begin all of them at once; each test waits for its own."""
    with ThreadPoolExecutor(len(HAPPEN)) as pool:
        begun = {
            name: pool.submit(happened, Home(tmp_path_factory.mktemp(name), WITHOUT_MODELS), stagehand, name)
            for name in HAPPEN
        }
        yield begun.__getitem__


@pytest.fixture
def there(moments: Callable[[str], Future[Moment]], moment: str) -> Moment:
    return moments(moment).result(timeout=240)


@pytest.mark.parametrize("moment", HAPPEN)
@pytest.mark.parametrize("row", CASES)
def test_a_file_ends_where_it_should(there: Moment, row: Row) -> None:
    told = [event for event in there.log if str(event.get("path", "")).endswith(row.name)]
    ended = {where: str(job.state) for where, job in there.ended[row.name].items()}
    assert there.has_ended(row), (ended, row.at(there.moment), told)


@pytest.mark.parametrize("moment", HAPPEN)
def test_every_invariant_holds(there: Moment) -> None:
    assert there.breaches == []


@pytest.mark.parametrize("moment", HAPPEN)
def test_a_renamed_file_keeps_its_job(there: Moment) -> None:
    (job,) = there.ended["rename.mp4"].values()
    before = there.held["rename.mp4"]
    assert before is not None
    assert job.job_id == before.job_id
    assert there.home.document(str(job.document)).source.relative_path == "new-rename.mp4"


@pytest.mark.parametrize("moment", HAPPEN)
def test_what_left_is_marked_and_told_once(there: Moment) -> None:
    job = there.ended["delete.mp4"][acts.HERE]
    assert (job.document is not None) == (there.moment in DESCRIBED)
    told = [event["level"] for event in there.log if event["event"] == "file.gone" and event["path"] == "delete.mp4"]
    # What has ended is not looked for at a start: nobody waits for it.
    assert (job.source_missing, told) == ((False, []) if there.moment == DOWN else (True, ["info"]))


@pytest.mark.parametrize("moment", HAPPEN)
@pytest.mark.parametrize("act", [acts.change_attributes, acts.rename_out_and_back])
def test_what_changes_nothing_costs_nothing(there: Moment, act: Act) -> None:
    (job,) = there.ended[Row(act, DONE_HERE).name].values()
    before = there.held[Row(act, DONE_HERE).name]
    assert before is not None
    assert (job.job_id, job.attempts, job.run) == (before.job_id, 1, 0)
