"""Paragraphs of words: the spaces of the text, words without times, voices."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent)]

from documents import document, segment, spoken, word  # noqa: E402 - it lies beside this file

from service.web.views.transcript import PALETTE, paragraphs, voices  # noqa: E402 - as above


def shown(found: object) -> list[str]:
    return ["".join(one.space + one.text for one in said.words) for said in paragraphs(found)]


def test_words_stand_as_in_the_text() -> None:
    assert shown(document()) == ["Hei alle sammen,", "i dag 43.000 kroner!"]


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["Hei", ",", "du"], "Hei, du", "Hei, du"),
        (["你好", "世界"], "你好世界", "你好世界"),
        (["don't", "stop"], "don't  stop", "don't  stop"),
        (["one", "two", "three"], "one 2 three", "one two three"),
        (["gone"], "", " gone"),
        (["<b>"], "<b>", "<b>"),
    ],
)
def test_what_stands_between_words(words: list[str], text: str, expected: str) -> None:
    timed = [word(one, 1.0, 1.1) for one in words]
    assert shown(spoken(timed, [segment(1, 2, text)], text)) == [expected]


def test_a_word_without_times_stays_with_the_one_before() -> None:
    words = [word("-"), word("a", 0.1, 0.4), word("?"), word("b", 2.1, 2.2), word("c")]
    assert shown(spoken(words, [segment(0, 1, "- a ?"), segment(2, 3, "b c")])) == ["- a ?", "b c"]


def test_a_word_over_the_border_belongs_where_its_middle_is() -> None:
    words = [word("early", 0.9, 1.05), word("late", 0.9, 1.5)]
    found = paragraphs(spoken(words, [segment(0, 1, ""), segment(1, 2, "")]))
    assert [[one.text for one in said.words] for said in found] == [["early"], ["late"]]


@pytest.mark.parametrize(
    ("words", "segments", "text", "expected"),
    [
        ([], [], "", []),
        (None, None, None, []),
        ([], [segment(0, 1, "as a whole")], "as a whole", ["as a whole"]),
        ([word("a", 1.0, 2.0), word("b")], [], "a b", ["a b"]),
    ],
)
def test_with_little(words: list | None, segments: list | None, text: str | None, expected: list[str]) -> None:
    assert [said.text for said in paragraphs(spoken(words, segments, text))] == expected


def test_voices_have_names_and_colours() -> None:
    labels = [f"SPEAKER_{number:02d}" for number in range(PALETTE)] + ["Kari"]
    found = voices(spoken([], [segment(number, number + 1, "x", label) for number, label in enumerate(labels)]))
    assert [(voice.name, voice.colour) for voice in found.values()][-2:] == [
        (f"Speaker {PALETTE}", PALETTE),
        ("Kari", 1),
    ]
    assert {voice.seconds for voice in found.values()} == {None}
