"""The language over several windows, and how sure that is."""

from __future__ import annotations

import pytest

from actors.asr.language import Guess, guess, spoken_code


@pytest.mark.parametrize(
    ("windows", "language", "confidence"),
    [
        ([{"en": 0.9, "de": 0.1}], "en", 0.9),
        ([{"en": 0.9, "no": 0.1}, {"en": 0.1, "no": 0.8}, {"en": 0.1, "no": 0.9}], "no", 0.6),
        ([{"sv": 0.40, "no": 0.35, "nn": 0.25}], "no", 0.6),
        ([{"nn": 0.7, "en": 0.3}], "no", 0.7),
        ([{"en": 0.2, "de": 0.1}, {"fr": 0.3}], "fr", 0.15),
    ],
    ids=["one window", "a foreign opening", "both Norwegian forms", "Nynorsk", "nobody knows"],
)
def test_the_mean_over_the_windows_decides(windows: list[dict[str, float]], language: str, confidence: float) -> None:
    assert guess(windows) == Guess(language, confidence)


@pytest.mark.parametrize(
    ("code", "norwegian"), [("no", True), ("nb", True), ("nn", True), ("da", False), ("en", False)]
)
def test_norwegian_has_three_codes(code: str, norwegian: bool) -> None:  # noqa: FBT001 - a table's column
    assert Guess(code, None).is_norwegian is norwegian


@pytest.mark.parametrize(("code", "expected"), [("nb", "no"), ("nn", "nn"), ("en", "en")])
def test_whisper_knows_no_nb(code: str, expected: str) -> None:
    assert spoken_code(code) == expected
