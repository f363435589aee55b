"""What is PostgreSQL's own: who is let in, who has it for himself, a server that goes away, damage."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from cutting_proxy import Cut, CuttingProxy
from ledger_stocks import PostgresqlStock

from service.clock import FakeClock
from service.errors import ConfigError, StateLocked
from service.ledger.dialects import postgresql_outcome, postgresql_session
from service.ledger.engine import Patience
from service.ledger.errors import (
    LedgerBusy,
    LedgerCorrupt,
    LedgerMissing,
    LedgerRefused,
    LedgerUnavailable,
    LedgerUncertain,
)
from service.ledger.ledger import Ledger, attach_ledger, open_ledger, read_ledger, scribble_ledger
from service.ledger.place import UNREADABLE, Place, ServerPlace, without_password
from service.ledger.values import Adopted

if TYPE_CHECKING:
    from conftest import Bench
    from postgresql_cluster import Cluster

QUICK = Patience(busy_timeout_s=0.05, tries=2)
SECRET = "s3cret%20pass"  # noqa: S105 - that is what it is


@pytest.fixture
def stock(server_stock: PostgresqlStock) -> PostgresqlStock:
    """A server only."""
    return server_stock.again()


# --- the URL ---------------------------------------------------------------------------------------------------------

SHOWN = {
    "postgresql://me@db.example.org/reels": "postgresql://me@db.example.org/reels",
    f"postgres://me:{SECRET}@db:5433/reels": "postgres://me@db:5433/reels",
    f"postgresql://me:{SECRET}@a:1,b:2/reels?target_session_attrs=primary": "postgresql://me@a:1,b:2/reels?"
    "target_session_attrs=primary",
    f"postgresql:///reels?host=/run/postgresql&password={SECRET}&user=me": "postgresql:///reels?"
    "host=/run/postgresql&password=...&user=me",
    f"postgresql://[::1]/reels?sslpassword={SECRET}": "postgresql://[::1]/reels?sslpassword=...",
    "postgresql://": "postgresql://",
}
UNREADABLES = [
    "mysql://me@db/reels",
    "/var/lib/ledger.sqlite3",
    "postgresql://me:s3/cret@db/reels",
    "postgresql://me:s3@cret@db/reels",
    "postgresql://me:s3#cret@db/reels",
    "postgresql://me:s3 cret@db/reels",
    "postgresql://me:s3:cret@db/reels",
    "postgresql://db:s3cret/reels",
    "s3cret",
]


@pytest.mark.parametrize(("url", "shown"), SHOWN.items())
def test_a_place_is_shown_without_its_password(url: str, shown: str) -> None:
    place = ServerPlace(url)
    assert (str(place), without_password(url)) == (shown, shown)
    assert "s3cret" not in repr(place)


@pytest.mark.parametrize("url", UNREADABLES)
def test_what_is_no_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match=r"expected a URL.*%40 for @") as caught:
        ServerPlace(url)
    assert "cret" not in str(caught.value)
    assert without_password(url) == UNREADABLE


# --- who is let in ---------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(postgresql: Cluster) -> Iterator[Callable[[str], ServerPlace]]:
    """A database that one role alone may use, and only with its password."""
    postgresql.do("CREATE ROLE guarded LOGIN PASSWORD 's3cret pass'")
    postgresql.do("CREATE DATABASE guarded OWNER guarded")
    yield lambda password: ServerPlace(f"postgresql://guarded{password}@/guarded?host={postgresql.folder}")
    postgresql.do("DROP DATABASE guarded WITH (FORCE)")
    postgresql.do("DROP ROLE guarded")


def test_the_password_may_stand_in_the_url_or_where_libpq_looks(
    guarded: Callable[[str], ServerPlace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for password in ("", ":wr0ng"):
        with pytest.raises(LedgerRefused, match=r"password.*Correct state\.ledger") as caught:
            open_ledger(guarded(password))
        assert (caught.value.exit_code, "wr0ng" in str(caught.value)) == (78, False)
    open_ledger(guarded(f":{SECRET}")).close()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / postgresql_session.CREDENTIAL).write_text("s3cret pass\n")
    read_ledger(guarded("")).close()
    (tmp_path / postgresql_session.CREDENTIAL).unlink()
    file = tmp_path / "pgpass"
    file.write_text("*:*:guarded:guarded:s3cret pass\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    read_ledger(guarded("")).close()


def _made(cluster: Cluster, *statements: str) -> None:
    for statement in statements:
        cluster.do(statement)


REFUSED = {
    "no such role": ((), "nobody@/postgres", "", 'role "nobody" does not exist'),
    "no such database": ((), "reelwatch@/nix", "", 'database "nix" does not exist'),
    "no such schema": ((), "reelwatch@/postgres", "&options=-csearch_path%3Dnix", "Make it with CREATE SCHEMA"),
    "an encoding of few letters": (
        ("CREATE DATABASE latin1 ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'",),
        "reelwatch@/latin1",
        "",
        "encoding is LATIN1.*ENCODING 'UTF8'",
    ),
    "no right to make tables": (("CREATE ROLE guest LOGIN",), "guest@/postgres", "", "permission denied for schema"),
    "a setting that is none": ((), "reelwatch@/postgres", "&hst=x", "invalid URI query parameter"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_start_says_what_is_refused_and_what_to_do(postgresql: Cluster, case: str) -> None:
    statements, to, options, why = REFUSED[case]
    _made(postgresql, *statements)
    with pytest.raises(LedgerRefused, match=why):
        open_ledger(ServerPlace(f"postgresql://{to}?host={postgresql.folder}{options}"))


def test_a_server_that_is_too_old_is_refused(stock: PostgresqlStock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_session, "OLDEST_SERVER", 99)
    with pytest.raises(LedgerRefused, match="too old: 99 or a later one"):
        open_ledger(stock.nothing())


def test_without_the_driver_its_package_is_named(stock: PostgresqlStock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "service.ledger.dialects.postgresql")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install.*reelwatch\[postgresql\]"):
        open_ledger(stock.nothing())


UNREACHABLE = {
    "no server at the socket": "postgresql://me:s3cret@/reels?host=/nowhere",
    "no such host": "postgresql://me:s3cret@nowhere.invalid/reels",
}


@pytest.mark.parametrize("url", UNREACHABLE.values(), ids=list(UNREACHABLE))
@pytest.mark.parametrize("opener", [open_ledger, attach_ledger, read_ledger])
def test_a_server_that_is_not_there_may_come(url: str, opener: Callable[[Place], Ledger]) -> None:
    with pytest.raises(LedgerUnavailable, match=r"server cannot be reached.*Start it, or correct") as caught:
        opener(ServerPlace(url))
    assert caught.value.reason == "server_unreachable"
    assert "s3cret" not in str(caught.value)


# --- what the server cannot do at present ----------------------------------------------------------------------------

_FAILING = """CREATE FUNCTION {schema}.fail() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'it fails' USING ERRCODE = '{state}'; END $$;
    CREATE TRIGGER fail BEFORE INSERT ON {schema}.stage_results EXECUTE FUNCTION {schema}.fail()"""


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("53100", "server_disk_full"),
        ("53200", "server_out_of_memory"),
        ("58030", "server_io_error"),
        ("57014", "server_busy"),
        ("57P01", "server_unreachable"),
        ("08006", "server_unreachable"),
    ],
)
def test_what_may_pass_is_no_bug_and_no_half_change(bench: Bench, postgresql: Cluster, state: str, reason: str) -> None:
    job = bench.start(b"a.mp4", "one")
    bench.ledger.store_results([bench.result("one", "ocr", data='"before"')])
    postgresql.do(_FAILING.format(schema="ledger0", state=state))
    try:
        with pytest.raises(LedgerUnavailable, match="it fails") as caught:
            bench.ledger.store_results([bench.result("one", "ocr"), bench.result("one")], job_id=job.job_id)
    finally:
        postgresql.do("DROP FUNCTION ledger0.fail CASCADE")
    assert caught.value.reason == reason
    assert [r.data for r in bench.ledger.results_of(bench.digest("one")).values()] == ['"before"']
    bench.ledger.store_results([bench.result("one")])


def test_a_server_that_takes_no_writes(postgresql: Cluster) -> None:
    postgresql.do("CREATE DATABASE standby")
    place = postgresql.place("standby")
    open_ledger(place).close()
    postgresql.do("ALTER DATABASE standby SET default_transaction_read_only = on")
    with closing(open_ledger(place)) as ledger, pytest.raises(LedgerUnavailable, match="may not be written") as caught:
        ledger.adopt([Adopted(b"/out", "a", "0" * 64)])
    assert caught.value.reason == "server_read_only"


# --- one service -----------------------------------------------------------------------------------------------------

HOLD = """
import sys, time
from service.ledger.ledger import open_ledger
from service.ledger.place import ServerPlace
ledger = open_ledger(ServerPlace(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


@pytest.mark.fault("two hosts on one ledger")
def test_a_second_service_is_refused_and_told_who_has_it(bench: Bench) -> None:
    with pytest.raises(StateLocked, match=r"in use by reelwatch \d+ on .*at the server's own host") as caught:
        open_ledger(bench.place, patience=QUICK)
    assert caught.value.exit_code == 75
    with closing(attach_ledger(bench.place)) as beside:
        beside.intake.enqueue([])
    bench.ledger.close()
    open_ledger(bench.place, patience=QUICK).close()


def test_another_schema_is_another_ledger(make_bench: Callable[[], Bench]) -> None:
    one, other = make_bench(), make_bench()
    one.settle(b"a.mp4", "one")
    with one.ledger.database.write():
        other.settle(b"b.mp4", "two")
    assert [job.path for job in other.ledger.jobs()] == [b"b.mp4"]


def test_a_ledger_is_free_again_however_its_service_ended(stock: PostgresqlStock) -> None:
    place = stock.ledger()
    assert isinstance(place, ServerPlace)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, place.url], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(StateLocked, match=f"reelwatch {holder.pid} on"):
        open_ledger(place, patience=QUICK)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    open_ledger(place).close()


@pytest.mark.fault("two hosts on one ledger")
def test_a_service_that_was_cut_off_writes_no_more_once_another_has_taken_over(
    bench: Bench, postgresql: Cluster
) -> None:
    job = bench.settle(b"a.mp4", "one")
    postgresql.do(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s",
        postgresql_session.SERVICE,
    )
    with closing(open_ledger(bench.place)):
        with pytest.raises(LedgerBusy, match="in use by reelwatch"):
            bench.claim()
        assert bench.ledger.jobs() == [job]
    assert len(bench.claim()) == 1


# --- a server that goes away -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(postgresql: Cluster) -> Iterator[Cluster]:
    """A server that a test may stop: one that confirms what is not on disk yet, unless it is asked not to."""
    from postgresql_cluster import cluster

    with cluster(postgresql.programs, synchronous_commit="off") as running:
        yield running


@pytest.fixture
def lonely(own: Cluster) -> Iterator[Ledger]:
    """A ledger on a server that may be stopped."""
    own.do("DROP SCHEMA public CASCADE")
    own.do("CREATE SCHEMA public")
    with closing(open_ledger(own.place(), output_root=b"/out", clock=FakeClock(), patience=QUICK)) as ledger:
        yield ledger


def _adopt(ledger: Ledger, number: int) -> None:
    assert ledger.adopt([Adopted(b"/out", str(number), f"{number:064}")]) == 1


def test_a_server_that_is_restarted_between_two_calls_is_not_even_noticed(own: Cluster, lonely: Ledger) -> None:
    _adopt(lonely, 1)
    for how in (signal.SIGINT, signal.SIGQUIT):
        lonely.counts(), lonely.data_version()
        own.stop(how)
        own.start()
        assert lonely.data_version() > 0
        own.stop(how)
        own.start()
        assert len(lonely.jobs()) >= 1
        own.stop(how)
        own.start()
        _adopt(lonely, 100 + how)
    assert len(lonely.jobs()) == 3


def test_while_a_server_is_away_everything_says_so_and_afterwards_all_is_there(own: Cluster, lonely: Ledger) -> None:
    _adopt(lonely, 1)
    own.stop()
    calls: list[Callable[[], object]] = [lonely.jobs, lonely.data_version, lonely.size_bytes, lonely.scrub]
    calls += [lambda: _adopt(lonely, 2), lonely.database.there]
    for call in calls:
        with pytest.raises(LedgerUnavailable, match="server cannot be reached"):
            call()
    own.start()
    _adopt(lonely, 2)
    assert {job.document for job in lonely.jobs()} == {"1", "2"}, "a crash of the server loses nothing that was told"


def test_a_server_that_goes_in_the_middle_of_a_change_takes_it_along_whole(own: Cluster, lonely: Ledger) -> None:
    _adopt(lonely, 1)
    with pytest.raises(LedgerUnavailable, match="server cannot be reached"):
        _lose_while_changing(own, lonely)
    own.start()
    assert [job.document for job in lonely.jobs()] == ["1"]


def _lose_while_changing(server: Cluster, ledger: Ledger) -> None:
    with ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET document = 'changed'")
        server.stop()
        connection.exec_driver_sql("SELECT 1")


def test_what_is_told_is_on_disk_whatever_the_server_s_own_setting(own: Cluster, lonely: Ledger) -> None:
    assert own.do("SHOW synchronous_commit") == [("off",)]
    with lonely.database.write() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


@pytest.fixture
def proxy(own: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CuttingProxy]:
    made = CuttingProxy(tmp_path_factory.mktemp("p"), own.folder)
    yield made
    made.close()


class Hasty(FakeClock):
    """Sleeps, but not for long."""

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / 10)
        super().sleep(seconds)


@pytest.fixture
def cut_off(lonely: Ledger, proxy: CuttingProxy) -> Iterator[Ledger]:
    """A ledger beyond a proxy that cuts."""
    place = ServerPlace(f"postgresql://reelwatch@/postgres?host={proxy.folder}")
    with closing(attach_ledger(place, output_root=b"/out", clock=Hasty(), patience=QUICK)) as ledger:
        _adopt(ledger, 0)
        yield ledger
    assert lonely.jobs() != []


@pytest.mark.fault("the ledger's server is lost in a commit")
def test_a_commit_whose_answer_is_lost_was_made(lonely: Ledger, cut_off: Ledger, proxy: CuttingProxy) -> None:
    proxy.cut = Cut.ANSWER
    _adopt(cut_off, 1)
    assert proxy.cuts == 1
    assert {job.document for job in lonely.jobs()} == {"0", "1"}
    _adopt(cut_off, 2)


@pytest.mark.fault("the ledger's server is lost in a commit")
def test_a_commit_that_the_server_never_heard_of_was_not(lonely: Ledger, cut_off: Ledger, proxy: CuttingProxy) -> None:
    proxy.cut = Cut.QUESTION
    with pytest.raises(LedgerUnavailable, match="server cannot be reached"):
        _adopt(cut_off, 1)
    assert proxy.cuts == 1
    assert {job.document for job in lonely.jobs()} == {"0"}
    _adopt(cut_off, 1)


@pytest.mark.fault("the ledger's server is lost in a commit")
def test_a_commit_of_which_nobody_can_tell_ends_whoever_made_it(cut_off: Ledger, proxy: CuttingProxy) -> None:
    proxy.cut, proxy.shut = Cut.ANSWER, True
    with pytest.raises(LedgerUncertain, match="whether it did is not known"):
        _adopt(cut_off, 1)
    assert not issubclass(LedgerUncertain, (LedgerBusy, LedgerUnavailable)), "trying again could do it twice"


@pytest.mark.fault("the ledger's server is lost in a commit")
def test_a_server_that_says_nothing_any_more_holds_the_writer_up_for_a_bounded_time(
    lonely: Ledger, proxy: CuttingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WITHIN_S", 1.0), ("CONNECT_S", 2)):
        monkeypatch.setattr(postgresql_outcome, name, value)
    place = ServerPlace(f"postgresql://reelwatch@/postgres?host={proxy.folder}&connect_timeout=60")
    with closing(attach_ledger(place, output_root=b"/out", patience=QUICK)) as ledger:
        _adopt(ledger, 1)
        proxy.cut, proxy.mute = Cut.ANSWER, True
        began_s = time.monotonic()
        with pytest.raises(LedgerUncertain):
            _adopt(ledger, 2)
    assert time.monotonic() - began_s < 20
    assert len(lonely.jobs()) == 2


@pytest.mark.fault("the ledger's server is lost in a commit")
def test_what_is_expendable_is_not_asked_about(lonely: Ledger, proxy: CuttingProxy) -> None:
    place = ServerPlace(f"postgresql://reelwatch@/postgres?host={proxy.folder}")
    with closing(scribble_ledger(place, clock=Hasty())) as ledger:
        ledger.counts()
        proxy.cut = Cut.ANSWER
        with pytest.raises(LedgerUnavailable, match="server cannot be reached"):
            _adopt(ledger, 1)
    while not lonely.jobs():  # it was made all the same, a moment later
        time.sleep(0.02)


# --- damage, room ----------------------------------------------------------------------------------------------------


@pytest.mark.fault("the ledger on a server is damaged")
def test_a_damaged_ledger_is_refused_and_left_to_its_administrator(own: Cluster, lonely: Ledger) -> None:
    for number in range(300):
        _adopt(lonely, number)
    lonely.close()
    own.do("CHECKPOINT")
    ((file,),) = own.do("SELECT pg_relation_filepath('jobs')")
    own.stop(signal.SIGINT)
    with (own.data / file).open("r+b") as table:
        table.seek(8192)
        table.write(b"\xde\xad" * 2048)
    own.start()
    for damage in (None, "what was met before."):
        with pytest.raises(LedgerCorrupt, match=r"Restore it with PostgreSQL's own means, or drop its tables"):
            open_ledger(own.place(), damage=damage)
    with closing(read_ledger(own.place())) as ledger, pytest.raises(LedgerCorrupt, match="is damaged"):
        ledger.jobs()
    assert own.do("SELECT count(*) FROM document_names") == [(300,)]


def test_deleted_rows_give_their_room_free(bench: Bench, postgresql: Cluster) -> None:
    bench.ledger.store_results([bench.result(str(n), data="x" * 1000) for n in range(100)])
    size = bench.ledger.size_bytes()
    assert size is not None
    assert size > 100_000
    bench.ledger.forget_results("document", before=bench.clock.wall())
    bench.ledger.scrub()
    assert postgresql.do("SELECT pg_relation_size('ledger0.stage_results')") == [(0,)]


@contextmanager
def _vacuumed_elsewhere(cluster: Cluster, table: str) -> Iterator[None]:
    """Hold a table against VACUUM, which writing does not mind."""
    with psycopg.connect(cluster.url()) as session:
        session.execute(f"LOCK TABLE ledger0.{table} IN SHARE UPDATE EXCLUSIVE MODE")
        yield


def test_while_deleted_rows_give_their_room_free_others_write(bench: Bench, postgresql: Cluster) -> None:
    waits = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND wait_event_type = 'Lock'"
    patience = Patience(busy_timeout_s=30.0, tries=1)
    with closing(attach_ledger(bench.place, patience=patience)) as ledger, ThreadPoolExecutor() as threads:
        with _vacuumed_elsewhere(postgresql, "stage_results"):
            scrub = threads.submit(ledger.scrub)
            while not postgresql.do(waits):
                assert not scrub.done()
                time.sleep(0.02)
            _adopt(ledger, 1)
            assert not scrub.done()
        scrub.result()


def test_only_what_things_were_deleted_from_is_looked_through(bench: Bench, postgresql: Cluster) -> None:
    with _vacuumed_elsewhere(postgresql, "passages"):
        bench.ledger.scrub()
        with pytest.raises(LedgerBusy):
            bench.ledger.library.scrub()


def test_no_ledger_is_made_where_one_is_only_looked_for(stock: PostgresqlStock, postgresql: Cluster) -> None:
    place = stock.nothing()
    for opener in (attach_ledger, read_ledger):
        with pytest.raises(LedgerMissing):
            opener(place)
    schema = str(place).rpartition("%3D")[2]
    assert postgresql.do("SELECT count(*) FROM pg_tables WHERE schemaname = %s", schema) == [(0,)]
