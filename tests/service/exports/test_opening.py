"""What is said and shown in the first three seconds."""

from __future__ import annotations

from typing import Any

import pytest
from varied import GOLDEN, NOTHING_SAID, document, said, word

from service.exports import opening

SAID = {
    "nobody listened": ({"transcript": dict.fromkeys(NOTHING_SAID), "shots": []}, None),
    "nothing was said": ({"transcript": NOTHING_SAID, "shots": []}, ""),
    "no word has a time": (said(word("Hei"), word("du")), None),
    "words that begin in it": (said(word("Hei", 0.0, 1.0), word("du", 2.999, 4.0), word("nå", 3.0, 5.0)), "Hei du"),
    "an untimed word goes with the one before": (
        said(word("a", 1.0, 2.0), word("b"), word("c", 4.0, 5.0), word("d")),
        "a b",
    ),
    "an untimed word first goes with the next": (said(word("a"), word("b", 4.0, 5.0)), ""),
    "voices overlap": (said(word("a", 2.0, 5.0), word("b", 3.5, 4.0), word("c", 2.9, 4.0)), "a c"),
}


@pytest.mark.parametrize(("changes", "text"), SAID.values(), ids=SAID.keys())
def test_said(changes: dict[str, Any], text: str | None) -> None:
    silent = {"representative_frames": None} | changes
    assert opening.said(document(**silent)) == text


@pytest.mark.parametrize(("start_s", "shown"), [(0.0, ("A",)), (2.999, ("A",)), (3.0, ()), (None, None)])
def test_shown(start_s: float | None, shown: tuple[str, ...] | None) -> None:
    overlay = GOLDEN["text_overlays"][0] | {"text": "A", "start_s": start_s, "end_s": 9.0}
    found = None if start_s is None else [overlay]
    assert opening.shown(document(text_overlays=found)) == shown
