"""What the index holds of a document: everything said, shown and written, and the row that is listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actors.document import parse
from actors.fusion.published import Published
from service.ledger.library.values import Entry, Kind
from service.search.entry import entry_of

GOLDEN = Path(__file__).resolve().parents[2] / "actors" / "fusion" / "golden" / "document.json"


def golden() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return read


def entry(document: dict[str, Any], name: str = "tips/blåbær") -> Entry:
    return entry_of(Published(name, parse(json.dumps(document).encode())), file_mark="1:2")


def texts(found: Entry, kind: Kind) -> list[tuple[str, float | None, float | None]]:
    return [(one.text, one.start_s, one.end_s) for one in found.passages if one.kind is kind]


def test_every_text_of_the_document_is_a_passage_of_its_kind() -> None:
    document = golden()
    found = entry(document)
    source = document["source"]
    assert texts(found, Kind.SPEECH) == [
        (segment["text"], segment["start_s"], segment["end_s"]) for segment in document["transcript"]["segments"]
    ]
    overlays = {(one["text"], one["start_s"], one["end_s"]) for one in document["text_overlays"]}
    assert overlays <= set(texts(found, Kind.OVERLAY))
    captions = {text["text"] for shot in document["shots"] for text in shot["captions"] or ()}
    assert {text for text, _, _ in texts(found, Kind.CAPTION)} == captions
    labels = {thing["label"] for shot in document["shots"] for thing in shot["objects"] or ()}
    assert {label for text, _, _ in texts(found, Kind.OBJECT) for label in text.split(", ")} == labels
    written = [source["caption"], " ".join(f"#{tag}" for tag in source["hashtags"]), source["author"]]
    assert texts(found, Kind.SIDECAR) == [(text, None, None) for text in written if text]
    assert texts(found, Kind.FILE)[0] == (source["relative_path"], None, None)


def test_nothing_else_of_the_document_is_indexed() -> None:
    """What retention and redaction take out of a document must not live on in its index."""
    document = golden()
    document["transcript"] = {"text": None, "words": None, "segments": None, "quality": None}
    document["speakers"] = None
    for shot in document["shots"]:
        shot |= {"transcript_text": None, "word_range": None, "keyframe": None}
    for frame in document.get("representative_frames") or ():
        frame["keyframe"] = None
    found = entry(document)
    assert texts(found, Kind.SPEECH) == []
    assert (found.row.word_count, found.row.keyframe) == (None, None)


def test_the_row_says_what_the_document_says() -> None:
    document = golden()
    row = entry(document).row
    assert (row.document, row.video_id, row.run_id) == (
        "tips/blåbær",
        document["video_id"],
        document["processing"]["run_id"],
    )
    assert (row.shot_count, row.word_count) == (len(document["shots"]), len(document["transcript"]["words"]))
    assert row.relative_path.rpartition("/")[::2] == (row.folder, row.filename)
    assert row.keyframe is not None
    assert row.keyframe.startswith("tips/blåbær/frames/blåbær_s0")
    assert row.described_at == row.created_at, "for a document that no ledger knows"
    assert row.warnings == tuple(dict.fromkeys(warning["code"] for warning in document["processing"]["warnings"]))


@pytest.mark.parametrize(("number", "listed"), [(0, 0), (2**53, 2**53), (2**53 + 1, None), (2**63, None), (None, None)])
def test_what_no_column_holds_is_unknown(number: int | None, listed: int | None) -> None:
    document = golden()
    document["source"]["counts"] = dict.fromkeys(("views", "likes", "comments", "shares", "saves"), number)
    row = entry(document).row
    assert {row.views, row.likes, row.comments, row.shares, row.saves} == {listed}
    document["media"] |= {"width": 2**31, "height": 2**31 - 1}
    row = entry(document).row
    assert (row.width, row.height) == (None, 2**31 - 1)


def test_words_have_their_times_where_words_and_segments_agree() -> None:
    document = golden()
    speech = [one for one in entry(document).passages if one.kind is Kind.SPEECH]
    assert [list(zip(one.words.split(), one.word_times, strict=True)) for one in speech] == [
        [("hei", 0.12), ("alle", 0.36), ("sammen", 1.4)],
        [("i", 2.0), ("dag", 3.1), ("43", None), ("000", None), ("kroner", 5.0)],
    ]
    document["transcript"]["segments"][0]["text"] += " more"
    assert all(one.word_times == () for one in entry(document).passages)


def test_a_transcript_without_segments_is_one_passage_without_times() -> None:
    document = golden()
    document["transcript"]["segments"] = None
    assert texts(entry(document), Kind.SPEECH) == [(document["transcript"]["text"], None, None)]


@pytest.mark.parametrize(
    ("line", "is_added"), [("Sale", False), ("50 % OFF", False), ("only here", True), ("ale", True)]
)
def test_a_line_of_a_keyframe_is_added_where_no_overlay_says_it(line: str, is_added: bool) -> None:  # noqa: FBT001 - a row of a table
    document = golden()
    box = [0.1, 0.1, 0.5, 0.1]
    sale = {"text": "SALE: 50 % off", "start_s": 0.0, "end_s": 0.1, "box": box, "confidence": 1.0}
    document["text_overlays"] = [sale]
    for shot in document["shots"]:
        shot["ocr"], shot["ocr_text"] = None, None
    shot = document["shots"][0]
    shot["ocr"], shot["ocr_text"] = [{"text": line, "confidence": 1.0, "box": box}], line
    overlays = texts(entry(document), Kind.OVERLAY)
    assert overlays[1:] == ([(line, shot["start_s"], shot["end_s"])] if is_added else [])


def test_what_is_very_long_is_cut_between_words() -> None:
    document = golden()
    document["source"]["caption"] = ", ".join(f"word{number}" for number in range(2_500))
    pieces = [text for text, _, _ in texts(entry(document), Kind.SIDECAR)][:3]
    assert [len(piece.split(", ")) for piece in pieces] == [1_000, 1_000, 500]
    assert ", ".join(pieces) == document["source"]["caption"]
