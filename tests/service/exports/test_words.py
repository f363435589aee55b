"""Words: each in its shot, and without a shot where there is no picture."""

from __future__ import annotations

from varied import GOLDEN, published

from service.exports import WORDS

NAMES = [column.name for column in WORDS.columns]


def test_each_word_knows_its_shot() -> None:
    rows = [dict(zip(NAMES, row, strict=True)) for row in WORDS.rows(published())]
    assert [row["index"] for row in rows] == list(range(8))
    assert [row["shot_id"] for row in rows] == ["s001"] * 2 + ["s002"] * 3 + ["s003"] * 3
    assert [row["word"] for row in rows] == [word["word"] for word in GOLDEN["transcript"]["words"]]


def test_without_a_picture_there_is_no_shot() -> None:
    rows = list(WORDS.rows(published(shots=[], representative_frames=None)))
    assert {row[NAMES.index("shot_id")] for row in rows} == {None}


def test_what_could_not_be_placed_has_no_time() -> None:
    rows = [dict(zip(NAMES, row, strict=True)) for row in WORDS.rows(published())]
    unplaced = [(row["word"], row["start_s"], row["end_s"], row["timing"]) for row in rows if row["start_s"] is None]
    assert unplaced == [(",", None, None, None), ("43.000", None, None, None)]
