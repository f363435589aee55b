"""Opening, attaching, reading; what happens when the file is locked, full, damaged or of another version."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from service.clock import FakeClock
from service.intake.ports import Settled
from service.ledger import schema, tables
from service.ledger.engine import LEDGER_FILE, Database, Patience
from service.ledger.errors import (
    LedgerBusy,
    LedgerCorrupt,
    LedgerMissing,
    LedgerUnavailable,
    LedgerVersion,
)
from service.ledger.ledger import attach_ledger, open_ledger, read_ledger
from service.ledger.states import State
from service.ledger.values import Opening, Selector

if TYPE_CHECKING:
    from conftest import Bench

PACKAGE = Path(schema.__file__).parent

# --- schema ----------------------------------------------------------------------------------------------------------


def test_a_new_ledger_is_made_with_its_directory(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "deep" / "er" / LEDGER_FILE)
    assert ledger.opening == Opening(created=True)
    ledger.close()
    assert (tmp_path / "deep").stat().st_mode & 0o777 != 0
    assert (tmp_path / "deep" / "er").stat().st_mode & 0o777 == 0o700


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
        made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema WHERE sql LIKE '%WHERE%'").all()
    wanted = {
        index.name: index for index in tables.jobs.indexes if index.dialect_options["sqlite"]["where"] is not None
    }
    assert set(wanted) == {name for name, _ in made}


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
    VALUES (?, ?, 'done', ?, 0, 0, 0, 1, 0, 0, 0, 0, 0, 10.0, 20.0, 20.0)"""


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_an_older_version_s_ledger_is_brought_up_with_its_rows(bench: Bench, revision: str) -> None:
    path = bench.path.with_name("older.sqlite3")
    database = Database(path)
    config = Config()
    config.set_main_option("script_location", str(PACKAGE / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for name, document in ((b"a.mp4", "a"), (b"b.mp4", None)):
            connection.exec_driver_sql(JOB_OF_0001, (b"/in", name, document))
    database.close()
    ledger = open_ledger(path, output_root=b"/out")
    assert (ledger.opening.migrated_from, ledger.service_start(), ledger.work_pause()) == (revision, None, None)
    found = [(job.path, job.described_at, job.purged, job.chore) for job in reversed(ledger.jobs())]
    assert found == [(b"a.mp4", 20.0, (), None), (b"b.mp4", None, (), None)], "a document is as old as its job's end"
    ledger.close()


@pytest.mark.parametrize("opener", [open_ledger, attach_ledger, read_ledger])
def test_a_later_version_s_ledger_is_refused_and_left_alone(bench: Bench, opener: type) -> None:
    bench.ledger.close()
    with closing(sqlite3.connect(bench.path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    before = bench.path.read_bytes()
    with pytest.raises(LedgerVersion, match=r"schema 9999.*Use the version that wrote it") as caught:
        opener(bench.path)
    assert caught.value.exit_code == 78
    assert bench.path.read_bytes() == before


def test_the_tables_can_be_made_on_postgresql() -> None:
    dialect = postgresql.dialect()
    for table in tables.metadata.sorted_tables:
        assert "BLOB" not in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            where = index.dialect_options["postgresql"]["where"]
            assert (" WHERE " in str(CreateIndex(index).compile(dialect=dialect))) is (where is not None)


def test_only_the_dialect_knows_sqlite() -> None:
    knowing = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "import sqlite3" in path.read_text() or "PRAGMA" in path.read_text()
    }
    assert knowing == {"dialects/sqlite.py"}


@pytest.mark.fault("power is lost")
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)], ids=str
)
def test_every_connection_is_durable(bench: Bench, pragma: str, value: object) -> None:
    with bench.ledger.database.write() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


# --- reading beside a writer -----------------------------------------------------------------------------------------


def test_status_reads_while_the_service_writes(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    reader = read_ledger(bench.path)
    with bench.ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET state = 'gone'")
        assert reader.counts().states == {State.QUEUED: 1}
    assert reader.counts().states == {State.GONE: 1}
    reader.close()


def test_status_works_when_no_service_runs(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    bench.ledger.close()
    reader = read_ledger(bench.path)
    assert reader.counts().states == {State.QUEUED: 1}
    reader.close()


def test_a_reader_cannot_write(bench: Bench) -> None:
    failed = bench.start(b"a.mp4", "one")
    bench.ledger.fail(failed.job_id, reason="bug")
    reader = read_ledger(bench.path)
    with pytest.raises(LedgerUnavailable, match="may not be written to"):
        reader.retry(Selector.all())
    reader.close()
    assert bench.at(b"a.mp4").state is State.FAILED


@pytest.mark.parametrize("opener", [attach_ledger, read_ledger])
def test_where_no_ledger_is_none_is_made(tmp_path: Path, opener: type) -> None:
    with pytest.raises(LedgerMissing, match="there is no ledger here yet"):
        opener(tmp_path / LEDGER_FILE)
    assert list(tmp_path.iterdir()) == []


# --- locked ----------------------------------------------------------------------------------------------------------


def test_a_ledger_locked_for_long_is_a_clear_error_and_changes_nothing(bench: Bench) -> None:
    job = bench.settle(b"a.mp4", "one")
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusy, match="another process is writing") as caught:
            bench.claim()
        other.execute("ROLLBACK")
    assert caught.value.exit_code == 75
    assert bench.at(b"a.mp4") == job
    assert len(bench.claim()) == 1


def test_a_lock_that_is_let_go_in_time_is_waited_for(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    bench.ledger.close()
    other = sqlite3.connect(bench.path, isolation_level=None)

    class LettingGo(FakeClock):
        def sleep(self, seconds: float) -> None:
            assert 0 < seconds < 1
            other.execute("ROLLBACK")

    ledger = open_ledger(bench.path, clock=LettingGo(), patience=Patience(busy_timeout_s=0.01, tries=2))
    other.execute("BEGIN IMMEDIATE")
    assert len(ledger.claim(limit=1, now=bench.clock.wall())) == 1
    other.close()
    ledger.close()


def test_reading_needs_no_lock(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert bench.ledger.counts().states == {State.QUEUED: 1}


# --- full ------------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_no_crash_and_no_half_change(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    with bench.ledger.database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    big = [bench.result("one", f"s{n}", data="x" * 3000) for n in range(50)]
    with pytest.raises(LedgerUnavailable, match="the disk is full"):
        bench.ledger.store_results(big)
    assert bench.ledger.results_of(bench.digest("one")) == {}
    assert len(bench.claim()) == 1


# --- damaged ---------------------------------------------------------------------------------------------------------


def _overwrite(path: Path, offset: int, junk: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(junk)


DAMAGE = {
    "header": lambda path: _overwrite(path, 0, b"not a database at all"),
    "all but the header": lambda path: _overwrite(path, 100, b"\xde\xad" * 40_000),
    "a page of jobs": lambda path: _overwrite(path, 4096 * 2, b"\xde\xad" * 2048),
    "cut off": lambda path: os.truncate(path, 8192),
    "another format": lambda path: path.write_text("id,name\n1,reel\n" * 500),
}


@pytest.mark.parametrize("damage", list(DAMAGE))
def test_a_damaged_ledger_is_put_aside_whole_and_begun_anew(bench: Bench, damage: str) -> None:
    settled = [Settled(b"/in", b"%d.mp4" % n, bench.generation(str(n))) for n in range(200)]
    bench.ledger.intake.enqueue(settled)
    bench.ledger.close()
    DAMAGE[damage](bench.path)
    content = bench.path.read_bytes()
    ledger = bench.reopen()
    aside = ledger.opening.rebuilt_from
    assert aside is not None
    assert (aside.name, aside.read_bytes()) == ("ledger.corrupt-20270115T080000Z", content)
    assert ledger.opening.damage
    assert ledger.jobs() == []
    bench.settle(b"a.mp4", "one")


@pytest.mark.parametrize("opener", [attach_ledger, read_ledger])
def test_commands_do_not_repair(bench: Bench, opener: type) -> None:
    bench.ledger.close()
    DAMAGE["header"](bench.path)
    content = bench.path.read_bytes()
    with pytest.raises(LedgerCorrupt, match="`reelwatch run` puts it aside"):
        opener(bench.path)
    assert bench.path.read_bytes() == content


def test_ledgers_put_aside_in_one_second_do_not_overwrite_each_other(bench: Bench) -> None:
    names = []
    for _ in range(3):
        bench.ledger.close()
        DAMAGE["header"](bench.path)
        aside = bench.reopen().opening.rebuilt_from
        names.append(aside.name if aside else None)
    assert names == [f"ledger.corrupt-20270115T080000Z{suffix}" for suffix in ("", "-2", "-3")]


def test_an_empty_file_is_a_new_ledger_not_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / LEDGER_FILE
    path.touch()
    ledger = open_ledger(path)
    assert ledger.opening.rebuilt_from is None
    ledger.close()


def test_a_ledger_that_may_not_be_opened_is_not_put_aside(tmp_path: Path) -> None:
    (tmp_path / LEDGER_FILE).mkdir()
    with pytest.raises(LedgerUnavailable, match="cannot be opened"):
        open_ledger(tmp_path / LEDGER_FILE)
    assert [entry.name for entry in tmp_path.iterdir()] == [LEDGER_FILE]


def test_a_copy_of_the_ledger_made_while_closed_is_a_ledger(bench: Bench, tmp_path: Path) -> None:
    job = bench.settle(b"a.mp4", "one")
    bench.ledger.close()
    shutil.copy(bench.path, tmp_path / LEDGER_FILE)
    copy = open_ledger(tmp_path / LEDGER_FILE)
    assert copy.find(b"/in/a.mp4") == [job]
    copy.close()


def test_paths_of_the_state_directory_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "a b%20c?d#e'f ø" / LEDGER_FILE
    open_ledger(path).close()
    reader = read_ledger(path)
    assert reader.jobs() == []
    reader.close()
