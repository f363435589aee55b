"""The sentences, one table: what was measured, and what is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.captions.sentences import MOST_CHARACTERS, Seen, caption
from actors.results import Box, FrameMeasures, TextLine

CENTRE: Box = (0.4, 0.4, 0.2, 0.2)
LEFT: Box = (0.05, 0.4, 0.2, 0.2)
RIGHT: Box = (0.75, 0.4, 0.2, 0.2)


def line(text: str, *, y: float = 0.1, height: float = 0.05, x: float = 0.3, width: float = 0.4) -> TextLine:
    return TextLine(text=text, confidence=0.99, box=(x, y, width, height))


def look(
    brightness: float = 0.5, contrast: float = 0.4, colours: tuple[tuple[str, float], ...] = (("grey", 0.6),)
) -> FrameMeasures:
    return FrameMeasures(brightness=brightness, contrast=contrast, sharpness=100.0, colours=colours)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        pytest.param(Seen(), "Nothing was measured on this picture.", id="nothing measured"),
        pytest.param(Seen(faces=(CENTRE,)), "A medium shot shows a face in the centre.", id="a face"),
        pytest.param(Seen(faces=((0.2, 0.3, 0.6, 0.5),)), "A close-up shows a face in the centre.", id="a large face"),
        pytest.param(
            Seen(faces=((0.1, 0.1, 0.1, 0.1),)), "A wide shot shows a face in the upper left.", id="a small face"
        ),
        pytest.param(
            Seen(faces=(RIGHT, LEFT)),
            "A medium shot shows two faces, one on the left and one on the right.",
            id="two faces",
        ),
        pytest.param(
            Seen(faces=((0.4, 0.35, 0.2, 0.2), (0.45, 0.45, 0.2, 0.2))),
            "A medium shot shows two faces, both in the centre.",
            id="two faces in one place",
        ),
        pytest.param(Seen(faces=(CENTRE,) * 4), "A medium shot shows four faces.", id="four faces"),
        pytest.param(Seen(faces=(CENTRE,) * 12), "A medium shot shows 12 faces.", id="many faces"),
        pytest.param(
            Seen(lines=(line("3 Ingredients"),)), "The text “3 Ingredients” at the top is on screen.", id="a text"
        ),
        pytest.param(
            Seen(lines=(line("the cool thing", y=0.7), line("about these guys", y=0.755))),
            "The text “the cool thing about these guys” at the bottom is on screen.",
            id="two lines of one text",
        ),
        pytest.param(
            Seen(lines=(line("50% off", y=0.3, height=0.1), line("@testkonto", y=0.9, height=0.03))),
            "The texts “50% off” and “@testkonto” are on screen.",
            id="two texts",
        ),
        pytest.param(
            Seen(lines=(line("small", y=0.2), line("LARGE", y=0.5, height=0.1), line("Large", y=0.8, height=0.09))),
            "The texts “LARGE”, “Large” and more are on screen.",
            id="the two largest of three texts",
        ),
        pytest.param(
            Seen(faces=(LEFT,), lines=(line("Me at the zoo"),)),
            "A medium shot shows a face on the left, with the text “Me at the zoo” at the top.",
            id="a face and a text",
        ),
        pytest.param(Seen(faces=(), lines=()), "No face and no text was found.", id="looked for both, found none"),
        pytest.param(Seen(faces=()), "No face was found.", id="only faces were looked for"),
        pytest.param(Seen(lines=()), "No text was found.", id="only text was looked for"),
        pytest.param(
            Seen(faces=(), lines=(line("Hi"),)), "The text “Hi” at the top is on screen.", id="text and no face"
        ),
        pytest.param(
            Seen(measures=look(0.8, colours=(("white", 0.8),)), motion=0.0),
            "The picture is bright, mostly white, with hardly any motion.",
            id="bright and still",
        ),
        pytest.param(
            Seen(measures=look(0.1, colours=(("black", 0.7), ("blue", 0.2))), motion=0.02),
            "The picture is dark, mostly black and blue, with some motion.",
            id="dark with some motion",
        ),
        pytest.param(
            Seen(measures=look(colours=(("green", 0.9), ("red", 0.09))), motion=0.09),
            "The picture is of medium brightness, mostly green, with fast motion.",
            id="a colour of too small a share",
        ),
        pytest.param(
            Seen(measures=look(0.0, 0.0, (("black", 1.0),))), "The picture is plain black.", id="a black picture"
        ),
        pytest.param(Seen(measures=look(colours=())), "The picture is of medium brightness.", id="no main colour"),
        pytest.param(Seen(motion=0.09), "There is fast motion.", id="motion alone"),
    ],
)
def test_what_is_said(seen: Seen, said: str) -> None:
    assert caption(seen) == said


def test_long_texts_are_cut_at_a_word() -> None:
    said = caption(Seen(lines=(line("a Venus day is longer than a Venus year, and nobody there has ever complained"),)))
    assert said == "The text “a Venus day is longer than a Venus year, and nobody there…” at the top is on screen."


boxes = st.tuples(*[st.floats(0, 1)] * 4)
words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=90)
lines = st.builds(TextLine, text=words, confidence=st.just(0.9), box=boxes)


@given(st.none() | st.tuples(boxes), st.none() | st.lists(lines, max_size=4).map(tuple), st.none() | st.floats(0, 1))
def test_every_caption_is_a_sentence(
    faces: tuple[Box, ...] | None, texts: tuple[TextLine, ...] | None, motion: float | None
) -> None:
    said = caption(Seen(faces=faces, lines=texts, motion=motion))
    assert said[0].isupper()
    assert said.endswith(".")
    assert len(said) < 200 + 2 * MOST_CHARACTERS
    assert ("face" in said.replace("“", "\0").split("\0")[0]) <= (faces is not None)
