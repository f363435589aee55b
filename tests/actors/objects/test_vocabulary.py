"""Vocabularies: which nouns a setting means, and how they are cut into prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.objects.detector import DetectorOptions
from actors.objects.vocabulary import nouns_of, split


def test_the_shipped_vocabulary_is_the_default() -> None:
    nouns = DetectorOptions(model="m").vocabulary
    assert nouns == nouns_of("everyday")
    assert len(nouns) >= 60
    assert {"person", "bottle", "car", "price tag"} <= set(nouns)


@pytest.mark.parametrize(
    ("setting", "nouns"),
    [
        pytest.param(["Dog", " red  shoe ", "dog"], ("dog", "red shoe"), id="lower case, once, single spaces"),
        pytest.param(("cat",), ("cat",), id="a tuple"),
    ],
)
def test_lists(setting: Any, nouns: tuple[str, ...]) -> None:
    assert nouns_of(setting) == nouns
    assert DetectorOptions(model="m", vocabulary=setting).vocabulary == nouns


def test_a_file_of_the_users_own_ends_up_as_nouns_in_the_options(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('shoes = ["sneaker", "boot"]\nbags = ["tote bag", "boot"]\n')
    options = DetectorOptions(model="m", vocabulary=str(file))
    # What goes into the result's key is what is looked for, so that a changed file makes another result.
    assert options.model_dump(mode="json")["vocabulary"] == ["sneaker", "boot", "tote bag"]
    assert DetectorOptions(**options.model_dump(mode="json")) == options


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        pytest.param("nothing-like-it", "there is everyday", id="no such name"),
        pytest.param("./words.toml", "is relative", id="relative path"),
        pytest.param("/nowhere/words.toml", "cannot be read", id="no such file"),
        pytest.param([], "needs a noun", id="empty list"),
        pytest.param(["dog", "a. b"], "no noun", id="dot"),
        pytest.param([""], "no noun", id="empty noun"),
        pytest.param(["x" * 61], "no noun", id="too long"),
        pytest.param([1], "list of nouns", id="number"),
        pytest.param(7, "list of nouns", id="no list"),
    ],
)
def test_what_is_no_vocabulary_is_refused(setting: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DetectorOptions(model="m", vocabulary=setting)


@pytest.mark.parametrize(
    ("content", "message"), [("a = ", "cannot be read"), ('a = "dog"', "list of nouns"), ("", "needs a noun")]
)
def test_files_that_are_none(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "words.toml"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        nouns_of(str(file))


@pytest.mark.parametrize(
    ("nouns", "room", "runs"),
    [
        (("aa", "bb", "cc"), 6, [("aa", "bb", "cc")]),
        (("aa", "bb", "cc"), 5, [("aa", "bb"), ("cc",)]),
        (("aa", "bbbb", "c"), 4, [("aa",), ("bbbb",), ("c",)]),
        ((), 4, []),
    ],
    ids=["fits", "two prompts", "three prompts", "nothing"],
)
def test_split(nouns: tuple[str, ...], room: int, runs: list[tuple[str, ...]]) -> None:
    assert split(nouns, tokens_of=len, room=room) == runs


def test_a_noun_that_fits_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="'refrigerator' takes 12 tokens"):
        split(("cup", "refrigerator"), tokens_of=len, room=8)
