from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.intake.container import examine
from service.intake.structure import FileWindow, Structure, Wholeness

COMPLETE, INCOMPLETE = Wholeness.COMPLETE, Wholeness.INCOMPLETE
NOT_VIDEO, UNDECIDED = Wholeness.NOT_VIDEO, Wholeness.UNDECIDED


def judge(content: bytes, *, size: int | None = None) -> Structure:
    fd = os.memfd_create("content")
    try:
        os.write(fd, content)
        if size is not None:
            os.ftruncate(fd, size)
        return examine(fd, size=len(content) if size is None else size)
    finally:
        os.close(fd)


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def zero_tailed(content: bytes) -> bytes:
    return half(content) + bytes(len(content) - len(content) // 2)


WHOLE: list[tuple[str, Callable[[Any], bytes], Wholeness, str]] = [
    ("camera mp4", lambda m: m.mp4(), COMPLETE, ""),
    ("faststart mp4", lambda m: m.faststart(), COMPLETE, ""),
    (
        "64-bit box",
        lambda m: m.box(b"ftyp", b"isom" * 3) + m.moov() + m.box(b"mdat", b"p" * 99, wide=True),
        COMPLETE,
        "",
    ),
    (
        "box to the end of file",
        lambda m: m.moov() + struct.pack(">I4s", 0, b"mdat") + b"p" * 50,
        UNDECIDED,
        "no_end_mark",
    ),
    ("padding behind the boxes", lambda m: m.mp4() + bytes(5), COMPLETE, ""),
    ("fragmented mp4 with trailer", lambda m: m.fragmented(mfra=True), COMPLETE, ""),
    ("fragmented mp4 without", lambda m: m.fragmented(), UNDECIDED, "no_end_mark"),
    ("quicktime, free first", lambda m: m.box(b"wide") + m.box(b"mdat", b"pp") + m.moov(), COMPLETE, ""),
    ("matroska", lambda m: m.mkv(), COMPLETE, ""),
    ("matroska, live", lambda m: m.mkv(size=None), UNDECIDED, "no_end_mark"),
    ("avi", lambda m: m.avi(), COMPLETE, ""),
    ("avi without index", lambda m: m.avi(index=b""), COMPLETE, ""),
    ("avi whose index ends in zeros", lambda m: m.avi(index=bytes(2000)), COMPLETE, ""),
    ("opendml avi", lambda m: m.avi() + m.avi(), COMPLETE, ""),
    ("ts", lambda m: m.ts(), UNDECIDED, "no_end_mark"),
    ("m2ts", lambda m: m.ts(length=192), UNDECIDED, "no_end_mark"),
    ("flv", lambda _: b"FLV\x01\x05\x00\x00\x00\x09" + bytes(range(200)), UNDECIDED, "no_end_mark"),
    ("mpeg-ps", lambda _: b"\x00\x00\x01\xba" + bytes(range(200)), UNDECIDED, "no_end_mark"),
    ("some other bytes", lambda _: bytes(range(1, 256)), UNDECIDED, "unknown_container"),
]


@pytest.mark.parametrize(("make", "wholeness", "reason"), [row[1:] for row in WHOLE], ids=[row[0] for row in WHOLE])
def test_whole_files(media: Any, make: Callable[[Any], bytes], wholeness: Wholeness, reason: str) -> None:
    structure = judge(make(media))
    assert (structure.wholeness, structure.reason) == (wholeness, reason)


BROKEN: list[tuple[str, Callable[[Any], bytes], str]] = [
    ("mp4 cut before its index", lambda m: half(m.mp4()), "past_end"),
    (
        "recording: mdat to the end, no index",
        lambda m: m.box(b"ftyp", b"isom") + b"\0\0\0\0mdat" + b"p" * 99,
        "no_moov",
    ),
    (
        "mp4 of reserved space",
        lambda m: zero_tailed(m.box(b"ftyp", b"isom") + m.mp4()),
        "unwritten",
    ),
    ("mdat written, then zeros", lambda m: m.box(b"mdat", b"p" * 80) + bytes(100), "unwritten"),
    ("faststart cut", lambda m: half(m.faststart()), "past_end"),
    ("faststart, zero tail", lambda m: m.faststart()[:-1300] + bytes(1300), "zero_tail"),
    ("index pointing behind the end", lambda m: m.moov((10**6,)) + m.box(b"mdat", b"p" * 50), "past_end"),
    ("fragmented, cut in a fragment", lambda m: m.fragmented()[:-30], "past_end"),
    ("fragmented, cut in a header", lambda m: m.fragmented() + b"\0\0\0", "unwritten"),
    ("fragmented, reserved space behind", lambda m: m.fragmented() + bytes(64), "unwritten"),
    ("initialisation segment only", lambda m: m.box(b"ftyp", b"isom") + m.moov(), "no_media"),
    ("matroska cut", lambda m: half(m.mkv()), "past_end"),
    ("matroska, zero tail", lambda m: m.mkv(b"pictures" * 500)[:-1500] + bytes(1500), "zero_tail"),
    ("matroska, header only", lambda m: m.mkv()[:12], "unwritten"),
    ("live matroska cut in a cluster", lambda m: m.mkv(size=None)[:-9], "past_end"),
    ("empty segment", lambda m: m.mkv(declared=0), "unfinished"),
    ("avi cut", lambda m: half(m.avi()), "past_end"),
    ("avi still recorded", lambda m: m.avi(declared=0), "unfinished"),
    ("avi, zero tail", lambda m: m.avi(b"p" * 900 + bytes(1100), index=b""), "zero_tail"),
    ("ts cut in a packet", lambda m: m.ts()[:-40], "past_end"),
    ("ts, reserved space", lambda m: m.ts() + bytes(188 * 4), "zero_tail"),
    ("nothing but zeros", lambda _: bytes(5000), "unwritten"),
]


@pytest.mark.fault("cut, still recorded, or with a hole")
@pytest.mark.parametrize(("make", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_broken_files_say_what_is_missing(media: Any, make: Callable[[Any], bytes], reason: str) -> None:
    structure = judge(make(media))
    assert (structure.wholeness, structure.reason) == (INCOMPLETE, reason)
    assert structure.detail


@pytest.mark.parametrize(
    "content",
    [
        b"just text\n",
        "tekst på norsk".encode(),
        b"<!DOCTYPE html><html>404</html>" * 300,
        "ø".encode() * 2048 + "ø".encode()[:1],
        b"x" + "ø".encode() * 4000,
        b"\xff\xfet\x00e\x00x\x00t\x00",
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"\xff\xd8\xff\xe0" + bytes(50),
        b"%PDF-1.7\n",
        b"PK\x03\x04" + bytes(50),
        b"\x7fELF" + bytes(50),
    ],
    ids=["text", "utf8", "html", "cut utf8", "window cuts utf8", "utf16", "png", "jpeg", "pdf", "zip", "elf"],
)
def test_what_is_positively_something_else(content: bytes) -> None:
    assert judge(content).wholeness is NOT_VIDEO


@pytest.mark.parametrize("cut", range(1, 64, 7))
def test_every_cut_of_a_closed_file_is_noticed(media: Any, cut: int) -> None:
    for content in (media.mp4(), media.faststart(), media.mkv(), media.avi()):
        assert judge(content[:-cut]).wholeness is INCOMPLETE


@pytest.mark.fault("box counts and sizes that are absurd")
def test_sizes_beyond_4_gib(media: Any) -> None:
    """A sparse file of 5 GiB whose 64-bit mdat ends where it should, and one whose does not."""
    head = media.box(b"ftyp", b"isom") + media.moov()
    size = 5 * 2**30
    right = head + struct.pack(">I4sQ", 1, b"mdat", size - len(head))
    wrong = head + struct.pack(">I4sQ", 1, b"mdat", size - len(head) + 1)
    assert judge(right + b"pictures", size=size).wholeness is COMPLETE
    assert judge(wrong + b"pictures", size=size).reason == "past_end"


@pytest.mark.fault("box counts and sizes that are absurd")
def test_an_absurd_number_of_boxes_costs_a_bounded_number_of_reads(media: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileWindow, "MAX_READS", 100)
    reads: list[int] = []
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, length, offset: (reads.append(length), real(fd, length, offset))[1])
    structure = judge(media.box(b"free") * 5000 + media.mp4())
    assert (structure.wholeness, structure.reason) == (UNDECIDED, "too_many_boxes")
    assert len(reads) <= 110


MAGICS = st.sampled_from(
    [
        b"",
        b"\x00\x00\x00\x18ftyp",
        b"\x1a\x45\xdf\xa3",
        b"RIFF",
        b"\x47",
        b"\x00\x00\x00\x01moov",
        b"\x00\x00\x00\x00mdat",
    ]
)


@given(magic=MAGICS, body=st.binary(max_size=600))
@settings(max_examples=400, deadline=None)
def test_any_bytes_get_a_verdict_by_bounded_reads(magic: bytes, body: bytes) -> None:
    fd = os.memfd_create("any")
    try:
        os.write(fd, magic + body)
        structure = examine(fd, size=len(magic) + len(body))
    finally:
        os.close(fd)
    assert structure.wholeness is COMPLETE or structure.reason


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_gets_a_verdict(data: st.DataObject, media: Any) -> None:
    content = bytearray(
        data.draw(st.sampled_from([media.mp4(), media.faststart(), media.mkv(), media.avi(), media.fragmented()]))
    )
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8)):
        content[position] = data.draw(st.integers(0, 255))
    assert judge(bytes(content[: data.draw(st.integers(1, len(content)))])).wholeness in Wholeness


@pytest.mark.corpus
def test_real_files_of_the_corpus(corpus: Path) -> None:
    """Every real, playable clip is whole or says why it cannot tell; the known broken ones are found out."""
    expected = {
        "ax_mdat_too_long.mp4": INCOMPLETE,
        "mutagen_truncated-64bit.mp4": INCOMPLETE,
        "mp4ff_init_only.mp4": INCOMPLETE,
        "ax_truncated_after_moov.m4b": INCOMPLETE,
        "moviepy_no_duration.webm": UNDECIDED,
        "mmocr_broken.jpg": NOT_VIDEO,
    }
    found = {}
    for path in corpus.rglob("*"):
        if path.suffix.lower() in {".mp4", ".mov", ".mkv", ".webm", ".m4b", ".jpg"} and path.stat().st_size:
            found[path.name] = judge(path.read_bytes()).wholeness
    assert {name: found[name] for name in expected} == expected
    others = {
        name: wholeness for name, wholeness in found.items() if name not in expected and not name.endswith(".jpg")
    }
    assert len(others) > 50
    assert {name for name, wholeness in others.items() if wholeness in {INCOMPLETE, NOT_VIDEO}} == set()


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["butterfly.mp4", "flipping_a_pancake.mkv", "me_at_the_zoo.webm"])
def test_half_of_a_real_file_is_found_out(corpus: Path, name: str) -> None:
    content = next(corpus.rglob(name)).read_bytes()
    assert judge(half(content)).wholeness is INCOMPLETE
    assert judge(zero_tailed(content)).wholeness is INCOMPLETE
