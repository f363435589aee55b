"""Lines of Norwegian drawn as people draw them over videos, and how many of their letters were read right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LETTERS = "æøåÆØÅ"
LINES = (
    "Små øyer og høye fjell",
    "Blåbær og fløte på vafler",
    "Ønsker du å lære mer?",
    "Ærlig talt, jeg ble målløs",
    "Århus ligger i Danmark",
    "Kjøp nå og spar 50 %",
    "Følg for flere oppskrifter",
    "Dagens tips: rødløk i ovnen",
    "Været i Tromsø er kjølig",
    "Øl, ærfugl og ål på ÅRETS FØRSTE tur",
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is drawn; font: a file that matplotlib carries, so that every machine draws the same."""

    name: str
    font: str
    size: int
    ink: tuple[int, int, int] = (0, 0, 0)
    paper: tuple[int, int, int] = (255, 255, 255)
    outline: int = 0
    noise: float = 0.0


STYLES = (
    Style("sans 48 on white", "DejaVuSans.ttf", 48),
    Style("sans 28 on white", "DejaVuSans.ttf", 28),
    Style("serif 40, white on blue", "STIXGeneral.ttf", 40, ink=(255, 255, 255), paper=(20, 40, 90)),
    Style("bold 44, outlined, on noise", "DejaVuSans-Bold.ttf", 44, (255, 255, 255), (120, 130, 110), 4, 35.0),
    Style("bold serif 56, yellow on red noise", "DejaVuSerif-Bold.ttf", 56, (250, 230, 40), (190, 30, 40), 0, 20.0),
)


@dataclass(slots=True)
class LetterCount:
    """Characters and Norwegian letters, wanted and read right."""

    characters: int = 0
    errors: int = 0
    letters: int = 0
    letters_right: int = 0

    def add(self, wanted: str, got: str) -> None:
        """Count one line."""
        blocks = SequenceMatcher(None, wanted, got, autojunk=False).get_matching_blocks()
        right = {block.a + offset for block in blocks for offset in range(block.size)}
        self.characters += len(wanted)
        self.errors += distance(wanted, got)
        self.letters += sum(character in LETTERS for character in wanted)
        self.letters_right += sum(wanted[index] in LETTERS for index in right)


def drawn(style: Style, text: str) -> NDArray[np.uint8]:
    """Return one line on a picture of its own, RGB uint8 (height, width, 3)."""
    import matplotlib as mpl
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / style.font), style.size)
    left, top, right, bottom = font.getbbox(text, stroke_width=style.outline)
    margin = 2 * style.size
    size = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    chance = np.random.default_rng(len(text) * style.size)
    paper = np.asarray(style.paper) + chance.normal(0, style.noise, (size[1], size[0], 1))
    picture = Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))
    ImageDraw.Draw(picture).text(
        (margin - left, margin - top), text, style.ink, font=font, stroke_width=style.outline, stroke_fill=(0, 0, 0)
    )
    return np.asarray(picture)


def distance(wanted: Sequence[str], got: Sequence[str]) -> int:
    """Return how many insertions, deletions and substitutions make one of the other (Levenshtein)."""
    row = list(range(len(got) + 1))
    for i, one in enumerate(wanted, 1):
        before, row = row, [i]
        for j, other in enumerate(got, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (one != other)))
    return row[-1]
