"""Sentences with their words, and the ranges that join segments and words."""

from __future__ import annotations

import pytest

from actors.asr.chunks import Chunk
from actors.asr.interpolation import PlacedWord, timed
from actors.asr.language import Guess
from actors.asr.passages import Passage, sentences, transcription, untimed_sentence


def passage(*words: tuple[str, float, float] | str, log_prob: float = -0.1) -> Passage:
    placed = tuple(
        PlacedWord(f" {word}") if isinstance(word, str) else PlacedWord(f" {word[0]}", *word[1:]) for word in words
    )
    return Passage(Chunk(10.0, 20.0), "".join(word.word for word in placed), log_prob, 0.0, placed)


def parts(given: Passage) -> list[tuple[str, float, float]]:
    found = sentences(given, timed(given.words, start_s=given.chunk.start_s, end_s=given.chunk.end_s))
    return [(each.text, each.start_s, each.end_s) for each in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([("Hello", 10, 11), ("there.", 11, 12)], [("Hello there.", 10, 12)]),
        ([("Stop!", 10, 11), ("Why?", 11, 12)], [("Stop!", 10, 11), ("Why?", 11, 12)]),
        ([("one", 10, 11), ("two", 12.5, 13)], [("one", 10, 11), ("two", 12.5, 13)]),
        ([("one", 10, 11), ("two", 12, 13)], [("one two", 10, 13)]),
        ([('"Go."', 10, 11), ("He", 11, 12)], [('"Go."', 10, 11), ("He", 11, 12)]),
        (["12", "trees."], [("12 trees.", 10, 20)]),
        ([("Buy", 10, 11), "12"], [("Buy 12", 10, 20)]),
    ],
    ids=["one", "signs", "a pause", "a short pause", "quotation", "no times", "an interpolated end"],
)
def test_passages_part_at_signs_and_pauses(
    words: list[tuple[str, float, float] | str], expected: list[tuple[str, float, float]]
) -> None:
    assert parts(passage(*words)) == expected


def test_ranges_tile_the_words() -> None:
    said = passage(("A", 10, 11), ("b.", 11, 12), ("C.", 12, 13))
    timed_ones = sentences(said, timed(said.words, start_s=10.0, end_s=20.0))
    found = transcription([*timed_ones, untimed_sentence(passage("d", "e", log_prob=-0.5))], Guess("no", 0.8))
    assert [segment.words for segment in found.segments] == [(0, 2), (2, 3), (3, 5)]
    assert [word.word for word in found.words] == ["A", "b.", "C.", "d", "e"]
    assert [segment.confidence for segment in found.segments] == [0.9048, 0.9048, 0.6065]
    assert (found.segments[-1].start_s, found.segments[-1].end_s, found.segments[-1].text) == (10.0, 20.0, "d e")
    assert (found.language, found.language_confidence, found.quality) == ("no", 0.8, "standard")
