"""Text as it may stand in a document."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.fusion.text import clean, clean_line, encodable, hashtags, join_words, unique_hashtags


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param([], "", id="none"),
        pytest.param(["Hei", "alle", "sammen"], "Hei alle sammen", id="plain"),
        pytest.param(["Hei", ",", "du", "!"], "Hei, du!", id="punctuation by itself"),
        pytest.param(["(", "sic", ")", "50", "%"], "(sic) 50%", id="brackets and per cent"),
        pytest.param(["it", "'s", "don", "n't"], "it's donn't", id="contractions"),
        pytest.param(["get", "'em"], "get 'em", id="apostrophe that opens"),
        pytest.param(["was", ".5", "or", "...", "so"], "was .5 or... so", id="number that begins with a point"),
        pytest.param(["今天", "天气", "。", "OK", "吗"], "今天天气。 OK 吗", id="no spaces in Chinese"),
        pytest.param(["100", "€", "i", "dag"], "100 € i dag", id="currency keeps its spaces"),
    ],
)
def test_words_are_joined(words: list[str], text: str) -> None:
    assert join_words(words) == text


@pytest.mark.parametrize(
    ("caption", "tags"),
    [
        pytest.param("no tags", [], id="none"),
        pytest.param("#fyp #Oslo2025!", ["fyp", "Oslo2025"], id="plain"),
        pytest.param("#blåbær#jordbær", ["blåbær", "jordbær"], id="adjoining, Norwegian"),
        pytest.param("#हिन्दी #日本語 #кот", ["हिन्दी", "日本語", "кот"], id="other scripts, with vowel signs"),
        pytest.param("\uff03東京", ["東京"], id="full-width sign"),
        pytest.param("#1 #2025 #1a", ["1a"], id="numbers are none"),
        pytest.param("C# a#b &#39; ## #", [], id="inside words and entities"),
        pytest.param("#don't_stop", ["don"], id="ends at an apostrophe"),
        pytest.param("#e\u0301te\u0301", ["été"], id="normalised"),
        pytest.param("見て#東京", ["東京"], id="no space before, in a script without spaces"),
    ],
)
def test_hashtags_of_a_caption(caption: str, tags: list[str]) -> None:
    assert hashtags(caption) == tags


def test_hashtags_are_unique_without_regard_to_case() -> None:
    assert unique_hashtags(["FYP", "#fyp", "Blåbær", "BLÅBÆR", "#"]) == ("FYP", "Blåbær")


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(st.sampled_from("aÅ# \n\r\t\0\x1b\x7f\x85\ud800\udcff\u200d\u2028\u0902\uff03")))
def test_cleaned_text_can_be_written_and_holds_no_control_characters(text: str) -> None:
    assert clean(text).encode().decode() == clean(text)
    assert not set(clean(text)) & {chr(n) for n in (*range(9), 11, 12, 13, *range(14, 32), *range(127, 160))}
    assert "\n" not in clean_line(text)


def test_name_that_is_not_utf8_is_escaped() -> None:
    assert encodable(b"a\xff\xc3\xa5  b\n.mp4".decode("utf-8", "surrogateescape")) == "a\\xffå  b\n.mp4"
