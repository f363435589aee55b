"""What is said, as SubRip, WebVTT and plain text."""

from __future__ import annotations

from actors.document import Document
from service.exports.cues import Cue, cues_of, plain

# Invisible and without width (U+2060): put inside what a player would take for markup, it is shown as it was said.
_WORD_JOINER = "\u2060"


def srt(document: Document) -> str:
    """Return SubRip subtitles, or an empty text when nothing was said.

    SubRip knows no escapes: an arrow, a tag or an ASS override that occurs in the words is broken up by an invisible
    character.
    """
    blocks = []
    for number, cue in enumerate(cues_of(document), start=1):
        span = f"{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}"
        blocks.append("\n".join([str(number), span, *map(_srt_text, cue.text)]))
    return "".join(f"{block}\n\n" for block in blocks)


def vtt(document: Document, *, word_timed: bool = False) -> str:
    """Return WebVTT subtitles (W3C); the header alone when nothing was said.

    word_timed: put a time before each word, so that a player can light up what is being said. Speakers become voice
    tags where they are known.
    """
    blocks = ["WEBVTT"]
    for cue in cues_of(document):
        span = f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}"
        lines = _word_timed_lines(cue) if word_timed else [_vtt_text(line) for line in cue.text]
        speaker = plain(cue.speaker or "")
        voice = f"<v {_vtt_text(speaker)}>" if speaker else ""
        blocks.append(f"{span}\n{voice}" + "\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def txt(document: Document) -> str:
    """Return what was said, a line per segment, led by its speaker where known; empty when nothing was said."""
    segments = document.transcript.segments
    lines = [f"{s.speaker}: {s.text}" if s.speaker else s.text for s in segments or ()]
    if not lines and document.transcript.text:
        lines = [document.transcript.text]
    return "".join(f"{plain(line)}\n" for line in lines)


def _word_timed_lines(cue: Cue) -> list[str]:
    """Put timestamps before words; WebVTT wants them ascending and inside the cue, so others are left out."""
    lines, last_ms = [], _milliseconds(cue.start_s)
    for words, text in zip(cue.lines, cue.text, strict=True):
        line, rest = "", text
        for word in words:
            space, _, rest = rest.partition(word.text)
            start_ms = _milliseconds(word.start_s)
            timed = last_ms < start_ms < _milliseconds(cue.end_s)
            line += space + (f"<{_clock(word.start_s, '.')}>" if timed else "") + _vtt_text(word.text)
            last_ms = start_ms if timed else last_ms
        lines.append(line)
    return lines


def _srt_text(line: str) -> str:
    return line.replace("-->", f"--{_WORD_JOINER}>").replace("<", f"<{_WORD_JOINER}").replace("{", f"{{{_WORD_JOINER}")


def _vtt_text(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _clock(seconds: float, point: str) -> str:
    minutes, milliseconds = divmod(_milliseconds(seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}{point}{milliseconds % 1000:03d}"
