"""The forms there are: tables of all videos, and texts of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import BinaryIO

from actors.document import Document
from actors.fusion.published import Published
from service.exports import csv_table, parquet
from service.exports.subtitles import srt, txt, vtt
from service.exports.tables import AnyTable


@dataclass(frozen=True, slots=True)
class TableFormat:
    """How a table is written.

    chunks: yields it piece by piece, in bounded memory; may raise `ReelwatchError` when called. holds: whether an open
    file is such a table that an earlier export, of whatever version, has written.
    """

    name: str
    media_type: str
    chunks: Callable[[AnyTable, Iterable[Published]], Iterator[bytes]]
    holds: Callable[[AnyTable, BinaryIO], bool]

    def filename(self, table: AnyTable) -> str:
        """Return the name of a file that holds this table and is named by nobody."""
        return f"reelwatch.{self.name}" if table.name == "videos" else f"reelwatch-{table.name}.{self.name}"


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How what is said in a video is written; `ending` is that of its file, without the dot."""

    name: str
    ending: str
    media_type: str
    spell: Callable[[Document], str]


_TABLES = (
    TableFormat("csv", "text/csv; charset=utf-8", csv_table.csv_chunks, csv_table.holds),
    TableFormat("parquet", "application/vnd.apache.parquet", parquet.parquet_chunks, parquet.holds),
)
_TEXTS = (
    TextFormat("srt", "srt", "application/x-subrip; charset=utf-8", srt),
    TextFormat("vtt", "vtt", "text/vtt; charset=utf-8", vtt),
    TextFormat("vtt-words", "words.vtt", "text/vtt; charset=utf-8", partial(vtt, word_timed=True)),
    TextFormat("txt", "txt", "text/plain; charset=utf-8", txt),
)
TABLE_FORMATS: Mapping[str, TableFormat] = MappingProxyType({form.name: form for form in _TABLES})
TEXT_FORMATS: Mapping[str, TextFormat] = MappingProxyType({form.name: form for form in _TEXTS})
FORMATS = (*TABLE_FORMATS, *TEXT_FORMATS)
"""The names of all; `vtt-words` is WebVTT with a time before each word."""
