"""English sentences about one keyframe, from what was measured on it and nothing else.

Every clause stands for a measurement; what was not measured (None) gets no clause, and what was measured and not
found is said so only where nothing else was found either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.results import Box, FrameMeasures, TextLine

CLOSE_UP, MEDIUM = 0.4, 0.16
"""Share of the picture's width or height, whichever is larger, that the largest face takes from this framing on.
A cascade's window is about three quarters of a head, so 0.4 is a head that fills half the picture."""
LEFT, RIGHT = 0.4, 0.6
UPPER, LOWER = 1 / 3, 2 / 3
DARK, BRIGHT = 0.25, 0.65
"""Mean luma. Night shots of the corpus lie at 0.1, indoor and street footage from 0.36 to 0.63, white tables at 0.8."""
EVEN_CONTRAST = 0.03
"""Contrast below which the picture is one plain surface."""
STILL, FAST = 0.002, 0.04
"""Mean luma change between neighbouring frames: titles and tripods stay below the first, hands and butterflies that
fill the picture above the second."""
MOST_COLOURS = 2
MIN_COLOUR_SHARE = 0.15
MOST_TEXTS = 2
MOST_CHARACTERS = 60
LINE_GAP = 0.8
"""Largest gap between two lines of one text, in heights of the smaller line."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ELLIPSIS = "…"
assert LEFT < RIGHT and UPPER < LOWER and DARK < BRIGHT and STILL < FAST and MEDIUM < CLOSE_UP  # noqa: PT018, S101 - one order each


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one keyframe; None where nobody looked."""

    faces: tuple[Box, ...] | None = None
    lines: tuple[TextLine, ...] | None = None
    measures: FrameMeasures | None = None
    motion: float | None = None


def caption(seen: Seen) -> str:
    """Return one or two English sentences, the same for the same measurements."""
    sentences = [_subject(seen), _picture(seen)]
    return " ".join(s for s in sentences if s) or "Nothing was measured on this picture."


def _subject(seen: Seen) -> str:
    """Who and which text is in the picture."""
    faces = _faces(seen.faces) if seen.faces else ""
    text = _text(seen.lines) if seen.lines else ""
    if faces:
        return f"{faces}, with {text}." if text else f"{faces}."
    if text:
        return f"{_capital(text)} {'is' if text.startswith('the text ') else 'are'} on screen."
    looked_for = [name for name, found in (("face", seen.faces), ("text", seen.lines)) if found is not None]
    return f"{_capital(' and '.join(f'no {name}' for name in looked_for))} was found." if looked_for else ""


def _faces(faces: Sequence[Box]) -> str:
    framing = _framing(max(max(box[2], box[3]) for box in faces))
    if len(faces) == 1:
        return f"{framing} shows a face {_place(faces[0])}"
    if len(faces) == 2:  # noqa: PLR2004 - two have a place each
        first, second = sorted(faces, key=lambda box: box[0] + box[2] / 2)
        places = _place(first), _place(second)
        where = f"both {places[0]}" if places[0] == places[1] else f"one {places[0]} and one {places[1]}"
        return f"{framing} shows two faces, {where}"
    return f"{framing} shows {_number(len(faces))} faces"


def _framing(share: float) -> str:
    if share >= CLOSE_UP:
        return "A close-up"
    return "A medium shot" if share >= MEDIUM else "A wide shot"


def _place(box: Box) -> str:
    """Where a box lies, by its centre, in ninths of the picture."""
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    side = "left" if x < LEFT else "right" if x > RIGHT else ""
    level = "upper" if y < UPPER else "lower" if y > LOWER else ""
    if side and level:
        return f"in the {level} {side}"
    if side:
        return f"on the {side}"
    return {"upper": "at the top", "lower": "at the bottom", "": "in the centre"}[level]


def _text(lines: Sequence[TextLine]) -> str:
    blocks = _blocks(lines)
    largest = sorted(blocks, key=lambda block: -max(line.box[3] for line in block))[:MOST_TEXTS]
    shown = [block for block in blocks if block in largest]
    quoted = [f"“{_shortened(' '.join(line.text for line in block))}”" for block in shown]
    if len(blocks) == 1:
        return f"the text {quoted[0]} {_place(_around(shown[0]))}"
    if len(blocks) > MOST_TEXTS:
        return f"the texts {', '.join(quoted)} and more"
    return f"the texts {' and '.join(quoted)}"


def _blocks(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    """Join lines that stand right below one another, from top to bottom."""
    blocks: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: (line.box[1], line.box[0])):
        above = next((b for b in blocks if _below(b[-1].box, line.box)), None)
        if above is None:
            blocks.append([line])
        else:
            above.append(line)
    return blocks


def _around(block: Sequence[TextLine]) -> Box:
    left, top = min(line.box[0] for line in block), min(line.box[1] for line in block)
    right = max(line.box[0] + line.box[2] for line in block)
    bottom = max(line.box[1] + line.box[3] for line in block)
    return (left, top, right - left, bottom - top)


def _below(upper: Box, lower: Box) -> bool:
    gap = lower[1] - (upper[1] + upper[3])
    shared = min(upper[0] + upper[2], lower[0] + lower[2]) - max(upper[0], lower[0])
    return abs(gap) <= LINE_GAP * min(upper[3], lower[3]) and shared > 0


def _shortened(text: str) -> str:
    """Cut a text at a word so that it has at most `MOST_CHARACTERS` characters."""
    if len(text) <= MOST_CHARACTERS:
        return text
    cut = text[: MOST_CHARACTERS - len(ELLIPSIS)]
    words = cut.rsplit(" ", 1)
    return (words[0] if len(words) > 1 else cut).rstrip(" ,.;:") + ELLIPSIS


def _picture(seen: Seen) -> str:
    """How the picture looks and how much moves."""
    look = _look(seen.measures) if seen.measures else ""
    motion = _motion(seen.motion)
    if look and motion:
        return f"The picture is {look}, with {motion}."
    if look:
        return f"The picture is {look}."
    return f"There is {motion}." if motion else ""


def _look(measures: FrameMeasures) -> str:
    names = [name for name, share in measures.colours[:MOST_COLOURS] if share >= MIN_COLOUR_SHARE]
    if measures.contrast < EVEN_CONTRAST and names:
        return f"plain {names[0]}"
    brightness = "dark" if measures.brightness < DARK else "bright" if measures.brightness > BRIGHT else ""
    brightness = brightness or "of medium brightness"
    return f"{brightness}, mostly {' and '.join(names)}" if names else brightness


def _motion(motion: float | None) -> str:
    if motion is None:
        return ""
    if motion < STILL:
        return "hardly any motion"
    return "fast motion" if motion >= FAST else "some motion"


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
