"""The shots of the document, each with what the picture stages saw in its keyframe."""

from __future__ import annotations

from collections.abc import Sequence

from actors import results
from actors.document import Caption, DetectedObject, RepresentativeFrame, Shot, TextLine, TextOverlay, Word
from actors.fusion import figures
from actors.fusion.names import keyframe_path, shot_id
from actors.fusion.speech import Speech
from actors.fusion.stages import Stages
from actors.fusion.text import clean_line, join_words


def shots_of(media: results.Media, stages: Stages, speech: Speech, *, name: str) -> tuple[Shot, ...]:
    """Return one shot per shot of the media; `name` is the document's, from which keyframes are named."""
    captions = stages.result("captions", results.Captions)
    text = stages.result("ocr", results.OnScreenText)
    objects = stages.result("objects", results.DetectedObjects)
    frames = stages.result("frames", results.FrameSelection)
    shots = []
    for index, shot in enumerate(media.shots):
        start_s, end_s = figures.interval(shot.start_s, shot.end_s)
        lines = _lines(text.keyframes[index]) if text else _nothing(stages, "ocr")
        word_range = speech.ranges[index] if speech.ranges is not None else None
        verdict = frames.keyframes[index] if frames else results.KeyframeVerdict()
        shots.append(
            Shot(
                shot_id=shot_id(index),
                start_s=start_s,
                end_s=end_s,
                keyframe=keyframe_path(name, index),
                captions=_captions(captions.keyframes[index]) if captions else _nothing(stages, "captions"),
                ocr_text=None if lines is None else "\n".join(line.text for line in lines),
                ocr=lines,
                objects=_objects(objects.keyframes[index]) if objects else _nothing(stages, "objects"),
                transcript_text=_spoken(speech.transcript.words, word_range),
                word_range=word_range,
                dropped=verdict.dropped,
                duplicate_of=None if verdict.duplicate_of is None else shot_id(verdict.duplicate_of),
            )
        )
    return tuple(shots)


def representatives_of(media: results.Media, stages: Stages, *, name: str) -> tuple[RepresentativeFrame, ...] | None:
    """Return the keyframes that stand for the video, in order of time; None when nobody chose."""
    found = stages.result("frames", results.FrameSelection)
    if found is None:
        return _nothing(stages, "frames")
    chosen = sorted(found.representative, key=lambda frame: frame.shot)
    return tuple(
        RepresentativeFrame(
            shot_id=shot_id(frame.shot),
            time_s=figures.seconds(media.shots[frame.shot].keyframe_s),
            keyframe=keyframe_path(name, frame.shot),
            prompt=frame.prompt,
            similarity=figures.share(frame.similarity),
        )
        for frame in chosen
    )


def overlays_of(stages: Stages) -> tuple[TextOverlay, ...] | None:
    """Return the timed texts, in order of time; None when no text was looked for."""
    found = stages.result("ocr", results.OnScreenText)
    if found is None:
        return _nothing(stages, "ocr")
    overlays = [_overlay(overlay, text) for overlay in found.overlays if (text := clean_line(overlay.text))]
    return tuple(sorted(overlays, key=lambda overlay: (overlay.start_s, overlay.end_s)))


def _nothing(stages: Stages, stage: str) -> tuple[()] | None:
    """Return an empty list when there was nothing to look at, None when nobody looked."""
    return () if stages.answered(stage) else None


def _captions(found: Sequence[results.Caption]) -> tuple[Caption, ...]:
    return tuple(
        Caption(text=text, confidence=figures.share(caption.confidence))
        for caption in found
        if (text := clean_line(caption.text))
    )


def _lines(found: Sequence[results.TextLine]) -> tuple[TextLine, ...]:
    return tuple(
        TextLine(text=text, confidence=round(line.confidence, 4), box=figures.box(line.box))
        for line in found
        if (text := clean_line(line.text))
    )


def _objects(found: Sequence[results.DetectedObject]) -> tuple[DetectedObject, ...]:
    return tuple(
        DetectedObject(label=clean_line(o.label), confidence=figures.share(o.confidence), box=figures.box(o.box))
        for o in found
    )


def _overlay(overlay: results.TextOverlay, text: str) -> TextOverlay:
    start_s, end_s = figures.interval(overlay.start_s, overlay.end_s)
    box, confidence = figures.box(overlay.box), round(overlay.confidence, 4)
    return TextOverlay(text=text, start_s=start_s, end_s=end_s, box=box, confidence=confidence)


def _spoken(words: Sequence[Word] | None, word_range: tuple[int, int] | None) -> str | None:
    if words is None or word_range is None:
        return None
    return join_words(word.word for word in words[slice(*word_range)])
