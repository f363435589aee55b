"""CSV: what a spreadsheet shows is what the document says, and never runs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from varied import GOLDEN, published

from actors.fusion.published import Published
from service.exports import SHOTS, VIDEOS, WORDS, AnyTable, csv_chunks


def rows(*documents: Published, table: AnyTable = VIDEOS) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(csv_chunks(table, documents)).decode(), newline="")))


def test_row_of_the_golden_document() -> None:
    (row,) = rows(published())
    assert list(row) == [column.name for column in VIDEOS.columns]
    picked = ["duration_s", "language", "word_count", "captions", "on_screen_text", "objects", "tempo_bpm", "views"]
    assert [row[name] for name in picked] == ["6.001", "no", "8", "A face, close.", "BLÅBÆR 50%", "face", "", "1200"]
    assert (row["hashtags"], row["shares"], row["saves"], row["has_audio"]) == ("Blåbær | fyp", "0", "", "true")
    assert (row["loudness_lufs"], row["speaker_count"]) == ("-14.24", "")
    assert (row["posted_at"], row["posted_on"]) == ("2025-10-04T18:30:00Z", "2025-10-04")


def test_the_first_version_s_columns_stand_where_they_stood() -> None:
    first = "video_id filename relative_path status duration_s width height frame_rate size_bytes has_audio language"
    assert [column.name for column in VIDEOS.columns][:11] == first.split()


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
    assert [row["filename"] for table in (VIDEOS, SHOTS, WORDS) for row in rows(published(filename=name), table=table)]
    assert {row["filename"] for t in (VIDEOS, SHOTS, WORDS) for row in rows(published(filename=name), table=t)} == {
        cell
    }


@pytest.mark.parametrize("name", ["-clip.mp4", "=1+1.mp4", "@a/b.mp4", "plain/clip-1.mp4"])
def test_a_path_leads_to_its_file_and_is_no_formula(name: str) -> None:
    found = rows(published(name, source=GOLDEN["source"] | {"relative_path": name}))[0]
    assert (Path(found["relative_path"]), Path(found["document"])) == (Path(name), Path(f"{name}.json"))
    assert not {found["relative_path"][0], found["document"][0]} & set("=+-@'")


def test_unknown_is_an_empty_cell() -> None:
    shots = [shot | {"objects": None, "captions": None} for shot in GOLDEN["shots"]]
    row = rows(published(shots=shots))[0]
    assert (row["objects"], row["captions"]) == ("", "")


def test_words_and_shots_of_the_golden_document() -> None:
    words = [list(row.values())[:6] for row in rows(published(), table=WORDS)]
    assert words[2:4] == [
        ["0123456789abcdef", "blåbær.mp4", "2", "s002", "sammen", "1.4"],
        ["0123456789abcdef", "blåbær.mp4", "3", "s002", ",", ""],
    ]
    shots = rows(published(), table=SHOTS)
    assert [(r["shot_id"], r["keyframe"], r["representative"]) for r in shots][:2] == [
        ("s001", "tips/blåbær/frames/blåbær_s001.jpg", "true"),
        ("s002", "tips/blåbær/frames/blåbær_s002.jpg", "false"),
    ]
    assert [r["representative_time_s"] for r in shots] == ["0.0", "", ""]
