"""What is taken out of texts, and above all what is left in them: prices, counts, dates, tags, dimensions."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.redaction.redactor import Redactor, collapsed, counted, redaction_of
from actors.redaction.spans import EMAIL, ID_NUMBER, PHONE, PLACEHOLDERS

EVERYTHING = Redactor((EMAIL, PHONE, ID_NUMBER), ("NO", "US", "GB"))
E, P, N = (PLACEHOLDERS[kind] for kind in (EMAIL, PHONE, ID_NUMBER))

GOES: list[tuple[str, str]] = [
    # addresses
    ("skriv til kari.nordmann@example.no.", f"skriv til {E}."),
    ("a@b.co, o'hara+tag@mail.example.co.uk!", f"{E}, {E}!"),
    ("Kontakt: ola_nordmann@blåbær.no", f"Kontakt: {E}"),
    ("<post@example.com>", f"<{E}>"),
    # Norwegian phones
    ("ring 912 34 567 nå", f"ring {P} nå"),
    ("ring oss: 91234567", f"ring oss: {P}"),
    ("Tlf. 22 22 55 55.", f"Tlf. {P}."),
    ("+47 912 34 567", P),
    ("+47 91 23 45 67", P),
    ("0047 91234567", P),
    ("800 12 345", P),
    ("Tlf 41234567 / 98765432", f"Tlf {P} / {P}"),
    # phone: the rest
    ("call (415) 555-2671 today", f"call {P} today"),
    ("415-555-2671", P),
    ("+1 415 555 2671", P),
    ("1-800-555-0199", P),
    ("020 7946 0958", P),
    ("07911 123456", P),
    ("+44 7700 900123", P),
    ("+46 70-123 45 67", P),
    ("+49 (30) 901820", P),
    # phone: spelled out
    ("call me nine one two, three four, five six seven.", f"call me {P}"),
    ("ring ni en to tre fire fem seks sju", f"ring {P}"),
    ("send it to nine one two three four five six seven", f"send it to {P}"),
    ("plus four seven nine one two three four five six seven", P),
    ("it is four one five five five five two six seven one okay", f"it is {P} okay"),
    # identity numbers; made up, with right check digits
    ("fnr 01010123476", f"fnr {N}"),
    ("fødselsnummer 010101 23476", f"fødselsnummer {N}"),
    ("D-nummer 41010110007", f"D-nummer {N}"),
    ("personnummer 811228-9874", f"personnummer {N}"),
    ("19811228-9874", N),
    ("samordningsnummer 701063-2391", f"samordningsnummer {N}"),
    ("CPR 070761-4285", f"CPR {N}"),
    ("henkilötunnus 131052-308T", f"henkilötunnus {N}"),
    ("NI number QQ 12 34 56 C or AB123456C", f"NI number QQ 12 34 56 C or {N}"),
    ("SSN 219-09-9999", f"SSN {N}"),
]

STAYS = [
    # prices and counts
    "43 000 kroner",
    "kr 1 299",
    "99,90 kr",
    "$4155552671",
    "25 000 000 views",
    "25 000 000",
    "98765432 visninger",
    "98765432 likes",
    "kr 98765432",
    "10,000,000 followers",
    "+20 000 000",
    "1 299 000",
    "4 912 345 678",
    # dates, times, years
    "2023-12-05",
    "05.12.2023",
    "20231205",
    "12:30:45",
    "2024-2025",
    "24/7",
    "1759602600",
    # dimensions, codecs, ratios
    "1080x1920",
    "1920 \u00d7 1080",
    "4K 60 fps",
    "3.14159265",
    "16:9",
    # tags, names, ids
    "#91234567",
    "#fyp #blåbær",
    "@nordkopp",
    "følg @kari.nordmann på TikTok",
    "7234567890123456789",
    "ISBN 9788202123456",
    "order 41234567",
    "e3d895ecd339c392",
    "https://example.com/v/41234567x",
    "meet me @ home",
    "hei@hjem",
    # counting
    "10 20 30 40",
    "23 24 25 26",
    "one two three four five six seven eight",
    "three two one go",
    "five six seven eight and one and two",
    "en to tre fire fem",
    "ti to null en",
    # identity numbers with a wrong check digit, date or prefix
    "01010123477",
    "32010123476",
    "811228-9873",
    "320761-4285",
    "131052-308U",
    "BG123456C",
    "000-12-3456",
    "666-12-3456",
    "123-45-678",
    # words
    "Hei alle sammen, i dag 43.000 kroner!",
    "02800",
    "911",
    "112",
    "",
]


@pytest.mark.parametrize(("text", "expected"), GOES)
def test_what_goes(text: str, expected: str) -> None:
    assert EVERYTHING.text(text) == expected


@pytest.mark.parametrize("text", STAYS)
def test_what_stays(text: str) -> None:
    assert EVERYTHING.text(text) == text
    assert EVERYTHING.words(text.split()) == text.split()


WORDS: list[tuple[str, str]] = [
    ("ring 912 34 567, nå", f"ring {P} {P} {P}, nå"),
    ("my number is nine one two three four five six seven.", "my number is" + f" {P}" * 8 + "."),
    ("mail kari@example.no or call (415) 555-2671!", f"mail {E} or call {P} {P}!"),
    ("fnr 010101 23476 takk", f"fnr {N} {N} takk"),
    ("nothing to see", "nothing to see"),
]


@pytest.mark.parametrize(("spoken", "expected"), WORDS)
def test_every_word_that_takes_part_is_replaced_and_none_is_lost(spoken: str, expected: str) -> None:
    # Placeholders with a space in them are one word.
    found = EVERYTHING.words(spoken.split())
    assert " ".join(found) == expected
    assert len(found) == len(spoken.split())


@pytest.mark.parametrize("kind", [EMAIL, PHONE, ID_NUMBER])
def test_only_what_is_asked_for_goes(kind: str) -> None:
    text = "kari@example.no, 91234567, 01010123476"
    found = Redactor((kind,), ("NO",)).text(text)
    assert counted([found]) == {kind: 1}


def test_only_the_regions_that_are_asked_for_are_known() -> None:
    assert Redactor((PHONE,), ("GB",)).text("912 34 567 or 415-555-2671") == "912 34 567 or 415-555-2671"
    assert Redactor((PHONE,), ("GB",)).text("+47 912 34 567") == P


def test_a_run_of_placeholders_reads_as_one() -> None:
    assert collapsed(f"call {P} {P} {P}. or {P} {E}") == f"call {P}. or {P} {E}"
    assert counted([f"{P} {E}", None, P]) == {EMAIL: 1, PHONE: 2}


def test_a_redaction_has_a_name() -> None:
    assert redaction_of((), ("NO",)) == ""
    assert redaction_of(("phone", "email"), ("NO", "US")) == "email,phone@NO,US"


TEXTS = st.text(alphabet="0123456789 +-.,()#@:/xABnoeinkr\n", max_size=60)


@given(TEXTS)
@example("912 34 567 912 34 567")
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = EVERYTHING.text(text)
    assert EVERYTHING.text(once) == once
    words = EVERYTHING.words(text.split())
    assert EVERYTHING.words(words) == words


@given(TEXTS)
def test_words_stay_as_many(text: str) -> None:
    assert len(EVERYTHING.words(text.split())) == len(text.split())


@given(st.text(max_size=80).filter(lambda text: "@" not in text and not any(c.isdigit() for c in text)))
def test_text_without_digits_and_at_signs_is_left_alone(text: str) -> None:
    assert EVERYTHING.text(text) == text or P in EVERYTHING.text(text)


@given(st.integers(1, 999), st.lists(st.integers(0, 999), min_size=1, max_size=3), st.sampled_from(" .,"))
def test_thousands_are_no_phone_numbers(first: int, rest: list[int], separator: str) -> None:
    text = separator.join([str(first), *(f"{group:03}" for group in rest)])
    assert EVERYTHING.text(f"{text} views") == f"{text} views"
    assert EVERYTHING.text(f"kr {text},-") == f"kr {text},-"


@given(st.integers(1900, 2100), st.integers(1, 12), st.integers(1, 28), st.sampled_from("-./"))
def test_dates_are_no_phone_numbers(year: int, month: int, day: int, separator: str) -> None:
    for parts in ((f"{year}", f"{month:02}", f"{day:02}"), (f"{day:02}", f"{month:02}", f"{year}")):
        assert EVERYTHING.text(separator.join(parts)) == separator.join(parts)


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?@[a-z]{2,8}\.(no|com|org)", fullmatch=True))
def test_every_plain_address_is_found(address: str) -> None:
    assert EVERYTHING.text(f"skriv til {address}, takk") == f"skriv til {E}, takk"


@given(
    st.sampled_from(["40", "41", "45", "46", "47", "48", "90", "91", "92", "93", "94", "95", "97", "98", "99"]),
    st.data(),
)
def test_every_norwegian_mobile_number_is_found_however_it_is_grouped(prefix: str, data: Any) -> None:
    rest = data.draw(st.from_regex(r"[0-9]{6}", fullmatch=True))
    digits = prefix + rest
    forms = [digits, f"{digits[:3]} {digits[3:5]} {digits[5:]}", f"+47 {digits[:3]} {digits[3:5]} {digits[5:]}"]
    assert [EVERYTHING.text(form) for form in forms if not re.fullmatch(r"(\d)\1*", digits)] in ([P] * 3, [])


SLOW = {"quotes": ("a'" * 20_000, "a'a'"), "numbers": ("912 34 567 " * 3_600, P)}


@pytest.mark.parametrize(("text", "left"), SLOW.values(), ids=SLOW.keys())
def test_a_caption_made_to_be_slow_takes_no_time_of_the_square_of_its_length(text: str, left: str) -> None:
    """40,000 of the 100,000 characters that a sidecar may have: 18 s and 12 s once, and fusion was ended at 60 s."""
    began_s = time.process_time()
    assert left in EVERYTHING.text(text)
    assert time.process_time() - began_s < 8.0
