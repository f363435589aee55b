"""Names of documents: readable where they can be, safe and apart always."""

from __future__ import annotations

import unicodedata
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger.names import STEM_BYTES, document_names, folded, safe_component

SHA = "0123456789abcdef" * 4

first = {
    b"a.mp4": "a",
    b"sub/dir/a.mp4": "sub/dir/a",
    b"a.b.mp4": "a.b",
    b"noextension": "noextension",
    "blåbær 🫐.mp4".encode(): "blåbær 🫐",
    "bla\u030aba\u0308r.mp4".encode(): "blåbär",
    b"%s.mp4": "%s",
    b"-rf.mp4": "_rf",
    b"--.mp4": "_-",
    b"..mp4": "__mp4",
    b".hidden.mp4": "_hidden",
    b" lead and trail .mp4": "_lead and trail_",
    b"dots...mp4": "dots__",
    b"a\nb\t.mp4": "a_b_",
    b"\x1b[31mred.mp4": "_[31mred",
    b"in\xffvalid\xc3.mp4": "in_valid_",
    b"quote'\"`\\.mp4": "quote____",
    "rtl\u202egpj.mp4".encode(): "rtl_gpj",
    "line\u2028end.mp4".encode(): "line_end",
    "👩\u200d🚀.mp4".encode(): "👩\u200d🚀",
    b"./a.mp4": "a",
    b"../a.mp4": "__/a",
    b"x//a.mp4": "x/a",
    b"clip/frames.mp4": "clip/frames_",
    b"clip/Frames/x.mp4": "clip/Frames_/x",
    b"frames/x.mp4": "frames/x",
    b"frames.mp4": "frames",
    b"a.json/b.mp4": "a_json/b",
    b"A.JSON/b.mp4": "A_json/b",
    b"a.json.mp4": "a.json",
}


@pytest.mark.parametrize(("path", "name"), list(first.items()), ids=repr)
def test_the_first_choice(path: bytes, name: str) -> None:
    assert next(document_names(path, SHA)) == name


def test_further_choices_carry_more_and_more_of_the_content_s_digest() -> None:
    assert list(islice(document_names(b"d/a.mov", SHA), 6)) == [
        "d/a",
        f"d/a-{SHA[:8]}",
        f"d/a-{SHA[:16]}",
        f"d/a-{SHA[:32]}",
        f"d/a-{SHA}",
        f"d/a-{SHA[:8]}-2",
    ]


@pytest.mark.parametrize(
    ("raw", "kept"),
    [(b"x" * 251, "x" * 180), (("a" + "ø" * 120).encode(), "a" + "ø" * 89), (("🫐" * 60).encode(), "🫐" * 45)],
    ids=["ascii", "two bytes a character", "four bytes a character"],
)
def test_long_stems_are_cut_between_characters(raw: bytes, kept: str) -> None:
    assert safe_component(raw) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [("A", "a"), ("STRASSE", "straße"), ("Å", "A\u030a"), ("Σ", "ς"), ("\ufb01", "fi")],
    ids=["case", "sharp s", "composition", "final sigma", "ligature"],
)
def test_names_that_a_case_insensitive_file_system_takes_for_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


components = st.binary(min_size=1, max_size=255).map(lambda raw: raw.replace(b"/", b"_").replace(b"\0", b"_"))
texts = st.text(min_size=1, max_size=80).map(lambda t: t.encode("utf-8", "surrogatepass").replace(b"/", b"_"))
any_component = components | texts | st.sampled_from([b".", b"..", b"...", b" ", b"-", b"frames", b"a.json", b"\xff"])


@given(any_component)
def test_a_component_is_safe_whatever_it_was(raw: bytes) -> None:
    name = safe_component(raw)
    assert name
    assert len(name.encode()) <= STEM_BYTES
    assert name == unicodedata.normalize("NFC", name)
    assert not name.startswith((".", " ", "-"))
    assert not name.endswith((".", " "))
    assert not set(name) & set("/\\'\"`")
    assert not {unicodedata.category(character) for character in name} & {"Cc", "Cs", "Zl", "Zp"}


@given(any_component)
def test_what_is_safe_already_stays(raw: bytes) -> None:
    name = safe_component(raw)
    assert safe_component(name.encode()) == name


@given(st.lists(any_component, min_size=1, max_size=5))
def test_a_document_stays_below_the_output(parts: list[bytes]) -> None:
    for name in islice(document_names(b"/".join(parts), SHA), 7):
        pieces = name.split("/")
        assert not {"", ".", ".."} & set(pieces)
        assert all(len(piece.encode()) <= STEM_BYTES for piece in pieces)
        assert not any(folded(piece) == "frames" for piece in pieces[1:])
        assert not any(folded(piece).endswith(".json") for piece in pieces[:-1])


@given(any_component)
def test_all_choices_differ_even_without_regard_to_case(raw: bytes) -> None:
    choices = [folded(name) for name in islice(document_names(raw, SHA), 12)]
    assert len(set(choices)) == len(choices)
