"""The library's tables: what is put is listed, filtered, sorted and paged; what changes is noted."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from library_entries import OTHER_OUTPUT, OUTPUT, entry, fill, said
from sqlalchemy import event

from service.ledger import schema
from service.ledger.cursor import encode
from service.ledger.engine import Database
from service.ledger.ledger import open_ledger
from service.ledger.library.asking import MOST_ROWS, UNKNOWN, Filters, Listing, Sort
from service.ledger.library.numbers import MOST_OF_A_KIND, document_of, keys_of, kind_of, passage_number
from service.ledger.library.values import BadCursor, Due, Facet, Kind, Page
from service.ledger.values import Adopted

if TYPE_CHECKING:
    from conftest import Bench
    from sqlalchemy import Connection

    from service.ledger.library.library import Library


def names(page: Page | BadCursor) -> list[str]:
    assert isinstance(page, Page)
    return [row.document for row in page.rows]


def every_page(library: Library, listing: Listing) -> list[str]:
    """The names on all pages, one after another."""
    found, cursor = [], None
    while True:
        page = library.page(listing, cursor=cursor)
        assert isinstance(page, Page)
        assert len(page.rows) <= listing.limit
        found += names(page)
        cursor = page.next_cursor
        if cursor is None:
            return found


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_document_is_listed_as_it_was_put(bench: Bench) -> None:
    rich = entry(
        "tips/clip",
        said("hei"),
        tags=("mat", "øl"),
        language="no",
        width=1080,
        height=1920,
        word_count=2,
        shot_count=3,
        speaker_count=1,
        keyframe="tips/clip/frames/clip_s001.jpg",
        caption="Oppskrift #mat",
        author="Kari Nordmann",
        posted_at="2026-01-02",
        views=1 << 40,
        warnings=("truncated",),
    )
    fill(bench.ledger, rich)
    assert bench.ledger.library.page(Listing()) == Page((rich.row,), total=1)
    assert bench.ledger.library.document(rich.row.video_id) == rich.row


def test_what_is_put_again_replaces_what_was_there(bench: Bench) -> None:
    fill(bench.ledger, entry("clip", said("first"), tags=("a",)))
    before = bench.ledger.library.indexed(OUTPUT, "clip")
    again = entry("clip", tags=("b",), file_mark="2:2")
    fill(bench.ledger, again)
    after = bench.ledger.library.indexed(OUTPUT, "clip")
    assert before is not None
    assert after == replace(before, file_mark="2:2"), "it keeps its number"
    assert bench.ledger.library.page(Listing()) == Page((again.row,), total=1)
    assert bench.ledger.library.page(Listing(Filters(tags=("a",)))) == Page((), total=0)


def test_what_is_dropped_is_gone(bench: Bench) -> None:
    fill(bench.ledger, entry("clip", said("hei"), tags=("a",)), entry("other"))
    assert bench.ledger.library.drop(OUTPUT, "clip")
    assert not bench.ledger.library.drop(OUTPUT, "clip")
    assert names(bench.ledger.library.page(Listing())) == ["other"]
    assert bench.ledger.library.document(entry("clip").row.video_id) is None


def test_another_output_s_documents_are_not_listed(bench: Bench) -> None:
    fill(bench.ledger, entry("there"), output_root=OTHER_OUTPUT)
    fill(bench.ledger, entry("here"))
    assert names(bench.ledger.library.page(Listing())) == ["here"]
    assert bench.ledger.library.document(entry("there").row.video_id) is None
    assert bench.ledger.library.facets().documents == 1


# --- filters ----------------------------------------------------------------------------------------------------------

CLIPS = (
    entry("tips/a", language="no", author="Kari Nordmann", tags=("mat", "øl"), duration_s=5.0, described_at=10.0),
    entry("tips/2026/b", language="en", author="Ola", tags=("mat",), duration_s=15.0, word_count=0, described_at=20.0),
    entry("tips-old/c", language="nn", status="partial", duration_s=25.0, word_count=7, described_at=30.0),
    entry("d", author="kari_n", duration_s=35.0, word_count=1, described_at=40.0),
)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), "abcd"),
        (Filters(status="partial"), "c"),
        (Filters(language=("no", "nn")), "ac"),
        (Filters(language=(UNKNOWN,)), "d"),
        (Filters(language=("en", UNKNOWN)), "bd"),
        (Filters(folder="tips"), "ab"),
        (Filters(folder="tips/2026"), "b"),
        (Filters(folder="tip"), ""),
        (Filters(folder="%"), ""),
        (Filters(author="kari"), "ad"),
        (Filters(author="kari nordmann"), "a"),
        (Filters(author="kar"), ""),
        (Filters(tags=("mat",)), "ab"),
        (Filters(tags=("mat", "øl")), "a"),
        (Filters(tags=("ol",)), ""),
        (Filters(duration_from_s=15.0, duration_to_s=25.0), "bc"),
        (Filters(has_words=True), "cd"),
        (Filters(has_words=False), "ab"),
        (Filters(status="complete", folder="tips", duration_to_s=10.0), "a"),
    ],
)
def test_filters(bench: Bench, filters: Filters, found: str) -> None:
    fill(bench.ledger, *CLIPS)
    page = bench.ledger.library.page(Listing(filters, sort=Sort.NAME, descending=False))
    assert isinstance(page, Page)
    assert ("".join(name[-1] for name in names(page)), page.total) == (found, len(found))


def test_facets_count_what_there_is_to_filter_by(bench: Bench) -> None:
    fill(bench.ledger, *CLIPS)
    facets = bench.ledger.library.facets()
    assert (facets.documents, facets.duration_s) == (4, 80.0)
    assert facets.statuses == (Facet("complete", 3), Facet("partial", 1))
    assert set(facets.languages) == {Facet("no", 1), Facet("en", 1), Facet("nn", 1), Facet(None, 1)}
    assert facets.tags == (Facet("mat", 2), Facet("øl", 1))


# --- order and pages --------------------------------------------------------------------------------------------------

SORTED = (
    entry("a10", duration_s=3.0, described_at=1.0, word_count=5, shot_count=1, views=None, posted_at="2026-01-02"),
    entry("a2", duration_s=1.0, described_at=2.0, word_count=None, shot_count=1, views=9, posted_at=None),
    entry(
        "Ås", duration_s=2.0, described_at=2.0, word_count=0, shot_count=9, views=9, posted_at="2026-01-02T10:00:00Z"
    ),
    entry("æ", duration_s=2.0, described_at=3.0, word_count=None, shot_count=0, views=None, posted_at="2025-12-31"),
)


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        (Sort.NAME, ["a2", "a10", "æ", "Ås"]),
        (Sort.DURATION, ["a2", "Ås", "æ", "a10"]),
        (Sort.DESCRIBED, ["a10", "a2", "Ås", "æ"]),
        (Sort.SHOTS, ["æ", "a10", "a2", "Ås"]),
        (Sort.WORDS, ["Ås", "a10", "a2", "æ"]),
        (Sort.VIEWS, ["a2", "Ås", "a10", "æ"]),
        (Sort.POSTED, ["æ", "a10", "Ås", "a2"]),
    ],
)
def test_every_order_on_pages_of_every_length(bench: Bench, sort: Sort, ascending: list[str]) -> None:
    fill(bench.ledger, *SORTED)
    unknown = {Sort.WORDS: 2, Sort.VIEWS: 2, Sort.POSTED: 1}.get(sort, 0)
    known = len(ascending) - unknown
    descending = ascending[:known][::-1] + ascending[known:][::-1]  # what has no value comes last either way
    for limit in (1, 2, 3, 50):
        assert every_page(bench.ledger.library, Listing(sort=sort, descending=False, limit=limit)) == ascending
        assert every_page(bench.ledger.library, Listing(sort=sort, descending=True, limit=limit)) == descending


def test_pages_stand_still_while_documents_come_and_go(bench: Bench) -> None:
    fill(bench.ledger, *(entry(f"c{number}", described_at=float(number)) for number in range(6)))
    listing = Listing(limit=2)
    first = bench.ledger.library.page(listing)
    assert isinstance(first, Page)
    assert names(first) == ["c5", "c4"]
    fill(bench.ledger, entry("new", described_at=99.0))
    bench.ledger.library.drop(OUTPUT, "c4")
    assert names(bench.ledger.library.page(listing, cursor=first.next_cursor)) == ["c3", "c2"]


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "=" * 9, "\x00", "ø", "a" * 10_000),
        *(
            encode("described-", 1.0),
            encode("described+", 1.0, 1),
            encode("name-", 1.0, 1),
            encode("described-", "x", 1),
        ),
        *(encode("described-", 1.0, "1"), encode("described-", 1.0, 1 << 70), encode("described-", True, 1)),  # noqa: FBT003 - a value of JSON
        *("W1tdXQ", "e30", "W05hTiwxXQ", "WyJkZXNjcmliZWQtIixOYU4sMV0", "WyJkZXNjcmliZWQtIiwxZTk5OSwxXQ"),
    ],
)
def test_a_cursor_that_nobody_gave_is_told_so(bench: Bench, cursor: str) -> None:
    assert isinstance(bench.ledger.library.page(Listing(), cursor=cursor), BadCursor)


def test_a_page_far_behind_the_end_is_empty(bench: Bench) -> None:
    fill(bench.ledger, entry("a"))
    page = bench.ledger.library.page(Listing(), cursor=encode("described-", -1e9, 1))
    assert page == Page((), total=1)


@pytest.mark.parametrize("limit", [0, -1, MOST_ROWS + 1])
def test_a_page_has_a_bound(bench: Bench, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        bench.ledger.library.page(Listing(limit=limit))


# --- keys of passages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("place", [0, MOST_OF_A_KIND - 1])
def test_a_key_says_document_and_kind(kind: Kind, place: int) -> None:
    key = passage_number(7, kind, place)
    first, end = keys_of(7)
    assert (document_of(key), kind_of(key)) == (7, kind)
    assert first <= key < end


def test_a_place_beyond_the_bound_would_be_another_kind_s() -> None:
    with pytest.raises(ValueError, match="at most"):
        passage_number(1, Kind.SPEECH, MOST_OF_A_KIND)


# --- what is to be looked at ------------------------------------------------------------------------------------------


def due(bench: Bench) -> list[str]:
    return [one.document for one in bench.ledger.library.due(limit=99)]


def answer(bench: Bench) -> None:
    for one in bench.ledger.library.due(limit=99):
        bench.ledger.library.leave(one)


def test_a_document_is_noted_with_the_end_of_its_job(bench: Bench) -> None:
    job = bench.start(b"a.mp4", "one")
    assert due(bench) == []
    bench.publish(job)
    assert due(bench) == ["a"]


def test_a_document_that_is_taken_up_is_noted(bench: Bench) -> None:
    bench.ledger.adopt([Adopted(OUTPUT, "a", bench.digest("one"))])
    assert due(bench) == ["a"]


def test_what_was_noted_last_comes_first_and_once(bench: Bench) -> None:
    first = bench.complete(b"a.mp4", "one")
    bench.complete(b"b.mp4", "two")
    assert due(bench) == ["b", "a"]
    bench.ledger.begin_purge(first, ["transcript"])
    assert due(bench) == ["a", "b"]
    assert [one.document for one in bench.ledger.library.due(limit=1)] == ["a"]


def test_what_is_noted_ever_again_hides_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.ledger.library.indexing._CHUNK", 3)
    bench.ledger.library.note_due([(OUTPUT, name) for name in ("a", "b", *"c" * 7, *"ad" * 2)])
    assert due(bench) == ["d", "a", "c", "b"]
    for limit in range(4):
        assert [one.document for one in bench.ledger.library.due(limit=limit)] == ["d", "a", "c", "b"][:limit]
    numbers = [one.number for one in bench.ledger.library.due(limit=4)]
    assert numbers == sorted(numbers, reverse=True), "of the newest note of each"


@pytest.mark.parametrize("stock", ["sqlite"], indirect=True)
def test_of_many_notes_only_those_that_matter_are_read(bench: Bench) -> None:
    """The first start with an old ledger has a note for every document: a look must not read them all."""
    library, database = bench.ledger.library, bench.ledger.database
    library.note_due([(OUTPUT, f"d{number}") for number in range(20_000)])
    steps: list[int] = []
    for engine in (database.dialect.reading, database.dialect.writing):
        event.listen(engine, "begin", lambda begun: watch(begun, steps))
    (last,) = library.due(limit=1)
    library.leave(last)
    library.put(OUTPUT, [entry("d19998")], upto=last.number)
    assert steps, "a question takes steps"
    assert len(steps) * STEPS < 20_000, "less than one for each note"
    assert [one.document for one in library.due(limit=1)] == ["d19997"]


STEPS = 100


def watch(connection: Connection, steps: list[int]) -> None:
    """Have SQLite say whenever its machine has made some steps."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.set_progress_handler(lambda: steps.append(1), STEPS)


@pytest.mark.parametrize("step", ["begin", "end", "take back"])
def test_a_purge_is_noted_at_each_of_its_steps(bench: Bench, step: str) -> None:
    job = bench.complete(b"a.mp4", "one")
    steps: dict[str, Any] = {
        "begin": lambda: bench.ledger.begin_purge(job, ["transcript"]),
        "end": lambda: bench.ledger.end_purge(job.job_id),
        "take back": lambda: bench.ledger.take_back_purge(job.job_id, ["transcript"]),
    }
    if step != "begin":
        steps["begin"]()
    answer(bench)
    assert due(bench) == []
    steps[step]()
    assert due(bench) == ["a"]


def test_a_note_that_comes_while_one_is_answered_stays(bench: Bench) -> None:
    bench.ledger.library.note_due([(OUTPUT, "a")])
    (seen,) = bench.ledger.library.due(limit=9)
    bench.ledger.library.note_due([(OUTPUT, "a")])
    bench.ledger.library.put(OUTPUT, [entry("a")], upto=seen.number)
    (later,) = bench.ledger.library.due(limit=9)
    assert later == Due(later.number, OUTPUT, "a")
    assert later.number > seen.number


def test_a_job_s_document_that_the_index_lacks_is_noted_once(bench: Bench) -> None:
    bench.complete(b"a.mp4", "one")
    bench.complete(b"b.mp4", "two")
    answer(bench)
    fill(bench.ledger, entry("b"))
    assert (bench.ledger.library.note_missing(), due(bench)) == (1, ["a"])
    assert (bench.ledger.library.note_missing(), due(bench)) == (0, ["a"])


def test_what_retention_deleted_is_not_missed(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "one")
    bench.ledger.begin_purge(job, ["document"])
    answer(bench)
    assert bench.ledger.library.note_missing() == 0


JOB_OF_0003 = """INSERT INTO jobs (root, path, state, document, output_root, truncated, source_missing, is_primary,
    attempts, deaths, crashes, run, solo, fusion_due, created_at, changed_at, updated_at)
    VALUES (?, ?, 'done', ?, ?, 0, 0, 0, 1, 0, 0, 0, 0, 0, 10.0, 20.0, 20.0)"""


def test_the_documents_of_an_older_ledger_are_noted_at_its_first_start(tmp_path: Path) -> None:
    path = tmp_path / "older.sqlite3"
    database = Database(path)
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for name, document in ((b"a.mp4", "a"), (b"b.mp4", None)):
            connection.exec_driver_sql(JOB_OF_0003, (b"/in", name, document, OUTPUT))
    database.close()
    ledger = open_ledger(path, output_root=OUTPUT)
    assert [one.document for one in ledger.library.due(limit=9)] == ["a"]
    ledger.close()


def test_since_when_a_document_says_what_it_says(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "one")
    assert bench.ledger.library.described_at(OUTPUT, ["a", "b"]) == {"a": (job.run_id, bench.clock.wall())}
