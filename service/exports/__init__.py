"""Documents in other forms: subtitles, plain text, and tables of videos, shots and words."""

from service.exports.csv_table import csv_chunks
from service.exports.fence import Fence
from service.exports.files import Exported, export
from service.exports.formats import FORMATS, TABLE_FORMATS, TEXT_FORMATS, TableFormat, TextFormat
from service.exports.parquet import ParquetUnavailable, parquet_chunks
from service.exports.subtitles import srt, txt, vtt
from service.exports.tables import SHOTS, TABLES, VIDEOS, WORDS, AnyTable, Table

__all__ = [
    "FORMATS",
    "SHOTS",
    "TABLES",
    "TABLE_FORMATS",
    "TEXT_FORMATS",
    "VIDEOS",
    "WORDS",
    "AnyTable",
    "Exported",
    "Fence",
    "ParquetUnavailable",
    "Table",
    "TableFormat",
    "TextFormat",
    "csv_chunks",
    "export",
    "parquet_chunks",
    "srt",
    "txt",
    "vtt",
]
