"""A ledger in a real database, each in turn; a clock that stands still; the few lines of set-up that tests need."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ledger_stocks import PostgresqlStock, SqliteStock, Stock
from sqlalchemy import event

from service.clock import FakeClock
from service.intake.ports import Generation, Location, Observation, Settled
from service.ledger.engine import LEDGER_FILE, Patience
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.place import Place
from service.ledger.states import State
from service.ledger.values import Identified, Job, StoredResult

if TYPE_CHECKING:
    from postgresql_cluster import Cluster

ROOT = b"/in"
OUTPUT = b"/out"


@dataclass
class Bench:
    """A ledger and short ways to bring it into a state."""

    ledger: Ledger
    clock: FakeClock
    place: Place

    @staticmethod
    def digest(content: str) -> str:
        """The SHA-256 of a content."""
        return hashlib.sha256(content.encode()).hexdigest()

    def generation(self, content: str, *, inode: int | None = None, mtime_ns: int = 1) -> Generation:
        """Same content and inode: same generation."""
        number = inode if inode is not None else int(self.digest(content)[:8], 16)
        return Generation(
            device=1, inode=number, size=len(content), mtime_ns=mtime_ns, head_tail=self.digest(f"ends of {content}")
        )

    def settle(
        self,
        name: bytes,
        content: str,
        *,
        inode: int | None = None,
        mtime_ns: int = 1,
        moved_from: Location | None = None,
    ) -> Job:
        """A file with this content passes the gates."""
        generation = self.generation(content, inode=inode, mtime_ns=mtime_ns)
        self.ledger.intake.enqueue([Settled(ROOT, name, generation, moved_from=moved_from)])
        return self.at(name)

    def see(self, name: bytes, state: State = State.WAITING, reason: str = "quiet", **values: object) -> Job:
        """Intake reports why a file waits."""
        stat = {"device": 1, "inode": 7, "size": 10, "mtime_ns": 1, "detail": "it waits", "moved_from": None} | values
        self.ledger.intake.observe([Observation(ROOT, name, state=state, reason=reason, **stat)])
        return self.at(name)

    def at(self, name: bytes) -> Job:
        """The job that speaks for a name."""
        return self.ledger.find(ROOT + b"/" + name)[0]

    def claim(self, *jobs: Job) -> list[Job]:
        """Claim these jobs, or whatever is due."""
        only = [job.job_id for job in jobs] or None
        return self.ledger.claim(limit=1000, now=self.clock.wall(), only=only)

    def identify(self, job: Job, content: str) -> Identified:
        return self.ledger.identified(job.job_id, self.digest(content))

    def start(self, name: bytes, content: str) -> Job:
        """Settle, claim and identify."""
        job = self.settle(name, content)
        assert [claimed.job_id for claimed in self.claim(job)] == [job.job_id]
        return self.identify(job, content).job

    def publish(self, job: Job, *, settings_key: str = "k1") -> Job:
        """The document is on disk."""
        name = self.ledger.allocate_name(job)
        return self.ledger.finish(job.job_id, document=name, settings_key=settings_key)

    def complete(self, name: bytes, content: str) -> Job:
        """From a settled file to its document."""
        return self.publish(self.start(name, content))

    def result(
        self, content: str, stage: str = "asr", *, status: str = "done", data: str | None = "{}"
    ) -> StoredResult:
        return StoredResult(
            key=self.digest(f"{content} {stage}"),
            sha256=self.digest(content),
            stage=stage,
            backend=f"{stage}.x",
            revision=1,
            status=status,
            data=data,
            model="m",
            device="cpu",
            seconds=1.5,
        )

    def reopen(self) -> Ledger:
        """End the process's use of the ledger and open it again."""
        self.ledger.close()
        self.ledger = open_ledger(self.place, output_root=OUTPUT, clock=self.clock)
        return self.ledger


DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated ledger without rows, to be copied."""
    path = tmp_path_factory.mktemp("template") / LEDGER_FILE
    open_ledger(path).close()
    return path


@pytest.fixture(scope="session")
def server_stock(postgresql: Cluster) -> PostgresqlStock:
    """The schemas of this session's server."""
    return PostgresqlStock(postgresql)


@pytest.fixture(params=DATABASES)
def stock(request: pytest.FixtureRequest, tmp_path: Path) -> Stock:
    """Each database in turn; `@pytest.mark.parametrize("stock", ["sqlite"], indirect=True)` keeps to one."""
    if request.param == "sqlite":
        return SqliteStock(tmp_path, request.getfixturevalue("empty_ledger"))
    server: PostgresqlStock = request.getfixturevalue("server_stock")
    return server.again()


@pytest.fixture
def make_bench(stock: Stock) -> Iterator[Callable[[], Bench]]:
    """Make benches, each with a ledger of its own."""
    made: list[Bench] = []

    def make() -> Bench:
        place, clock = stock.ledger(), FakeClock()
        patience = Patience(busy_timeout_s=0.05, tries=2)
        made.append(Bench(open_ledger(place, output_root=OUTPUT, clock=clock, patience=patience), clock, place))
        return made[-1]

    yield make
    for bench in made:
        bench.ledger.close()


@pytest.fixture
def bench(make_bench: Callable[[], Bench]) -> Bench:
    """One bench."""
    return make_bench()


@pytest.fixture
def count_statements(bench: Bench) -> Iterator[list[str]]:
    """The SQL statements that the bench's ledger runs from now on."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engines = {bench.ledger.database.dialect.reading, bench.ledger.database.dialect.writing}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
