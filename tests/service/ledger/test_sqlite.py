"""What is SQLite's own: the file, its log, damage and what becomes of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ledger_stocks import SqliteStock

from service.intake.ports import Settled
from service.ledger.engine import LEDGER_FILE
from service.ledger.errors import LedgerCorrupt, LedgerMissing, LedgerUnavailable
from service.ledger.ledger import attach_ledger, open_ledger, read_ledger
from service.ledger.values import Opening

if TYPE_CHECKING:
    from conftest import Bench

SAID = "ring me at home tonight"


@pytest.fixture
def stock(tmp_path: Path, empty_ledger: Path) -> SqliteStock:
    """Files only."""
    return SqliteStock(tmp_path, empty_ledger)


# --- schema ----------------------------------------------------------------------------------------------------------


def test_a_new_ledger_is_made_with_its_directory(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "deep" / "er" / LEDGER_FILE)
    assert ledger.opening == Opening(created=True)
    ledger.close()
    assert (tmp_path / "deep").stat().st_mode & 0o777 != 0
    assert (tmp_path / "deep" / "er").stat().st_mode & 0o777 == 0o700


@pytest.mark.fault("power is lost")
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)], ids=str
)
def test_every_connection_is_durable(bench: Bench, pragma: str, value: object) -> None:
    with bench.ledger.database.write() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.mark.parametrize("opener", [attach_ledger, read_ledger])
def test_where_no_ledger_is_none_is_made(tmp_path: Path, opener: type) -> None:
    with pytest.raises(LedgerMissing, match="there is no ledger here yet"):
        opener(tmp_path / LEDGER_FILE)
    assert list(tmp_path.iterdir()) == []


# --- gone ------------------------------------------------------------------------------------------------------------


def test_nothing_remains_in_the_ledger_s_files(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.ledger.store_results([bench.result("x", "asr", data=f'"{SAID}"')])
    bench.ledger.store_results([bench.result("x", "ocr", data='"' + "on screen " * 3000 + '"')])
    assert _holding(bench) != []
    assert bench.ledger.begin_purge(job, ["transcript"]) is not None
    bench.ledger.end_purge(job.job_id)
    bench.ledger.scrub()
    assert _holding(bench) == []


def _holding(bench: Bench) -> list[str]:
    assert isinstance(bench.place, Path)
    return [file.name for file in bench.place.parent.iterdir() if SAID.encode() in file.read_bytes()]


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
    DAMAGE[damage](bench.place)
    content = bench.place.read_bytes()
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
    DAMAGE["header"](bench.place)
    content = bench.place.read_bytes()
    with pytest.raises(LedgerCorrupt, match="`reelwatch run` puts it aside"):
        opener(bench.place)
    assert bench.place.read_bytes() == content


def test_ledgers_put_aside_in_one_second_do_not_overwrite_each_other(bench: Bench) -> None:
    names = []
    for _ in range(3):
        bench.ledger.close()
        DAMAGE["header"](bench.place)
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
    shutil.copy(bench.place, tmp_path / LEDGER_FILE)
    copy = open_ledger(tmp_path / LEDGER_FILE)
    assert copy.find(b"/in/a.mp4") == [job]
    copy.close()


def test_paths_of_the_state_directory_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "a b%20c?d#e'f ø" / LEDGER_FILE
    open_ledger(path).close()
    reader = read_ledger(path)
    assert reader.jobs() == []
    reader.close()
