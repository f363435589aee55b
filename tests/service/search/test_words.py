"""Words: what is one, and what counts as the same."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from service.search.words import composed, folded_words, name_key, words_of

if TYPE_CHECKING:
    from postgresql_cluster import Cluster


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Link in BIO!", ("link", "in", "bio")),
        ("Blåbærsyltetøy på Ås", ("blåbærsyltetøy", "på", "ås")),
        ("ÆØÅ É", ("æøå", "é")),
        ("don't don\u2019t", ("don", "t", "don", "t")),
        ("link_in_bio #two-words", ("link", "in", "bio", "two", "words")),
        ("5,99 kr 3x", ("5", "99", "kr", "3x")),
        ("STRASSE Straße", ("strasse", "strasse")),
        ("東京タワー is tall", ("東", "京", "タ", "ワ", "ー", "is", "tall")),
        ("हिन्दी भाषा", ("हिन्दी", "भाषा")),
        ("नमस्ते। भाषा", ("नमस्ते", "भाषा")),
        ("5 m² 1½ ½ kopp ①x x①y", ("5", "m", "1", "kopp", "x", "x", "y")),
        ("", ()),
        ('"*^():;-+ …', ()),
        ("\x00a\ud800b", ("ab",)),
    ],
)
def test_a_text_has_these_words(text: str, words: tuple[str, ...]) -> None:
    assert folded_words(text) == words


def test_what_is_one_word_is_one_to_postgresql(postgresql: Cluster) -> None:
    """In a locale that knows letters: to `C`, which other tests have, whatever is not ASCII is a letter."""
    signs = [sign for sign in map(chr, range(0x80, 0x20000)) if not 0xD800 <= ord(sign) < 0xE000]
    words = [word for sign in signs for word in folded_words(f"a{sign}b") if len(word) > 2]
    assert len(words) > 20_000
    split = "SELECT word FROM unnest(%s::text[]) AS word WHERE length(to_tsvector('simple', word)) != 1"
    postgresql.do("CREATE DATABASE lettered TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")
    try:
        assert postgresql.do(split, words, database="lettered") == []
    finally:
        postgresql.do("DROP DATABASE lettered")


def test_composed_and_decomposed_letters_are_the_same_words() -> None:
    for text in ("blåbær på Ås", "é", "Å", "Ǻ"):  # the last but one is the sign for ångström
        assert folded_words(unicodedata.normalize("NFD", text)) == folded_words(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(("one", "other"), [("å", "a"), ("ø", "o"), ("é", "e"), ("æ", "ae"), ("ö", "ø")])
def test_a_letter_with_a_mark_is_another_letter(one: str, other: str) -> None:
    assert folded_words(one) != folded_words(other)


def test_places_are_of_the_composed_text() -> None:
    text = composed(unicodedata.normalize("NFD", "på Ås, nå"))
    assert [text[word.start : word.end] for word in words_of(text)] == ["på", "Ås", "nå"]


def test_names_are_ordered_as_people_do() -> None:
    names = ["clip10.mp4", "Clip2.mp4", "clip002b.mp4", "ås.mp4", "øl.mp4", "ære.mp4", "zoo.mp4", "Ärger.mp4", "a.mp4"]
    ordered = [
        "a.mp4",
        "Clip2.mp4",
        "clip002b.mp4",
        "clip10.mp4",
        "zoo.mp4",
        "ære.mp4",
        "Ärger.mp4",
        "øl.mp4",
        "ås.mp4",
    ]
    assert sorted(names, key=name_key) == ordered
