"""Exports as files: the table, one file per video, nothing half written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from varied import SILENT, document

from actors.fusion.published import Published
from service.errors import ReelwatchError, UsageError
from service.exports import TABLES, Fence, export


@pytest.mark.parametrize(
    ("format_name", "suffix", "start"),
    [
        ("srt", "srt", "1\n00:00:00,120 --> "),
        ("vtt", "vtt", "WEBVTT\n\n00:00:00.120 --> "),
        ("vtt-words", "words.vtt", "WEBVTT\n\n00:00:00.120 --> "),
        ("txt", "txt", "Hei alle sammen,\n"),
    ],
)
def test_one_file_per_video_in_which_something_is_said(
    tmp_path: Path, format_name: str, suffix: str, start: str
) -> None:
    found = [Published("tips/blåbær", document()), Published("silent", document(**SILENT)), Published("b", document())]
    written = list(export(found, format_name, tmp_path).written)
    assert written == [tmp_path / "tips" / f"blåbær.{suffix}", tmp_path / f"b.{suffix}"]
    assert all(path.read_text().startswith(start) for path in written)
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(written)


def test_table_is_one_file(tmp_path: Path) -> None:
    found = [Published("a", document()), Published("b", document(**SILENT))]
    assert export(iter(found), "csv", tmp_path).written == (tmp_path / "reelwatch.csv",)
    assert export(found, "csv", tmp_path / "deep" / "all.csv").written == (tmp_path / "deep" / "all.csv",)
    content = (tmp_path / "reelwatch.csv").read_bytes()
    assert content == (tmp_path / "deep" / "all.csv").read_bytes()
    assert content.decode().count("\r\n") == 3


TABLE_FILES = {
    ("csv", "videos"): "reelwatch.csv",
    ("csv", "words"): "reelwatch-words.csv",
    ("parquet", "videos"): "reelwatch.parquet",
    ("parquet", "shots"): "reelwatch-shots.parquet",
}


@pytest.mark.parametrize(("form", "name"), TABLE_FILES)
def test_a_table_replaces_itself_and_no_other(tmp_path: Path, form: str, name: str) -> None:
    path, table = tmp_path / TABLE_FILES[form, name], TABLES[name]
    assert export([], form, tmp_path, table=table).written == (path,)
    empty = path.read_bytes()
    export([Published("a", document())], form, path, table=table)
    assert path.read_bytes() != empty
    other = TABLES["words" if name == "shots" else "shots"]
    with pytest.raises(UsageError, match=f"is no table of {other.name} that an export has written as {form}"):
        export([], form, path, table=other)
    export([], form, path, table=other, force=True)
    assert path.read_bytes() != empty
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_unknown_format_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="'ass' is no export format; choose one of csv, parquet, srt, vtt, vtt-words, txt"
    ):
        export([], "ass", tmp_path)


TABLE = "video_id,filename,relative_path,a column of another version\n"


def test_failed_export_leaves_the_earlier_one_and_no_leftover(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text(TABLE)

    def broken() -> Any:
        yield Published("a", document())
        raise OSError(5, "Input/output error")

    with pytest.raises(ReelwatchError, match=r"all\.csv cannot be written: Input/output error"):
        export(broken(), "csv", path)
    assert [p.name for p in tmp_path.iterdir()] == ["all.csv"]
    assert path.read_text() == TABLE


REFUSED = {
    "somebody's text": ("notes.csv", "dear diary", r"notes\.csv: is there, and is no table .* give --force"),
    "a table of another program": ("notes.csv", "filename,video_id\n1,2\n", r"is no table of videos that an export"),
    "half a table of ours": ("notes.csv", "video_id,filename", r"is no table of videos that an export"),
    "a video": ("in.mp4", "frames", r"in\.mp4: is the name of a video"),
    "a video by an ending in capitals": ("in.MP4", "frames", r"in\.MP4: is the name of a video"),
    "a document": ("clip.json", "{}", r"clip\.json: is the name of a document"),
    "a file in an inbox": ("inbox/all.csv", None, r"lies inside the inbox"),
    "a link into an inbox": ("link/all.csv", None, r"lies inside the inbox"),
    "an inbox": ("inbox", None, r"lies inside the inbox"),
}
FORCED = {"somebody's text", "a table of another program", "half a table of ours"}


@pytest.mark.parametrize("force", [False, True], ids=["", "forced"])
@pytest.mark.parametrize("case", REFUSED)
def test_a_table_replaces_nothing_but_a_table(tmp_path: Path, case: str, *, force: bool) -> None:
    name, content, message = REFUSED[case]
    (tmp_path / "inbox").mkdir()
    (tmp_path / "link").symlink_to("inbox")
    path, fence = tmp_path / name, Fence((bytes(tmp_path / "inbox"),), (".mp4",))
    if content is not None:
        path.write_text(content)
    if force and case in FORCED:
        assert export([], "csv", path, fence=fence, force=True).written == (path,)
        assert path.read_text().startswith("video_id,")
        return
    with pytest.raises(UsageError, match=message):
        export([], "csv", path, fence=fence, force=force)
    assert (path.read_text() if path.is_file() else None) == content
    assert list((tmp_path / "inbox").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"dear diary", b"PAR1", b"PAR1" * 9, b"\0" * 99])
def test_a_parquet_table_replaces_no_stranger(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "all.parquet"
    path.write_bytes(content)
    if content:
        with pytest.raises(UsageError, match="is no table of videos that an export has written as parquet"):
            export([], "parquet", path)
        assert path.read_bytes() == content
    assert export([], "parquet", path, force=bool(content)).written == (path,)


@pytest.mark.parametrize("content", ["", TABLE], ids=["empty", "a table of another version"])
def test_a_table_replaces_an_earlier_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "all.csv").write_text(content)
    (tmp_path / "link.csv").symlink_to("all.csv")
    export([], "csv", tmp_path / "link.csv")
    assert (tmp_path / "all.csv").read_text().startswith("video_id,filename,relative_path,status,")
    assert (tmp_path / "link.csv").is_symlink()


def test_a_table_replaces_nothing_that_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match="is no regular file"):
        export([], "csv", tmp_path / "fifo")


@pytest.mark.parametrize("form", ["srt", "vtt", "vtt-words", "txt"])
def test_what_was_edited_by_hand_is_kept_unless_forced(tmp_path: Path, form: str) -> None:
    found = [Published("a", document()), Published("b", document())]
    edited, untouched = export(found, form, tmp_path).written
    whole = edited.read_bytes()
    edited.write_text("mended by hand")
    again = export(found, form, tmp_path)
    assert (again.written, again.kept, edited.read_text()) == ((untouched,), (edited,), "mended by hand")
    assert export(found, form, tmp_path, force=True).written == (edited, untouched)
    assert edited.read_bytes() == whole


def test_both_kinds_of_vtt_lie_beside_each_other(tmp_path: Path) -> None:
    for form in ("vtt", "vtt-words", "vtt"):
        assert not export([Published("a", document())], form, tmp_path).kept
    assert (tmp_path / "a.vtt").read_bytes() != (tmp_path / "a.words.vtt").read_bytes()


def test_no_text_goes_into_an_inbox_to_be_read_back(tmp_path: Path) -> None:
    fence = Fence((bytes(tmp_path / "sub"),))
    with pytest.raises(UsageError, match="lies inside the inbox"):
        export([Published("a", document())], "txt", tmp_path / "sub", fence=fence)
    with pytest.raises(UsageError, match="lies inside the inbox"):
        export([Published("sub/a", document())], "txt", tmp_path, fence=fence)
    assert list(tmp_path.iterdir()) == []
