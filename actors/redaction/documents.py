"""Clears a document: what sidecars brought, and once more what the stages said, whoever stored it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actors.document import Document, DocumentWarning, Shot, Transcript
from actors.fusion.text import join_words
from actors.redaction.redactor import Redactor, collapsed, counted
from actors.redaction.spans import EMAIL, ID_NUMBER, PHONE

CODE = "redacted"
"""The code of the warning that says how much was replaced."""
_NAMES = {
    EMAIL: ("e-mail address", "e-mail addresses"),
    PHONE: ("phone number", "phone numbers"),
    ID_NUMBER: ("identity number", "identity numbers"),
}


def redacted_document(document: Document, redactor: Redactor) -> Document:
    """Return the document with placeholders in every text, and a warning that counts them; idempotent.

    Names of files and folders, ids, hashtags and counts stay: they say which video it is. A word keeps its times.
    """
    transcript = _transcript(document.transcript, redactor)
    shots = tuple(_shot(shot, transcript, redactor) for shot in document.shots)
    overlays = document.text_overlays
    if overlays is not None:
        overlays = tuple(one.model_copy(update={"text": redactor.text(one.text)}) for one in overlays)
    source = document.source.model_copy(
        update={name: _maybe(getattr(document.source, name), redactor) for name in ("caption", "author")}
    )
    changes = {"transcript": transcript, "shots": shots, "text_overlays": overlays, "source": source}
    cleared = document.model_copy(update=changes)
    warnings = [
        warning.model_copy(update={"message": redactor.text(warning.message)})
        for warning in document.processing.warnings
        if warning.code != CODE
    ]
    told = [*warnings, *_count(cleared)]
    return cleared.model_copy(update={"processing": document.processing.model_copy(update={"warnings": tuple(told)})})


def _transcript(transcript: Transcript, redactor: Redactor) -> Transcript:
    words, segments, text = transcript.words, transcript.segments, transcript.text
    if words is not None:
        new = redactor.words([word.word for word in words])
        words = tuple(word.model_copy(update={"word": text}) for word, text in zip(words, new, strict=True))
    if segments is not None:
        segments = tuple(one.model_copy(update={"text": collapsed(redactor.text(one.text))}) for one in segments)
    text = _spoken(word.word for word in words) if words else _maybe(text, redactor)
    return transcript.model_copy(update={"words": words, "segments": segments, "text": text})


def _shot(shot: Shot, transcript: Transcript, redactor: Redactor) -> Shot:
    changes: dict[str, object] = {}
    if shot.word_range is not None and transcript.words is not None:
        changes["transcript_text"] = _spoken(word.word for word in transcript.words[slice(*shot.word_range)])
    if shot.ocr is not None:
        lines = tuple(line.model_copy(update={"text": redactor.text(line.text)}) for line in shot.ocr)
        changes |= {"ocr": lines, "ocr_text": "\n".join(line.text for line in lines)}
    if shot.captions is not None:
        changes["captions"] = tuple(one.model_copy(update={"text": redactor.text(one.text)}) for one in shot.captions)
    return shot.model_copy(update=changes)


def _spoken(words: Iterable[str]) -> str:
    return collapsed(join_words(words))


def _maybe(text: str | None, redactor: Redactor) -> str | None:
    return None if text is None else collapsed(redactor.text(text))


def _count(document: Document) -> Iterator[DocumentWarning]:
    found = counted(_texts(document))
    if found:
        said = ", ".join(f"{number} {_NAMES[kind][number > 1]}" for kind, number in found.items())
        yield DocumentWarning(code=CODE, field=None, message=f"replaced by placeholders: {said}")


def _texts(document: Document) -> Iterator[str | None]:
    """Yield each text once: what shots and segments repeat of the transcript is left out."""
    yield document.transcript.text
    yield document.source.caption
    yield document.source.author
    for overlay in document.text_overlays or ():
        yield overlay.text
    for shot in document.shots:
        yield from (line.text for line in shot.ocr or ())
        yield from (caption.text for caption in shot.captions or ())
