"""Exports as files: the table, one file per video, nothing half written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from actors.document import Document, parse
from actors.fusion.published import Published
from service.errors import ReelwatchError, UsageError
from service.exports import COLUMNS, csv_lines, export

GOLDEN = Path(__file__).resolve().parents[2] / "actors" / "fusion" / "golden" / "document.json"


def document(**changes: Any) -> Document:
    return parse(json.dumps(json.loads(GOLDEN.read_text()) | changes).encode())


def rows(*documents: Document) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(csv_lines(documents)), newline="")))


def test_row_of_the_golden_document() -> None:
    (row,) = rows(document())
    assert list(row) == [column.name for column in COLUMNS]
    picked = ["duration_s", "language", "word_count", "captions", "on_screen_text", "objects", "tempo_bpm", "views"]
    assert [row[name] for name in picked] == ["6.001", "no", "8", "A face, close.", "BLÅBÆR 50%", "face", "", "1200"]
    assert (row["hashtags"], row["shares"], row["saves"], row["has_audio"]) == ("Blåbær | fyp", "0", "", "true")
    assert (row["loudness_lufs"], row["speaker_count"]) == ("-14.24", "")


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (" \r\n=1", "' \r\n=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a=1", "a=1"),
        ('say "hi", you\nthere', 'say "hi", you\nthere'),
        ("blåbær 🫐", "blåbær 🫐"),
    ],
)
def test_no_cell_is_a_formula(name: str, cell: str) -> None:
    assert rows(document(filename=name))[0]["filename"] == cell


def test_columns_are_documented() -> None:
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert all(column.description for column in COLUMNS)


def test_unknown_objects_are_an_empty_cell() -> None:
    shots = [shot | {"objects": None, "captions": None} for shot in json.loads(GOLDEN.read_text())["shots"]]
    row = rows(document(shots=shots))[0]
    assert (row["objects"], row["captions"]) == ("", "")


SILENT = {"transcript": {"text": "", "words": [], "segments": [], "quality": None}, "shots": []}


@pytest.mark.parametrize(
    ("format_name", "suffix", "start"),
    [
        ("srt", "srt", "1\n00:00:00,120 --> "),
        ("vtt", "vtt", "WEBVTT\n\n00:00:00.120 --> "),
        ("vtt-words", "vtt", "WEBVTT\n\n00:00:00.120 --> "),
        ("txt", "txt", "Hei alle sammen,\n"),
    ],
)
def test_one_file_per_video_in_which_something_is_said(
    tmp_path: Path, format_name: str, suffix: str, start: str
) -> None:
    found = [Published("tips/blåbær", document()), Published("silent", document(**SILENT)), Published("b", document())]
    written = export(found, format_name, tmp_path)
    assert written == [tmp_path / "tips" / f"blåbær.{suffix}", tmp_path / f"b.{suffix}"]
    assert all(path.read_text().startswith(start) for path in written)
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(written)


def test_table_is_one_file(tmp_path: Path) -> None:
    found = [Published("a", document()), Published("b", document(**SILENT))]
    assert export(iter(found), "csv", tmp_path) == [tmp_path / "reelwatch.csv"]
    assert export(found, "csv", tmp_path / "deep" / "all.csv") == [tmp_path / "deep" / "all.csv"]
    content = (tmp_path / "reelwatch.csv").read_bytes()
    assert content == (tmp_path / "deep" / "all.csv").read_bytes()
    assert content.decode().count("\r\n") == 3


def test_unknown_format_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'ass' is no export format; choose one of csv, srt, vtt, vtt-words, txt"):
        export([], "ass", tmp_path)


def test_failed_export_leaves_the_earlier_one_and_no_leftover(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text("earlier")

    def broken() -> Any:
        yield Published("a", document())
        raise OSError(5, "Input/output error")

    with pytest.raises(ReelwatchError, match=r"all\.csv cannot be written: Input/output error"):
        export(broken(), "csv", path)
    assert [p.name for p in tmp_path.iterdir()] == ["all.csv"]
    assert path.read_text() == "earlier"
