"""Who said what, as tables: words, turns, and whose the words are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors.backend import Outcome, StageItem, StageStatus
from actors.document import Document
from actors.fusion.assemble import assemble
from actors.fusion.voices import seconds_of, voice_at, with_voices
from actors.results import Diarization, Segment, SpeakerTurn, Transcription, Word

TURNS = ((0.0, 2.0, "A"), (2.0, 4.0, "B"), (6.0, 7.0, "A"))
Times = tuple[float | None, float | None]


def turns(*given: tuple[float, float, str]) -> tuple[SpeakerTurn, ...]:
    return tuple(SpeakerTurn(start_s=start, end_s=end, speaker=voice) for start, end, voice in given)


def said(times: list[Times], segments: list[tuple[int, int]] | None = None) -> Transcription:
    """Words `w0`, `w1` ... at these times, in segments of these words."""
    words = tuple(
        Word(word=f"w{index}", start_s=start, end_s=end, confidence=0.9) for index, (start, end) in enumerate(times)
    )
    made = [
        Segment(start_s=0.0, end_s=9.0, text=f"words {first} to {end}", confidence=0.8, words=(first, end))
        for first, end in segments or []
    ]
    return Transcription(language="en", quality="standard", words=words, segments=tuple(made))


@pytest.mark.parametrize(
    ("start_s", "end_s", "voice"),
    [
        pytest.param(0.5, 1.0, "A", id="inside a turn"),
        pytest.param(1.8, 2.4, "B", id="across the change: more of it after"),
        pytest.param(1.5, 2.1, "A", id="across the change: more of it before"),
        pytest.param(1.9, 2.1, "A", id="half and half: the first"),
        pytest.param(0.5, 7.0, "A", id="two turns of one voice count together: 1.5 and 1 s against 2"),
        pytest.param(4.2, 4.4, "B", id="in none: the nearest, before it"),
        pytest.param(5.6, 5.9, "A", id="in none: the nearest, after it"),
        pytest.param(7.5, 7.8, "A", id="just near enough"),
        pytest.param(7.51, 7.8, None, id="too far"),
        pytest.param(4.6, 5.4, None, id="in the middle of nowhere"),
        pytest.param(3.0, 3.0, "B", id="a point in time"),
    ],
)
def test_the_voice_of_a_stretch_of_time(start_s: float, end_s: float, voice: str | None) -> None:
    assert voice_at(start_s, end_s, turns(*TURNS)) == voice


def test_without_turns_nobody_speaks() -> None:
    assert voice_at(0.0, 1.0, ()) is None


@pytest.mark.parametrize(
    ("times", "voices"),
    [
        pytest.param([(0.1, 0.5), (2.1, 2.5)], ["A", "B"], id="by time"),
        pytest.param([(0.1, 0.5), (None, None), (2.1, 2.5)], ["A", "A", "B"], id="untimed: the predecessor's"),
        pytest.param([(None, None), (None, None), (2.1, 2.5)], ["B", "B", "B"], id="untimed first: the first known"),
        pytest.param([(None, None)], [None], id="none timed"),
        pytest.param([(4.9, 5.1), (None, None)], [None, None], id="after a word of nobody: nobody's"),
        pytest.param([(0.1, 0.5), (4.9, 5.1), (None, None)], ["A", None, None], id="nobody's, after somebody's"),
        pytest.param([(0.5, None), (None, 3.0)], ["A", "B"], id="one known end"),
        pytest.param([], [], id="nothing said"),
    ],
)
def test_the_voice_of_each_word(times: list[Times], voices: list[str | None]) -> None:
    assert [word.speaker for word in with_voices(said(times), turns(*TURNS)).words] == voices


DIALOGUE: list[Times] = [(0.1, 0.5), (1.0, 1.9), (2.1, 2.5), (None, None), (6.1, 6.4)]


@pytest.mark.parametrize(
    ("times", "segments", "expected"),
    [
        pytest.param(
            [(0.1, 0.5), (1.0, 1.5)], [(0, 2)], [("A", 0.0, 9.0, "words 0 to 2", 0.8)], id="one voice: as it was"
        ),
        pytest.param(
            DIALOGUE,
            [(0, 5)],
            [
                ("A", 0.0, 1.9, "w0 w1", None),
                ("B", 2.1, 2.5, "w2 w3", None),
                ("A", 6.1, 9.0, "w4", None),
            ],
            id="split where the voice changes, the outer edges as they were",
        ),
        pytest.param(
            DIALOGUE,
            [(0, 2), (2, 5)],
            [("A", 0.0, 9.0, "words 0 to 2", 0.8), ("B", 0.0, 2.5, "w2 w3", None), ("A", 6.1, 9.0, "w4", None)],
            id="only the segment with two voices",
        ),
        pytest.param(
            [(4.9, 5.1), (6.1, 6.5), (4.8, 5.0)],
            [(0, 3)],
            [("A", 0.0, 9.0, "words 0 to 3", 0.8)],
            id="words of nobody are no reason to split",
        ),
        pytest.param([(4.9, 5.1)], [(0, 1)], [(None, 0.0, 9.0, "words 0 to 1", 0.8)], id="nobody's"),
    ],
)
def test_segments_are_of_one_voice(
    times: list[Times],
    segments: list[tuple[int, int]],
    expected: list[tuple[str | None, float, float, str, float | None]],
) -> None:
    found = with_voices(said(times, segments), turns(*TURNS)).segments
    assert [(s.speaker, s.start_s, s.end_s, s.text, s.confidence) for s in found] == expected
    assert [index for s in found for index in range(*(s.words or (0, 0)))] == list(range(len(times)))


@pytest.mark.parametrize(
    ("times", "parts"),
    [
        pytest.param([(1.0, 2.9), (1.6, 3.5)], [("A", 0.0, 2.9), ("B", 2.9, 9.0)], id="begins before the other ends"),
        pytest.param(
            [(0.5, 2.9), (2.0, 2.5), (6.1, 6.4)],
            [("A", 0.0, 2.9), ("B", 2.9, 2.9), ("A", 6.1, 9.0)],
            id="ends before it, too",
        ),
    ],
)
def test_parts_of_overlapping_words_never_run_backwards(
    times: list[Times], parts: list[tuple[str, float, float]]
) -> None:
    found = with_voices(said(times, [(0, len(times))]), turns((0.0, 2.0, "A"), (2.0, 4.0, "B"), (6.0, 7.0, "A")))
    assert [(s.speaker, s.start_s, s.end_s) for s in found.segments] == parts


@pytest.mark.parametrize(
    ("start_s", "end_s", "voice"),
    [pytest.param(0.0, 3.0, "A", id="most of it"), pytest.param(4.6, 5.4, None, id="nobody's")],
)
def test_a_segment_without_words_is_labelled_by_time(start_s: float, end_s: float, voice: str | None) -> None:
    segment = Segment(start_s=start_s, end_s=end_s, text="hello")
    found = with_voices(Transcription(language="en", quality="draft", segments=(segment,)), turns(*TURNS))
    assert [s.speaker for s in found.segments] == [voice]


def test_seconds_are_the_turns_in_order_of_appearance() -> None:
    assert seconds_of(turns((1.0, 2.5, "B"), (2.5, 3.0, "A"), (5.0, 5.25, "B"))) == {"B": 1.75, "A": 0.5}


Make = Callable[..., StageItem]


def document(make_item: Make, diarization: Outcome, **replaced: Outcome) -> Document:
    return assemble(make_item(results={"diarization": diarization, **replaced}), created_at="2025-10-04T18:30:00Z")


def told(*given: tuple[float, float, str]) -> Outcome:
    return Outcome(StageStatus.DONE, data=Diarization(turns=turns(*given)), backend="diarization.pyannote")


def test_the_document_says_who_speaks(make_item: Make) -> None:
    made = document(make_item, told((0.0, 1.6, "SPEAKER_00"), (1.9, 5.6, "SPEAKER_01")))
    assert made.speakers is not None
    assert [(s.speaker, s.seconds) for s in made.speakers] == [("SPEAKER_00", 1.6), ("SPEAKER_01", 3.7)]
    words = {word.word: word.speaker for word in made.transcript.words or ()}
    assert words == dict.fromkeys(["Hei", "alle", "sammen", ","], "SPEAKER_00") | dict.fromkeys(
        ["i", "dag", "43.000", "kroner!"], "SPEAKER_01"
    )
    segments = [(s.speaker, s.text) for s in made.transcript.segments or ()]
    assert segments == [("SPEAKER_00", "Hei alle sammen,"), ("SPEAKER_01", "i dag 43.000 kroner!")]


@pytest.mark.parametrize(
    ("diarization", "speakers"),
    [
        pytest.param(told((0.0, 2.0, "SPEAKER_00")), [("SPEAKER_00", 2.0)], id="voices without words"),
        pytest.param(Outcome(StageStatus.NO_SPEECH, reason="no voice"), [], id="nobody speaks"),
        pytest.param(Outcome(StageStatus.FAILED, reason="no memory"), None, id="not known"),
        pytest.param(Outcome(StageStatus.DISABLED, reason="not asked for"), None, id="not asked for"),
    ],
)
def test_speakers_are_known_without_words(
    make_item: Make, diarization: Outcome, speakers: list[tuple[str, float]] | None
) -> None:
    made = document(make_item, diarization, asr=Outcome(StageStatus.FAILED, reason="no memory"))
    found = None if made.speakers is None else [(s.speaker, s.seconds) for s in made.speakers]
    assert found == speakers
