"""Parquet: real types and descriptions, read back by pyarrow and pandas; bounded memory; no pyarrow, a remedy."""

from __future__ import annotations

import io
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from varied import GOLDEN, SILENT, published

from service.errors import ReelwatchError
from service.exports import SHOTS, TABLES, VIDEOS, WORDS, AnyTable, export, parquet, parquet_chunks
from service.exports.page import FORMS


def opened(table: AnyTable, *documents: Any) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(io.BytesIO(b"".join(parquet_chunks(table, documents))))


@pytest.mark.parametrize("documents", [[], [published(), published("b", **SILENT)]], ids=["none", "two"])
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_columns_have_their_documented_types_and_descriptions(table: AnyTable, documents: list[Any]) -> None:
    schema = opened(table, *documents).schema_arrow
    assert schema.names == [column.name for column in table.columns]
    for column, field in zip(table.columns, schema, strict=True):
        assert re.sub("<.*: ", "<", str(field.type)) == FORMS[column.type][0]
        wanted = {b"description": column.description.encode()}
        wanted |= {b"unit": column.unit.encode()} if column.unit else {}
        assert {key: field.metadata.get(key) for key in wanted} == wanted


def test_pandas_reads_numbers_times_and_lists() -> None:
    import pandas as pd

    content = b"".join(parquet_chunks(VIDEOS, [published(), published("b", **SILENT)]))
    frame = pd.read_parquet(io.BytesIO(content), dtype_backend="pyarrow")
    first, silent = frame.to_dict("records")
    assert first["posted_at"] == pd.Timestamp("2025-10-04T18:30:00Z")
    assert (first["views"], first["shares"], first["word_count"]) == (1200, 0, 8)
    assert pd.isna(first["saves"])
    assert list(first["hashtags"]) == ["Blåbær", "fyp"]
    assert (silent["transcript"], silent["shot_count"], silent["word_count"]) == ("", 0, 0)
    assert frame["views"].sum() == 2400


def test_unknown_and_empty_are_told_apart() -> None:
    deaf = {"transcript": dict.fromkeys(SILENT["transcript"]), "shots": [], "representative_frames": None}
    rows = opened(VIDEOS, published(**deaf, text_overlays=None), published(**SILENT, text_overlays=[])).read()
    found = rows.select(["transcript", "word_count", "on_screen_text"]).to_pylist()
    assert [tuple(row.values()) for row in found] == [(None, None, None), ("", 0, [])]


def test_nothing_is_led_by_an_apostrophe_here() -> None:
    row = opened(VIDEOS, published(filename="=1+1", source=GOLDEN["source"] | {"relative_path": "-a"})).read()
    assert row.select(["filename", "relative_path"]).to_pylist() == [{"filename": "=1+1", "relative_path": "-a"}]


@pytest.mark.parametrize(
    ("bound", "table"), [("MAX_GROUP_ROWS", WORDS), ("MAX_GROUP_CHARS", WORDS), ("MAX_GROUP_CHARS", VIDEOS)]
)
def test_no_more_is_held_than_a_group(monkeypatch: pytest.MonkeyPatch, bound: str, table: AnyTable) -> None:
    """As many documents have been read as one group holds before its bytes are given away."""
    whole = opened(table, *[published()] * 40).read()
    assert opened(table, *[published()] * 40).num_row_groups == 1
    monkeypatch.setattr(parquet, bound, 20 if bound == "MAX_GROUP_ROWS" else 1000)
    read: list[int] = []

    def documents() -> Any:
        for n in range(40):
            read.append(n)
            yield published()

    behind = [len(read) for _ in parquet_chunks(table, documents())]
    assert all(after - before <= 5 for before, after in pairwise([0, *behind]))
    many = opened(table, *[published()] * 40)
    assert many.num_row_groups > 7
    assert many.read().equals(whole)


def test_without_pyarrow_there_is_a_remedy_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ReelwatchError, match=r"pyarrow, which is not installed: pip install .*reelwatch\[parquet\]"):
        export([published()], "parquet", tmp_path / "all.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_file_knows_its_table(tmp_path: Path) -> None:
    (path,) = export([published()], "parquet", tmp_path, table=SHOTS).written
    assert path.name == "reelwatch-shots.parquet"
    with path.open("rb") as file:
        assert parquet.holds(SHOTS, file)
        assert not parquet.holds(WORDS, file)
