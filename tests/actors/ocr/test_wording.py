"""Which readings are published, and which are one text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.ocr.engine import Reading
from actors.ocr.wording import best, plausible, same_words, similarity


@pytest.mark.parametrize(
    ("text", "confidence", "published"),
    [
        pytest.param("3 Ingredients", 0.99, True, id="a line"),
        pytest.param("3 Ingredients", 0.69, False, id="an unsure line"),
        pytest.param("5", 0.99, True, id="a countdown"),
        pytest.param("M", 0.79, False, id="a letter seen in scenery"),
        pytest.param("1U", 0.62, False, id="two letters seen in scenery"),
        pytest.param("四", 0.97, False, id="a lone ideograph: a toy block"),
        pytest.param("关注我", 0.99, True, id="Chinese words"),
        pytest.param("●", 0.94, False, id="a dot"),
        pytest.param("", 0.0, False, id="nothing"),
        pytest.param("blåbærsyltetøy", 0.98, True, id="Norwegian letters"),
    ],
)
def test_what_is_published(text: str, confidence: float, published: bool) -> None:  # noqa: FBT001 - a table's column
    assert plausible(Reading(text, confidence)) is published


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        pytest.param("Følg for mer", "Folg for mer", True, id="one letter misread"),
        pytest.param("50%off", "50% off", True, id="a space dropped"),
        pytest.param("and that\u2019s cool", "and that's cool", True, id="two apostrophes"),
        pytest.param("RED DEAD", "red dead", True, id="case"),
        pytest.param("Step 1", "Step 2", False, id="another number"),
        pytest.param("Part 1/3", "Part 2/3", False, id="another part"),
        pytest.param("Wait for it...", "Link in bio", False, id="another text"),
        pytest.param("", "a", False, id="nothing and something"),
    ],
)
def test_what_is_one_text(first: str, second: str, *, same: bool) -> None:
    assert same_words(first, second) is same


@pytest.mark.parametrize(
    ("readings", "chosen"),
    [
        pytest.param([("Folg for mer", 0.97), ("Følg for mer", 1.0)], "Følg for mer", id="the surest"),
        pytest.param([("50%off", 1.0), ("50% off", 0.95)], "50% off", id="the spaces of the less sure"),
        pytest.param([("50%off", 1.0), ("5 0 % off", 0.5)], "50%off", id="no spaces from a guess"),
    ],
)
def test_the_best_reading(readings: list[tuple[str, float]], chosen: str) -> None:
    assert best([Reading(text, confidence) for text, confidence in readings]).text == chosen


@given(st.text(max_size=30), st.text(max_size=30))
def test_similarity_is_a_share_and_full_for_equals(first: str, second: str) -> None:
    assert 0.0 <= similarity(first, second) <= 1.0
    assert similarity(first, first) == 1.0
