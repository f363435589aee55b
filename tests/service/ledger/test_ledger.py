"""Opening, attaching, reading; what happens when the ledger is locked, or of another version. On each database."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from service.clock import FakeClock
from service.ledger import schema, tables
from service.ledger.dialects import chosen
from service.ledger.engine import Database, Patience
from service.ledger.errors import LedgerBusy, LedgerMissing, LedgerUnavailable, LedgerVersion
from service.ledger.ledger import attach_ledger, open_ledger, read_ledger
from service.ledger.states import State
from service.ledger.values import Opening, Selector

if TYPE_CHECKING:
    from conftest import Bench
    from ledger_stocks import Stock

    from service.ledger.place import Place

PACKAGE = Path(schema.__file__).parent
OPENERS = [open_ledger, attach_ledger, read_ledger]

# --- schema ----------------------------------------------------------------------------------------------------------


def test_a_new_ledger_is_made(stock: Stock) -> None:
    with closing(open_ledger(stock.nothing())) as ledger:
        assert ledger.opening == Opening(created=True)
        assert ledger.jobs() == []


def test_opening_again_does_nothing(bench: Bench) -> None:
    job = bench.settle(b"a.mp4", "one")
    assert bench.reopen().opening == Opening()
    assert bench.at(b"a.mp4") == job


def test_the_migrations_make_the_tables_the_code_works_with(bench: Bench) -> None:
    with bench.ledger.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_no_index_of_words})
        assert compare_metadata(context, tables.metadata) == []


def _is_no_index_of_words(name: str | None, _kind: str, _parents: object) -> bool:
    """The database's own index of words: SQLAlchemy has no word for it."""
    return name not in {"lexemes", "ix_passages_lexemes"} and not (name or "").startswith("passage_words")


def test_the_partial_indices_are_the_migrations_too(bench: Bench) -> None:
    with bench.ledger.database.read() as connection:
        option = chosen(connection, sqlite="sqlite_where", postgresql="postgresql_where")
        found = inspect(connection).get_indexes("jobs")
        made = {index["name"] for index in found if option in index.get("dialect_options", {})}
        name = connection.dialect.name
    wanted = {index.name for index in tables.jobs.indexes if index.dialect_options[name]["where"] is not None}
    assert wanted == made


def test_the_newest_migration_is_the_one_this_version_works_with() -> None:
    config = Config()
    config.set_main_option("script_location", str(PACKAGE / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION]


def test_an_older_ledger_is_migrated_and_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    current = schema.REVISION
    monkeypatch.setattr(schema, "REVISION", "0000-as-if-this-version-were-another")
    ledger = bench.reopen()
    assert ledger.opening.migrated_from == current


JOB_OF_0001 = """INSERT INTO jobs (root, path, state, document, truncated, source_missing, is_primary, attempts, deaths,
    crashes, run, solo, fusion_due, created_at, changed_at, updated_at)
    VALUES (:root, :path, 'done', :document, FALSE, FALSE, FALSE, 1, 0, 0, 0, FALSE, FALSE, 10.0, 20.0, 20.0)"""


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_an_older_version_s_ledger_is_brought_up_with_its_rows(stock: Stock, revision: str) -> None:
    place = stock.nothing()
    database = Database(place)
    config = Config()
    config.set_main_option("script_location", str(PACKAGE / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for name, document in ((b"a.mp4", "a"), (b"b.mp4", None)):
            connection.execute(text(JOB_OF_0001), {"root": b"/in", "path": name, "document": document})
    database.close()
    ledger = open_ledger(place, output_root=b"/out")
    assert (ledger.opening.migrated_from, ledger.service_start(), ledger.work_pause()) == (revision, None, None)
    found = [(job.path, job.described_at, job.purged, job.chore) for job in reversed(ledger.jobs())]
    assert found == [(b"a.mp4", 20.0, (), None), (b"b.mp4", None, (), None)], "a document is as old as its job's end"
    ledger.close()


@pytest.mark.parametrize("opener", OPENERS)
def test_a_later_version_s_ledger_is_refused_and_left_alone(bench: Bench, opener: type) -> None:
    bench.complete(b"a.mp4", "one")
    with bench.ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    bench.ledger.close()
    before = _rows(bench.place)
    with pytest.raises(LedgerVersion, match=r"schema 9999.*Use the version that wrote it") as caught:
        opener(bench.place)
    assert caught.value.exit_code == 78
    assert _rows(bench.place) == before


def _rows(place: Place) -> dict[str, list[str]]:
    with closing(Database(place, read_only=True)) as database, database.read() as connection:
        found = {table.name: connection.execute(table.select()).all() for table in tables.metadata.sorted_tables}
        found["alembic_version"] = connection.execute(text("SELECT * FROM alembic_version")).all()
        return {name: [repr(row) for row in rows] for name, rows in found.items()}


def test_only_its_own_module_knows_a_database() -> None:
    signs = {"sqlite": ("import sqlite3", "PRAGMA"), "postgresql": ("import psycopg", "from psycopg")}
    sources = {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in PACKAGE.rglob("*.py")}
    for name, its_signs in signs.items():
        knowing = {path for path, source in sources.items() if any(sign in source for sign in its_signs)}
        assert {path for path in knowing if not path.startswith(f"dialects/{name}")} == set()
        assert knowing, f"nothing is known of {name}: the signs are wrong"


# --- reading beside a writer -----------------------------------------------------------------------------------------


def test_status_reads_while_the_service_writes(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    reader = read_ledger(bench.place)
    with bench.ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET state = 'gone'")
        assert reader.counts().states == {State.QUEUED: 1}
    assert reader.counts().states == {State.GONE: 1}
    reader.close()


def test_a_reader_sees_one_state_throughout(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    count = text("SELECT count(*) FROM jobs")
    with bench.ledger.database.read() as connection:
        assert connection.scalar(count) == 1
        bench.settle(b"b.mp4", "two")
        assert connection.scalar(count) == 1
    with bench.ledger.database.read() as connection:
        assert connection.scalar(count) == 2


def test_status_works_when_no_service_runs(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    bench.ledger.close()
    reader = read_ledger(bench.place)
    assert reader.counts().states == {State.QUEUED: 1}
    reader.close()


def test_a_reader_cannot_write(bench: Bench) -> None:
    failed = bench.start(b"a.mp4", "one")
    bench.ledger.fail(failed.job_id, reason="bug")
    reader = read_ledger(bench.place)
    with pytest.raises(LedgerUnavailable, match="may not be written to"):
        reader.retry(Selector.all())
    reader.close()
    assert bench.at(b"a.mp4").state is State.FAILED


@pytest.mark.parametrize("opener", [attach_ledger, read_ledger])
def test_where_no_ledger_is_none_is_made(stock: Stock, opener: type) -> None:
    place = stock.nothing()
    for _ in range(2):
        with pytest.raises(LedgerMissing, match="there is no ledger here yet"):
            opener(place)


def test_what_others_commit_is_seen_and_nothing_else(bench: Bench) -> None:
    other = attach_ledger(bench.place)
    seen = [bench.ledger.data_version()]
    other.jobs()
    assert bench.ledger.data_version() == seen[0], "somebody read"
    for number in range(3):
        other.intake.vanished([(b"/in", b"%d" % number)])  # nothing to write
        bench.see(b"%d.mp4" % number)
        seen.append(bench.ledger.data_version())
        assert bench.ledger.data_version() == seen[-1]
    other.close()
    assert len(set(seen)) == 4


def test_a_change_is_seen_when_it_is_committed_even_if_it_began_before_others(bench: Bench) -> None:
    other = attach_ledger(bench.place)
    with other.database.write() as connection:
        connection.execute(tables.work_pause.delete())
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
        before = bench.ledger.data_version()
    assert bench.ledger.data_version() != before
    other.close()


# --- locked ----------------------------------------------------------------------------------------------------------


def test_a_ledger_locked_for_long_is_a_clear_error_and_changes_nothing(bench: Bench) -> None:
    job = bench.settle(b"a.mp4", "one")
    with closing(Database(bench.place)) as other, other.write():
        with pytest.raises(LedgerBusy, match="another process is writing") as caught:
            bench.claim()
        assert bench.ledger.counts().states == {State.QUEUED: 1}, "reading needs no lock"
    assert caught.value.exit_code == 75
    assert bench.at(b"a.mp4") == job
    assert len(bench.claim()) == 1


def test_a_lock_that_is_let_go_in_time_is_waited_for(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    bench.ledger.close()
    other = ExitStack()

    class LettingGo(FakeClock):
        def sleep(self, seconds: float) -> None:
            assert 0 < seconds < 1
            other.close()

    ledger = open_ledger(bench.place, clock=LettingGo(), patience=Patience(busy_timeout_s=0.01, tries=2))
    with closing(Database(bench.place)) as rival:
        other.enter_context(rival.write())
        assert len(ledger.claim(limit=1, now=bench.clock.wall())) == 1
    ledger.close()


# --- text ------------------------------------------------------------------------------------------------------------

TEXTS = [
    "blåbær på Å",
    "日本語 🎬",
    "a'; DROP TABLE jobs; --",
    '%s %(x)s :x \\ " \t\r\n',
    "\u202e\ufeff\uffff",
    "x" * 100_000,
]


@pytest.mark.parametrize("said", TEXTS, ids=ascii)
def test_whatever_is_said_comes_back_as_it_was(bench: Bench, said: str) -> None:
    job = bench.start(b"a.mp4", "one")
    bench.ledger.fail(job.job_id, reason="bug", detail=said)
    bench.ledger.store_results([bench.result("one", data=said)])
    assert bench.at(b"a.mp4").detail == said
    assert [result.data for result in bench.ledger.results_of(bench.digest("one")).values()] == [said]


def test_a_nul_in_a_text_loses_nothing_else(bench: Bench) -> None:
    job = bench.start(b"a\xff\x01.mp4", "one")
    bench.ledger.fail(job.job_id, reason="bug", detail="before\0after")
    found = bench.at(b"a\xff\x01.mp4").detail
    assert found in {"before\0after", "before\ufffdafter"}, "PostgreSQL's texts hold none"
