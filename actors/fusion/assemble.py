"""From the stages' outcomes to the document; pure, so that the same input always gives the same document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actors import results
from actors.backend import StageItem
from actors.document import SCHEMA_VERSION, Document, DocumentWarning, MediaInfo, Processing, Source
from actors.fusion import figures
from actors.fusion.request import FusionRequest
from actors.fusion.shots import overlays_of, representatives_of, shots_of
from actors.fusion.sidecars import Publication, read_sidecars
from actors.fusion.sound import audio_of, unknown_sounds
from actors.fusion.speech import speech_of
from actors.fusion.stages import Stages
from actors.fusion.text import clean_line, encodable

_TRUNCATED = "the file stayed incomplete; this document describes what could be decoded of it"


def assemble(item: StageItem, *, created_at: str) -> Document:
    """Build the validated document of one video.

    created_at: UTC, as `2025-10-04T18:30:00Z`. Raises `ValueError` (pydantic's `ValidationError` is one) when the
    outcomes cannot make a whole document; that is a bug of a stage, for every expected gap is null with a reason.
    """
    request, media = item.fusion, item.media
    if request is None or media is None:
        raise ValueError("fusion needs the request and the decoded media of the video")
    stages = Stages(item)
    speech = speech_of(stages, starts_s=[figures.seconds(shot.start_s) for shot in media.shots])
    publication, unreadable = read_sidecars(request.sidecars)
    warnings = [*_warnings(request, media, stages), *speech.unknown, *unknown_sounds(media, stages), *unreadable]
    return Document(
        schema_version=SCHEMA_VERSION,
        video_id=request.sha256[:16],
        filename=encodable(request.filename),
        status="partial" if stages.partial(request.expected) else "complete",
        source=_source(request, media, publication),
        media=_media(media),
        duration_s=figures.seconds(media.duration_s),
        language=speech.language,
        language_confidence=speech.language_confidence,
        transcript=speech.transcript,
        speakers=speech.speakers,
        shots=shots_of(media, stages, speech, name=request.name),
        representative_frames=representatives_of(media, stages, name=request.name),
        text_overlays=overlays_of(stages),
        audio=audio_of(media, stages),
        signals={},
        processing=_processing(request, stages, warnings, created_at=created_at),
    )


def _source(request: FusionRequest, media: results.Media, publication: Publication) -> Source:
    return Source(
        relative_path=encodable(request.relative_path),
        also_at=tuple(encodable(path) for path in request.also_at),
        size_bytes=media.size_bytes,
        sha256=request.sha256,
        platform_id=publication.platform_id,
        caption=publication.caption,
        hashtags=publication.hashtags,
        author=publication.author,
        posted_at=publication.posted_at,
        counts=publication.counts,
    )


def _media(media: results.Media) -> MediaInfo:
    return MediaInfo(
        container=media.container,
        codec=media.codec,
        pixel_format=media.pixel_format,
        hdr=media.hdr,
        has_video=media.has_video,
        has_audio=media.has_audio,
        width=media.width,
        height=media.height,
        rotation=media.rotation,
        mirrored=media.mirrored,
        frame_rate=None if media.frame_rate is None else round(media.frame_rate, 3),
        variable_frame_rate=media.variable_frame_rate,
        bit_rate=media.bit_rate,
    )


def _processing(
    request: FusionRequest, stages: Stages, warnings: Sequence[DocumentWarning], *, created_at: str
) -> Processing:
    return Processing(
        created_at=created_at,
        version=request.version,
        profile=request.profile,
        run_id=request.run_id,
        settings_key=request.settings_key,
        models=stages.models(),
        stages=stages.records(),
        warnings=tuple(warnings),
        timings={phase: figures.seconds(duration_s) for phase, duration_s in request.timings.items()},
    )


def _warnings(request: FusionRequest, media: results.Media, stages: Stages) -> Iterator[DocumentWarning]:
    if request.truncated:
        yield DocumentWarning(code="truncated", field=None, message=_TRUNCATED)
    for warned in media.warnings:
        yield DocumentWarning(code=warned.code, field=warned.field, message=clean_line(warned.message))
    for stage in stages.missing(request.expected):
        message = f"the profile asks for {stage}, but no outcome of it reached fusion"
        yield DocumentWarning(code="stage_missing", field=f"processing.stages.{stage}", message=message)
