"""Words on the clip's clock, and the segments that hold them."""

from __future__ import annotations

from actors.asr.sphinx import Decoded, DecodedWord
from actors.asr.transcript import Reading, transcription
from actors.asr.utterances import Utterance
from actors.results import Span


def decoded(*words: tuple[str, float, float]) -> Decoded:
    return Decoded(tuple(DecodedWord(word, start, end, 0.5) for word, start, end in words), -10.0, -9.0, 100, 1.0)


def test_words_are_placed_and_segmented_by_span() -> None:
    spans = [Span(start_s=1.0, end_s=2.0), Span(start_s=2.5, end_s=3.0), Span(start_s=9.0, end_s=10.0)]
    readings = [
        Reading(Utterance(0.8, 3.2), decoded(("one", 0.2, 0.6), ("two", 0.6, 1.45), ("three", 1.5, 2.0))),
        Reading(Utterance(8.8, 10.2), decoded(("four", 0.2, 1.5))),
    ]
    said = transcription(readings, spans, language="en")
    assert [(word.word, word.start_s, word.end_s) for word in said.words] == [
        ("one", 1.0, 1.4),
        ("two", 1.4, 2.25),
        ("three", 2.3, 2.8),
        ("four", 9.0, 10.2),
    ]
    assert [(s.text, s.start_s, s.end_s, s.words) for s in said.segments] == [
        ("one two", 1.0, 2.25, (0, 2)),
        ("three", 2.3, 2.8, (2, 3)),
        ("four", 9.0, 10.2, (3, 4)),
    ]
    assert (said.language, said.language_confidence, said.quality) == ("en", None, "draft")
