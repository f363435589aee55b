"""A document for people, in a terminal: what was seen, read and heard, and how it came about."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from actors.document import Document, Shot
from service.configuration import STAGES

_UNKNOWN = "-"


def show(document: Document, console: Console) -> None:
    """Print the summary."""
    console.print(Group(*_parts(document)))


def _parts(document: Document) -> Iterator[RenderableType]:
    yield Text(_headline(document), style="bold")
    yield _shots(document)
    if document.text_overlays:
        yield _overlays(document)
    yield Text(f"Said ({_speech(document)})", style="bold")
    yield Text(f"  {document.transcript.text or _UNKNOWN}\n")
    yield Text("Heard", style="bold")
    yield Text(f"  {_sound(document)}\n")
    yield _stages(document)
    for warning in document.processing.warnings:
        yield Text(f"warning {warning.code}: {warning.message}", style="yellow")


def _headline(document: Document) -> str:
    media = document.media
    size = f"{media.width}x{media.height}" if media.has_video else "no picture"
    return f"{document.filename}: {document.status}, {document.duration_s:.1f} s, {size}, {len(document.shots)} shots"


def _shots(document: Document) -> Table:
    table = Table(box=SIMPLE, title="Seen", title_justify="left", title_style="bold")
    for column in ("shot", "from", "to", "caption", "text on screen", "said"):
        table.add_column(column, overflow="fold")
    for shot in document.shots:
        table.add_row(shot.shot_id, f"{shot.start_s:.2f}", f"{shot.end_s:.2f}", *map(Text, _seen(shot)))
    return table


def _seen(shot: Shot) -> tuple[str, str, str]:
    captions = "; ".join(caption.text for caption in shot.captions or ())
    return captions or _UNKNOWN, shot.ocr_text or _UNKNOWN, shot.transcript_text or _UNKNOWN


def _overlays(document: Document) -> Table:
    table = Table(box=SIMPLE, title="Read", title_justify="left", title_style="bold")
    for column in ("from", "to", "text", "confidence"):
        table.add_column(column)
    for overlay in document.text_overlays or ():
        times = f"{overlay.start_s:.2f}", f"{overlay.end_s:.2f}"
        table.add_row(*times, Text(overlay.text), f"{overlay.confidence:.2f}")
    return table


def _speech(document: Document) -> str:
    words = document.transcript.words
    if words is None:
        return "not recognised"
    return f"{len(words)} words, language {document.language or 'unknown'}, {document.transcript.quality or 'no words'}"


def _sound(document: Document) -> str:
    audio = document.audio
    spans = ", ".join(f"{span.kind} {span.start_s:.1f}-{span.end_s:.1f} s" for span in audio.spans or ())
    loudness = f"{audio.loudness_lufs:.1f} LUFS" if audio.loudness_lufs is not None else "loudness unknown"
    return f"{loudness}; {spans or 'no spans'}"


def _stages(document: Document) -> Table:
    table = Table(box=SIMPLE, title="How", title_justify="left", title_style="bold")
    for column in ("stage", "status", "backend", "seconds", "reason"):
        table.add_column(column, overflow="fold")
    order: dict[str, int] = {name: place for place, name in enumerate(STAGES)}
    stages = sorted(document.processing.stages.items(), key=lambda item: order.get(item[0], len(order)))
    for name, record in stages:
        seconds = _UNKNOWN if record.seconds is None else f"{record.seconds:.2f}"
        table.add_row(name, record.status.value, record.backend or _UNKNOWN, seconds, Text(record.reason or ""))
    return table
