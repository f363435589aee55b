"""The query language: what is typed, and what is looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger.library.asking import Filters, Term, TextQuery
from service.ledger.library.values import Kind
from service.search.language import MOST_CHARACTERS, QueryError, parse
from service.search.times import seconds_of, spelled


def words(*texts: str, prefix: bool = False) -> Term:
    return Term(texts, prefix)


def of(*groups: tuple[Term, ...], excluded: tuple[Term, ...] = (), **values: object) -> TextQuery:
    return TextQuery(required=groups, excluded=excluded, **values)  # type: ignore[arg-type]


A, B, C = words("a"), words("b"), words("c")


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("a b", of((A,), (B,))),
        ('"Link in BIO"', of((words("link", "in", "bio"),))),
        ('"never closed b', of((words("never", "closed", "b"),))),
        ("a OR b c", of((A, B), (C,))),
        ("a OR b OR c", of((A, B, C))),
        ("OR a", of((A,))),
        ("a OR", of((A,))),
        ("a or b", of((A,), (words("or"),), (B,))),
        ("-a b", of((B,), excluded=(A,))),
        ('-"a b" c', of((C,), excluded=(words("a", "b"),))),
        ("- a", of((A,))),
        ("a OR b -c", of((A, B), excluded=(C,))),
        ("-a b OR c", of((B, C), excluded=(A,))),
        ("co*", of((words("co", prefix=True),))),
        ('"link in b*"', of((words("link", "in", "b", prefix=True),))),
        ('"link in b"*', of((words("link", "in", "b", prefix=True),))),
        ("don't", of((words("don", "t"),))),
        ("3:15 http://x.y/z?q=1", of((words("3", "15"),), (words("http", "x", "y", "z", "q", "1"),))),
        ("foo:bar", of((words("foo", "bar"),))),
        ("a AND b", of((A,), (words("and"),), (B,))),
        ("NEAR(a b)", of((words("near", "a"),), (B,))),
        ("BLÅBÆR", of((words("blåbær"),))),
        ("a kind:overlay", of((A,), kinds=(Kind.OVERLAY,))),
        ("a kind:Speech,caption", of((A,), kinds=(Kind.SPEECH, Kind.CAPTION))),
        ("a before:3s after:1:05", of((A,), before_s=3.0, after_s=65.0)),
        ("kind:overlay before:3s", of(kinds=(Kind.OVERLAY,), before_s=3.0)),
        ("lang:no,EN", of(filters=Filters(language=("no", "en")))),
        ("a lang:none", of((A,), filters=Filters(language=("none",)))),
        ('author:"Kari Nordmann"', of(filters=Filters(author="kari nordmann"))),
        ("author:@kari.n", of(filters=Filters(author="kari n"))),
        ("#Recipe tag:Mat", of(filters=Filters(tags=("recipe", "mat")))),
        ("in:tips/2026/", of(filters=Filters(folder="tips/2026"))),
        ('in:"my tips"', of(filters=Filters(folder="my tips"))),
        ("status:PARTIAL", of(filters=Filters(status="partial"))),
    ],
)
def test_what_is_typed_is_looked_for(typed: str, query: TextQuery) -> None:
    assert parse(typed) == query


@pytest.mark.parametrize(
    ("typed", "position", "said"),
    [
        ("", 0, "nothing to look for"),
        ("  !? ", 0, "nothing to look for"),
        ("a kind:overlays", 2, "use one of speech, overlay"),
        ("kind:", 0, ""),
        ("a before:soon", 2, "write 3s, 1:05"),
        ("after:", 0, ""),
        ("a -kind:overlay", 2, "turned round"),
        ("status:done", 0, "complete, partial"),
        ("in:/", 0, "no folder"),
        ("author:!", 0, "no author"),
        ("tag:##", 0, "no hashtag"),
        ("lang:,", 0, "no language"),
        ("x" * (MOST_CHARACTERS + 1), MOST_CHARACTERS, "too long"),
        ("a " * 100, 0, "too many words"),
        ("kitchen OR -cup", 11, "leave out the OR"),
        ("-cup OR kitchen", 5, "leave out the OR"),
        ('a -"b c" OR d', 9, "leave out the OR"),
    ],
)
def test_what_cannot_be_meant_is_told_with_place_and_remedy(typed: str, position: int, said: str) -> None:
    found = parse(typed)
    if said:
        assert isinstance(found, QueryError)
        assert found.position == position
        assert said in str(found)
    else:  # a filter without a value is text
        assert isinstance(found, TextQuery)


@given(st.text(max_size=200))
def test_every_text_is_a_query_or_an_error_with_a_remedy(typed: str) -> None:
    found = parse(typed)
    if isinstance(found, QueryError):
        assert found.remedy
        assert 0 <= found.position <= len(typed)
        return
    terms = [*found.excluded, *(term for group in found.required for term in group)]
    assert all(term.words and all(word and not set(word) & set("\"' *()") for word in term.words) for term in terms)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("3s", 3.0), ("3", 3.0), ("0.5s", 0.5), ("1m5s", 65.0), ("2m", 120.0), ("1h", 3600.0), ("1:05", 65.0)),
        *(("1:02:03.5", 3723.5), ("", None), ("s", None), ("-3", None), ("1e5", None), ("nan", None), ("٣s", None)),
    ],
)
def test_times(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0:00.0"), (65.25, "1:05.2"), (3723.46, "1:02:03.4")])
def test_times_are_spelled(seconds: float, text: str) -> None:
    assert spelled(seconds) == text
