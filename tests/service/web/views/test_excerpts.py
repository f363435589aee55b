"""What was found, cut and marked."""

from __future__ import annotations

import pytest

from service.web.views.excerpts import LEAD, SHOWN, pieces

LONG = "".join(chr(ord("a") + place % 26) for place in range(1000))


@pytest.mark.parametrize(
    ("text", "matches", "expected"),
    [
        ("Hei alle", [], "Hei alle"),
        ("Hei alle", [(0, 3)], "[Hei] alle"),
        ("Hei alle", [(0, 3), (4, 8)], "[Hei] [alle]"),
        ("", [], ""),
        (LONG, [], LONG[:SHOWN] + "…"),
        (LONG, [(500, 510)], f"…{LONG[500 - LEAD : 500]}[{LONG[500:510]}]{LONG[510 : 500 - LEAD + SHOWN]}…"),
        (LONG, [(990, 1000)], f"…{LONG[1000 - SHOWN : 990]}[{LONG[990:]}]"),
        (LONG, [(0, 900)], f"[{LONG[:SHOWN]}]…"),
        (LONG, [(0, 5), (SHOWN, SHOWN + 5)], f"[{LONG[:5]}]{LONG[5:SHOWN]}…"),
    ],
)
def test_cut_and_marked(text: str, matches: list[tuple[int, int]], expected: str) -> None:
    cut = pieces(text, matches)
    assert "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in cut) == expected
