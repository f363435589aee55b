"""Searching the library: what a query finds, in which order, on pages; no query is an error of the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library_entries import OTHER_OUTPUT, OUTPUT, entry, fill, said

from service.ledger.cursor import encode
from service.ledger.library import searching
from service.ledger.library.asking import Listing, TextQuery
from service.ledger.library.values import BadCursor, Kind, Page, Passage
from service.search.language import QueryError, parse
from service.search.search import HITS_OF_A_VIDEO, Hits, Videos, hits, videos

if TYPE_CHECKING:
    from conftest import Bench


def query(text: str) -> TextQuery:
    found = parse(text)
    assert isinstance(found, TextQuery), found
    return found


def found(bench: Bench, text: str, *, limit: int = 50) -> Hits:
    page = hits(bench.ledger.library, query(text), limit=limit)
    assert isinstance(page, Hits)
    return page


def told(bench: Bench, text: str) -> list[str]:
    """What was found, in order of the text."""
    return sorted(hit.text for hit in found(bench, text).hits)


CLIPS = (
    entry(
        "coffee",
        said("today we brew coffee at home", 0.5),
        said("and the link is in my bio", 9.0),
        said("LINK IN BIO", 1.0, 3.0, kind=Kind.OVERLAY),
        said("a cup on a table", 0.0, kind=Kind.CAPTION),
        said("Best coffee #kaffe", None, kind=Kind.SIDECAR),
        language="en",
    ),
    entry("syltetøy", said("Blåbærsyltetøy på Ås", 2.0), said("link in bio", 8.0, kind=Kind.OVERLAY), language="no"),
    entry("tips/sale", said("tea and not coffe", 4.0), said("Sale 50 %", 0.0, kind=Kind.OVERLAY), author="Kari Nes"),
)


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("tea", ["tea and not coffe"]),
        ("COFFEE", ["Best coffee #kaffe", "today we brew coffee at home"]),
        ("coffe*", ["Best coffee #kaffe", "tea and not coffe", "today we brew coffee at home"]),
        ('"link in bio"', ["LINK IN BIO", "link in bio"]),
        ('"link in b"*', ["LINK IN BIO", "link in bio"]),
        ("tea sale", ["Sale 50 %", "tea and not coffe"]),
        ("tea coffee", []),
        ("tea OR cup", ["a cup on a table", "tea and not coffe"]),
        ("sale OR cup coffe", ["Sale 50 %", "tea and not coffe"]),
        ('"link in bio" -coffee', ["link in bio"]),
        ("link kind:overlay -coffee", ["link in bio"]),
        ("link before:5s -brew", []),
        ("link -coffee before:1s", []),
        ('"link in bio" kind:overlay before:3s', ["LINK IN BIO"]),
        ('"link in bio" after:3', ["link in bio"]),
        ("link kind:speech", ["and the link is in my bio"]),
        ("kind:overlay before:1s", ["Sale 50 %"]),
        ("blåbærsyltetøy ås", ["Blåbærsyltetøy på Ås"]),
        ("blabarsyltetoy", []),
        ("a\u030as", ["Blåbærsyltetøy på Ås"]),
        ("as", []),
        ("link lang:no", ["link in bio"]),
        ("author:kari sale", ["Sale 50 %"]),
        ("in:tips sale", ["Sale 50 %"]),
        ("in:tips kind:speech", ["tea and not coffe"]),
        ("-coffee kind:speech", ["Blåbærsyltetøy på Ås", "tea and not coffe"]),
        ("nowhere", []),
    ],
)
def test_a_query_finds(bench: Bench, text: str, texts: list[str]) -> None:
    fill(bench.ledger, *CLIPS)
    assert (told(bench, text), found(bench, text).total) == (texts, len(texts))
    listed = bench.ledger.library.page(Listing(text=query(text)))
    assert isinstance(listed, Page)
    grouped = videos(bench.ledger.library, query(text))
    assert isinstance(grouped, Videos)
    assert {row.document for row in listed.rows} == {video.row.document for video in grouped.videos}


def test_what_matched_is_marked_and_played_from_its_word(bench: Bench) -> None:
    words = ("we", "brew", "coffee", "coffee", "beans")
    spoken = said("We brew coffee, COFFEE beans.", 1.0, 6.0)
    timed = entry("a", type(spoken)(**{**_fields(spoken), "word_times": (1.0, 2.0, 3.5, 4.0, None)}))
    assert " ".join(words) == spoken.words
    fill(bench.ledger, timed)
    (hit,) = found(bench, '"coffee beans" OR coffee').hits
    assert [hit.text[start:end] for start, end in hit.matches] == ["coffee", "COFFEE beans"]
    assert (hit.at_s, hit.start_s, hit.end_s) == (3.5, 1.0, 6.0)
    (hit,) = found(bench, "beans").hits
    assert hit.at_s == 1.0, "where a word has no time, its passage's start"


def timed(text: str, *times: float | None, start_s: float = 0.0, end_s: float = 10.0) -> Passage:
    return replace(said(text, start_s, end_s), word_times=times)


@pytest.mark.parametrize(
    ("text", "at_s"),
    [
        ("free before:3s", {"early": 2.0}),
        ("free after:3s", {"early": 5.0, "late": 4.0}),
        ("free after:2s before:2.1s", {"early": 2.0}),
        ("free after:2.1s before:4s", {}),
        ("free after:6s", {}),
        ("fre* before:3s", {"early": 2.0}),
        ('"free tea" before:6s', {"early": 5.0}),
        ('"free tea" before:5.5s', {}),
        ('"free tea" after:5.2s', {}),
        ("re before:3s", {}),
        ("get free before:3s", {"early": 0.5}),
        ("get free after:3s", {}),
        ("get OR free after:3s", {"early": 5.0, "late": 4.0}),
        ("untimed before:1s", {"late": 0.0}),
        ("untimed after:1s", {}),
        ("now before:1s", {}),
        ("now after:3s", {"late": 0.0}),
    ],
)
def test_a_word_is_said_when_its_own_time_says(bench: Bench, text: str, at_s: dict[str, float]) -> None:
    early = timed("get free coffee free tea", 0.5, 2.0, 2.5, 5.0, 5.6)
    late = timed("for you free now", 0.0, None, 4.0, None)
    fill(bench.ledger, entry("early", early), entry("late", late, said("untimed words", 0.0, 10.0)))
    best = {hit.row.document: hit.at_s for hit in reversed(found(bench, text).hits)}
    listed = bench.ledger.library.page(Listing(text=query(text)))
    assert isinstance(listed, Page)
    assert best == at_s
    assert {row.document for row in listed.rows} == set(at_s)


def _fields(passage: object) -> dict[str, object]:
    return {name: getattr(passage, name) for name in ("kind", "text", "words", "start_s", "end_s")}


def test_the_better_match_comes_first(bench: Bench) -> None:
    fill(bench.ledger, entry("long", said("coffee " + "and many other words " * 20)), entry("short", said("coffee")))
    assert [hit.row.document for hit in found(bench, "coffee").hits] == ["short", "long"]


SCRIPT = (
    said("word four", 4.0),
    said("word one", 1.0),
    said("word two", 2.0, kind=Kind.OVERLAY),
    said("word five", 5.0, kind=Kind.CAPTION),
    said("word zero", 0.0, kind=Kind.CAPTION),
    said("word never", None, kind=Kind.SIDECAR),
    said("word nil", 0.0, kind=Kind.FILE),
)
IN_TIME = ["word zero", "word nil", "word one", "word two", "word four", "word five"]


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("word", [*IN_TIME, "word never"]),
        ("after:0s", IN_TIME),
        ("kind:speech", ["word one", "word four"]),
        ("kind:caption,overlay", ["word zero", "word two", "word five"]),
    ],
)
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_equals_come_newest_video_first_and_in_order_of_time(
    bench: Bench, text: str, texts: list[str], limit: int
) -> None:
    fill(bench.ledger, entry("older", *SCRIPT), entry("newer", *SCRIPT))
    seen, cursor = [], None
    while True:
        page = hits(bench.ledger.library, query(text), limit=limit, cursor=cursor)
        assert isinstance(page, Hits)
        seen += [(hit.row.document, hit.text) for hit in page.hits]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [("newer", one) for one in texts] + [("older", one) for one in texts]
    grouped = videos(bench.ledger.library, query(text))
    assert isinstance(grouped, Videos)
    assert [[hit.text for hit in video.hits] for video in grouped.videos] == [texts[:HITS_OF_A_VIDEO]] * 2


@pytest.mark.parametrize(("most", "told"), [(5, ["new 0", "new 1", "new 2"]), (2, ["new 0", "new 1"])])
def test_what_is_ranked_of_many_begins_where_its_videos_begin(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, most: int, told: list[str]
) -> None:
    fill(bench.ledger, *(entry(name, *(said(f"{name} {n}", float(n)) for n in range(3))) for name in ("old", "new")))
    monkeypatch.setattr(searching, "RANKED_AT_MOST", most)
    for text in ("old OR new", "kind:speech"):
        page = found(bench, text)
        assert ([hit.text for hit in page.hits], page.bounded) == (told, True)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_hold_each_hit_once(bench: Bench, limit: int) -> None:
    fill(bench.ledger, *(entry(f"c{n}", *(said(f"word {'x ' * n}", float(k)) for k in range(n + 1))) for n in range(4)))
    seen, cursor = [], None
    while True:
        page = hits(bench.ledger.library, query("word"), limit=limit, cursor=cursor)
        assert isinstance(page, Hits)
        seen += [(hit.row.document, hit.start_s) for hit in page.hits]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == page.total == 10


def test_videos_come_by_their_best_hit_with_the_count_of_all(bench: Bench) -> None:
    fill(bench.ledger, *(entry(f"c{n}", *(said("word", float(k)) for k in range(n + 1))) for n in range(8)))
    seen, cursor = dict[str, tuple[int, int]](), None
    while True:
        page = videos(bench.ledger.library, query("word"), limit=3, cursor=cursor)
        assert isinstance(page, Videos)
        seen |= {video.row.document: (len(video.hits), video.count) for video in page.videos}
        cursor = page.next_cursor
        if cursor is None:
            break
    assert (page.total, seen) == (8, {f"c{n}": (min(n + 1, 5), n + 1) for n in range(8)})


def test_of_a_frequent_word_the_newest_are_ranked_and_that_is_said(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bench.ledger, *(entry(f"c{n}", said("word")) for n in range(5)))
    assert (found(bench, "word").total, found(bench, "word").bounded) == (5, False)
    monkeypatch.setattr(searching, "RANKED_AT_MOST", 3)
    page = found(bench, "word")
    assert ([hit.row.document for hit in page.hits], page.bounded) == (["c4", "c3", "c2"], True)


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", encode("hit", 1.0), encode("video", 1.0, 1), encode("hit", 1, 1.0), encode("hit", "x", 1.0, None)),
        *(encode("hit", 1 << 65, 1.0, None), encode("hit", 1, 1.0, "x"), encode("hit", 1, None, 1.0)),
    ],
)
def test_a_cursor_that_nobody_gave_is_told_so(bench: Bench, cursor: str) -> None:
    assert isinstance(hits(bench.ledger.library, query("a"), cursor=cursor), BadCursor)


def test_another_output_is_not_searched(bench: Bench) -> None:
    fill(bench.ledger, entry("there", said("word")), output_root=OTHER_OUTPUT)
    assert (told(bench, "word"), told(bench, "kind:speech")) == ([], [])


def test_what_is_dropped_or_replaced_is_not_found(bench: Bench) -> None:
    fill(bench.ledger, entry("a", said("first word")), entry("b", said("other word")))
    fill(bench.ledger, entry("a", said("second word")))
    bench.ledger.library.drop(OUTPUT, "b")
    assert (told(bench, "first"), told(bench, "other"), told(bench, "word")) == ([], [], ["second word"])


NASTY = st.sampled_from(
    [
        *("'", '"', "*", "(", ")", "^", "-", ":", "NEAR", "AND", "OR", "NOT", "--", ";", "\x00", "\\", "%", "_"),
        *(
            "words:",
            "rowid:",
            "{a b}:",
            "+",
            "kind:",
            "before:9",
            "-kind:speech",
            "#",
            "#a",
            "in:%",
            "in:'",
            "&",
            "|",
            "!",
        ),
        *("<->", ":*", "'a':*B", "$1", "word", "ø", "\u0301", "\ud800", "a" * 300, "\u2028"),
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(pieces=st.lists(NASTY | st.text(max_size=8), max_size=8), apart=st.sampled_from(["", " "]))
def test_no_query_is_an_error_of_the_database(bench: Bench, pieces: list[str], apart: str) -> None:
    asked = parse(apart.join(pieces))
    if isinstance(asked, QueryError):
        return
    assert isinstance(hits(bench.ledger.library, asked), Hits)
    assert isinstance(videos(bench.ledger.library, asked), Videos)
    assert isinstance(bench.ledger.library.page(Listing(text=asked)), Page)
