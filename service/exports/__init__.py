"""Documents in other forms: subtitles, plain text and a table of all videos."""

from service.exports.fence import Fence
from service.exports.files import FORMATS, Exported, export
from service.exports.subtitles import srt, txt, vtt
from service.exports.table import COLUMNS, csv_lines

__all__ = ["COLUMNS", "FORMATS", "Exported", "Fence", "csv_lines", "export", "srt", "txt", "vtt"]
