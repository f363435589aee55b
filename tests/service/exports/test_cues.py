"""Cues a person can read, and files a player can read: parsed back by FFmpeg."""

from __future__ import annotations

import io
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.document import Document, Segment, Word, parse
from service.exports import srt, txt, vtt
from service.exports.cues import MAX_CUE_S, MAX_LINE_CHARS, MAX_LINES, cues_of

GOLDEN = Path(__file__).resolve().parents[2] / "actors" / "fusion" / "golden" / "document.json"
PLAIN = json.loads(GOLDEN.read_text())


def said(*words: tuple[Any, ...], segments: tuple[Segment, ...] = ()) -> Document:
    """A document of one shot with these words: (text, start, end, speaker)."""
    made = [
        Word(word=w[0], start_s=w[1], end_s=w[2], confidence=None, speaker=w[3] if len(w) > 3 else None, timing=None)
        for w in words
    ]
    shot = PLAIN["shots"][0] | {"word_range": [0, len(made)]}
    transcript = {
        "text": " ".join(w.word for w in made) or " ".join(s.text for s in segments),
        "words": [w.model_dump() for w in made],
        "segments": [s.model_dump() for s in segments],
        "quality": "draft",
    }
    return parse(json.dumps(PLAIN | {"shots": [shot], "transcript": transcript, "duration_s": 60.0}).encode())


def shown(document: Document) -> list[tuple[float, float, str]]:
    return [(cue.start_s, cue.end_s, "/".join(cue.text)) for cue in cues_of(document)]


@pytest.mark.parametrize(
    ("words", "cues"),
    [
        pytest.param([], [], id="nothing said"),
        pytest.param([("Hi", 1.0, 1.2)], [(1.0, 2.0, "Hi")], id="short cue stays on for a second"),
        pytest.param(
            [("Hi", 1.0, 1.2), ("you", 2.0, 2.5)], [(1.0, 2.0, "Hi"), (2.0, 3.0, "you")], id="split at a pause"
        ),
        pytest.param(
            [("One.", 0.0, 1.1), ("Two.", 1.2, 2.0)], [(0.0, 1.1, "One."), (1.2, 2.2, "Two.")], id="split at a sentence"
        ),
        pytest.param(
            [("Hi", 0.0, 1.5, "A"), ("you", 1.5, 2.0, "B")],
            [(0.0, 1.5, "Hi"), (1.5, 2.5, "you")],
            id="split at a speaker",
        ),
        pytest.param([("a", 0.0, 9.0)], [(0.0, 7.0, "a")], id="seven seconds at most"),
        pytest.param(
            [("a", 0.0, 2.0), ("b", None, None), ("c", 3.0, 4.0)], [(0.0, 4.0, "a b c")], id="untimed word in the gap"
        ),
        pytest.param([("a", None, None), ("b", 3.0, 4.0)], [(2.7, 4.0, "a b")], id="untimed word first"),
        pytest.param([("a", 3.0, 4.0), ("b", None, None)], [(3.0, 4.3, "a b")], id="untimed word last"),
        pytest.param(
            [("a", 0.0, 3.0, "A"), ("b", 1.0, 2.0, "B")], [(0.0, 1.0, "a"), (1.0, 2.0, "b")], id="voices overlap"
        ),
        pytest.param(
            [("a", 1.0, 2.0, "A"), ("b", 1.0, 2.0, "B")], [(1.0, 2.0, "a"), (2.0, 3.0, "b")], id="voices together"
        ),
        pytest.param(
            [(f"word{n:02d}", n * 0.2, n * 0.2 + 0.2) for n in range(13)],
            [
                (0.0, 2.4, "word00 word01 word02 word03 word04 word05/word06 word07 word08 word09 word10 word11"),
                (2.4, 3.4, "word12"),
            ],
            id="two even lines",
        ),
        pytest.param([("Oslo\n\nsentrum", 1.0, 2.5)], [(1.0, 2.5, "Oslo sentrum")], id="word of two lines"),
        pytest.param([("\n", 1.0, 2.5)], [], id="word without letters"),
        pytest.param([("x" * 50, 1.0, 2.0)], [(1.0, 2.0, "x" * 42 + "/" + "x" * 8)], id="word longer than a line"),
    ],
)
def test_cues(words: list[tuple[Any, ...]], cues: list[tuple[float, float, str]]) -> None:
    assert shown(said(*words)) == [(pytest.approx(a), pytest.approx(b), text) for a, b, text in cues]


def test_segments_stand_in_where_no_word_is_timed() -> None:
    segment = Segment(start_s=1.0, end_s=3.0, text="Hei på deg", speaker=None, confidence=None)
    assert shown(said(segments=(segment,))) == [(1.0, 3.0, "Hei på deg")]


TIMES = st.none() | st.tuples(st.floats(0, 50), st.floats(0, 12)).map(lambda t: (round(t[0], 3), round(sum(t), 3)))
TEXTS = st.text(st.sampled_from("abÅ.!-<>&{}\\今 \n\r\x00\u2028"), min_size=1, max_size=60)


@settings(deadline=None)  # a busy machine is no failure
@given(
    words=st.lists(st.tuples(TEXTS, TIMES, st.sampled_from([None, "A", "B & C"])), max_size=25), ordered=st.booleans()
)
def test_cues_are_readable_whatever_was_said(words: list[tuple[str, Any, str | None]], *, ordered: bool) -> None:
    if ordered:
        words = sorted(words, key=lambda w: w[1] or (0, 0))
    document = said(*[(text, *(times or (None, None)), who) for text, times, who in words])
    cues = cues_of(document)
    assert all(0 < round(cue.end_s - cue.start_s, 3) <= MAX_CUE_S for cue in cues)
    assert all(before.end_s <= after.start_s for before, after in pairwise(cues))
    assert all(len(cue.lines) <= MAX_LINES for cue in cues)
    assert all(0 < len(line) <= MAX_LINE_CHARS for cue in cues for line in cue.text)
    assert not any(re.search(r"[\n\r\0\u2028]", line) for cue in cues for line in cue.text)
    if any(times for _, times, _ in words):
        assert _letters("".join(w.text for c in cues for line in c.lines for w in line)) == _letters(
            "".join(text for text, _, _ in words)
        )
    for text in (srt(document), vtt(document), vtt(document, word_timed=True)):
        assert all(line.count("-->") == 1 for line in text.split("\n") if "-->" in line)
        assert text.count("-->") == len(cues)


def _letters(text: str) -> str:
    return re.sub(r"[\s\0]", "", text)


def read_back(text: str, format_name: str) -> list[tuple[float, float, str]]:
    """What FFmpeg's demuxer and decoder make of a file: start, end and the text it would draw."""
    found = []
    with av.open(io.BytesIO(text.encode()), format=format_name) as container:
        for packet in container.demux(subtitles=0):
            for subtitle in packet.decode() if packet.size else ():
                start_s = float(packet.pts * packet.time_base)
                drawn = subtitle.ass.decode().split(",", 8)[8].strip("\r\n").replace("\u2060", "")
                found.append((start_s, start_s + float(packet.duration * packet.time_base), drawn))
    return found


SPOKEN = [
    ("\n\nHei\0", 0.5, 0.9),
    ("<b>alle</b>", 1.0, 1.4),
    ("-->", 1.5, 1.6),
    ("R&B", 1.7, 2.0),
    ("{\\an8}", 2.1, 2.3),
    ("1", 6.0, 6.2),
    ("blåbær", 3661.25, 3662.0),
]
DRAWN = [(0.5, 2.3, "Hei <b>alle</b> --> R&B {\\an8}"), (6.0, 7.0, "1"), (3661.25, 3662.25, "blåbær")]


@pytest.mark.parametrize(
    ("text", "format_name"),
    [
        pytest.param(srt(said(*SPOKEN)), "srt", id="srt"),
        pytest.param(vtt(said(*SPOKEN)), "webvtt", id="vtt"),
        pytest.param(vtt(said(*SPOKEN), word_timed=True), "webvtt", id="vtt, word by word"),
    ],
)
def test_player_reads_back_what_was_said(text: str, format_name: str) -> None:
    # FFmpeg writes a brace into its ASS output as `\\{{}`; what is drawn is the brace.
    read = [(start, end, drawn.replace("\\{{}", "{")) for start, end, drawn in read_back(text, format_name)]
    assert [drawn for _, _, drawn in read] == [drawn for _, _, drawn in DRAWN]
    assert [time for *times, _ in read for time in times] == pytest.approx([t for *times, _ in DRAWN for t in times])


def test_srt_word_for_word() -> None:
    assert srt(said(("Hei", 0.5, 1.0), ("du.", 1.0, 1.75), ("Ja.", 59.9996, 61.0))) == (
        "1\n00:00:00,500 --> 00:00:01,750\nHei du.\n\n2\n00:01:00,000 --> 00:01:01,000\nJa.\n\n"
    )


def test_vtt_word_for_word() -> None:
    document = said(("Hei", 0.5, 1.0, "A\n& B"), ("<du>", 1.0, 1.75, "A\n& B"))
    assert vtt(document) == "WEBVTT\n\n00:00:00.500 --> 00:00:01.750\n<v A &amp; B>Hei &lt;du&gt;\n"
    assert vtt(document, word_timed=True) == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.750\n<v A &amp; B>Hei <00:00:01.000>&lt;du&gt;\n"
    )


def test_nothing_said() -> None:
    assert (srt(said()), vtt(said()), txt(said())) == ("", "WEBVTT\n", "")


def test_txt_names_speakers() -> None:
    segments = (
        Segment(start_s=0, end_s=1, text="Hei.\n", speaker="A", confidence=None),
        Segment(start_s=1, end_s=2, text="Ja.", speaker=None, confidence=None),
    )
    assert txt(said(("Hei.", 0.0, 1.0), segments=segments)) == "A: Hei.\nJa.\n"
    assert txt(said(("Hei.", 0.0, 1.0))) == "Hei.\n"
