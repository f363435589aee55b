"""What is heard besides words, and why a measure is missing."""

from __future__ import annotations

from collections.abc import Iterator

from actors import results
from actors.document import Audio, AudioEvent, AudioSpan, DocumentWarning
from actors.fusion import figures
from actors.fusion.stages import Stages
from actors.fusion.text import clean_line


def audio_of(media: results.Media, stages: Stages) -> Audio:
    """Return the measures of the sound track; without one, spans and events are empty and figures None."""
    found = stages.result("audio", results.AudioMeasuresResult)
    silent = () if stages.answered("audio") else None
    return Audio(
        loudness_lufs=None if media.loudness_lufs is None else round(media.loudness_lufs, 2),
        speech_ratio=figures.share(found.speech_ratio) if found else None,
        music_ratio=figures.share(found.music_ratio) if found else None,
        tempo_bpm=round(found.tempo_bpm, 2) if found and found.tempo_bpm is not None else None,
        spans=tuple(_span(span) for span in found.spans) if found else silent,
        events=_events(found) if found else silent,
    )


def unknown_sounds(media: results.Media, stages: Stages) -> Iterator[DocumentWarning]:
    """Say why a measure is None where the stage itself is `done`."""
    if media.has_audio and media.loudness_lufs is None:
        yield DocumentWarning(
            code="loudness_unknown",
            field="audio.loudness_lufs",
            message="the sound is below the gate of EBU R128, or too short for one block of 400 ms",
        )
    found = stages.result("audio", results.AudioMeasuresResult)
    if found is not None and found.tempo_bpm is None:
        reason = found.tempo_reason or "no steady beat was found"
        yield DocumentWarning(code="tempo_unknown", field="audio.tempo_bpm", message=reason)
    if found is not None and found.events is None:
        reason = "no backend of this profile detects sound events"
        yield DocumentWarning(code="events_unknown", field="audio.events", message=reason)


def _span(span: results.AudioSpan) -> AudioSpan:
    start_s, end_s = figures.interval(span.start_s, span.end_s)
    return AudioSpan(start_s=start_s, end_s=end_s, kind=span.kind)


def _events(found: results.AudioMeasuresResult) -> tuple[AudioEvent, ...] | None:
    return None if found.events is None else tuple(_event(event) for event in found.events)


def _event(event: results.AudioEvent) -> AudioEvent:
    start_s, end_s = figures.interval(event.start_s, event.end_s)
    label, confidence = clean_line(event.label), figures.share(event.confidence)
    return AudioEvent(label=label, start_s=start_s, end_s=end_s, confidence=confidence)
