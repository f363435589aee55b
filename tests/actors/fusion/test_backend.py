"""From outcomes to the document: the golden one, and what is said about what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actors import results as r
from actors.backend import BackendOptions, Failure, Outcome, StageItem, StageStatus
from actors.document import Document, parse
from actors.fusion.assemble import assemble
from actors.fusion.backend import JsonFusion
from actors.fusion.figures import box, interval, seconds
from actors.fusion.writer import KEYFRAMES_MISSING

GOLDEN = Path(__file__).parent / "golden" / "document.json"
CREATED_AT = "2025-10-04T18:30:00Z"
Make = Callable[..., StageItem]
S = StageStatus


@pytest.fixture
def fusion() -> JsonFusion:
    return JsonFusion(BackendOptions(), now=lambda: datetime(2025, 10, 4, 18, 30, tzinfo=UTC))


def test_golden_document(make_item: Make, fusion: JsonFusion, output: Path) -> None:
    (outcome,) = fusion.run([make_item()])
    assert outcome == Outcome(
        S.DONE, data=r.FusionReceipt(document="tips/blåbær.json", status="complete", run_id="7.1")
    )
    assert (output / "tips" / "blåbær.json").read_text() == GOLDEN.read_text()
    pictures = sorted((output / "tips" / "blåbær" / "frames").iterdir())
    assert [p.name for p in pictures] == [f"blåbær_s00{n}.jpg" for n in (1, 2, 3)]
    shots = json.loads(GOLDEN.read_text())["shots"]
    assert [(output / "tips" / shot["keyframe"]) for shot in shots] == pictures


def _document(make: Make, **changes: Any) -> Document:
    return assemble(make(**changes), created_at=CREATED_AT)


def _without(stage: str, status: StageStatus, reason: str = "because") -> dict[str, Outcome]:
    return {stage: Outcome(status, reason=reason, failure=Failure.BUG if status is S.FAILED else None)}


@pytest.mark.parametrize("stage", ["vad", "asr", "ocr", "objects", "captions", "frames", "audio"])
@pytest.mark.parametrize("status", [status for status in StageStatus if status is not S.DONE])
def test_document_is_partial_only_when_something_asked_for_is_missing(
    make_item: Make, stage: str, status: StageStatus
) -> None:
    document = _document(make_item, results=_without(stage, status))
    partial = status in {S.UNAVAILABLE, S.FAILED, S.TIMED_OUT}
    assert document.status == ("partial" if partial else "complete")
    record = document.processing.stages[stage]
    assert (record.status, record.reason, record.backend, record.seconds) == (status, "because", None, None)


def test_missing_stage_that_nobody_asked_for_leaves_the_document_complete(make_item: Make) -> None:
    assert _document(make_item, results=_without("ocr", S.UNAVAILABLE), expected=("decode",)).status == "complete"


def test_expected_stage_without_an_outcome_is_named(make_item: Make) -> None:
    document = _document(make_item, expected=("decode", "asr", "song"))
    assert document.status == "partial"
    assert [w.field for w in document.processing.warnings if w.code == "stage_missing"] == ["processing.stages.song"]


@pytest.mark.parametrize(
    ("status", "empty"),
    [(S.DISABLED, None), (S.UNAVAILABLE, None), (S.FAILED, None), (S.TIMED_OUT, None), (S.NO_VIDEO, ())],
)
def test_what_nobody_looked_for_is_null_and_what_cannot_be_there_is_empty(
    make_item: Make, status: StageStatus, empty: tuple[()] | None
) -> None:
    missing = _without("ocr", status) | _without("objects", status) | _without("captions", status)
    document = _document(make_item, results=missing)
    shot = document.shots[0]
    assert (shot.captions, shot.ocr, shot.objects, document.text_overlays) == (empty, empty, empty, empty)
    assert shot.ocr_text == (None if empty is None else "")
    models = document.processing.models
    assert (models.caption, models.object_detector, models.ocr) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "text", "words", "word_range"),
    [
        (S.NO_AUDIO, "", (), (0, 0)),
        (S.NO_SPEECH, "", (), (0, 0)),
        (S.DISABLED, None, None, None),
        (S.FAILED, None, None, None),
    ],
)
def test_transcript_without_words(
    make_item: Make, status: StageStatus, text: str | None, words: Any, word_range: Any
) -> None:
    document = _document(make_item, results=_without("asr", status))
    assert (document.transcript.text, document.transcript.words, document.transcript.quality) == (text, words, None)
    assert {(shot.transcript_text, shot.word_range) for shot in document.shots} == {(text, word_range)}
    assert (document.language, document.language_confidence) == (None, None)


def _asr(**changes: Any) -> dict[str, Outcome]:
    found = r.Transcription(**({"language": "en", "language_confidence": 1.0, "quality": "draft"} | changes))
    return {"asr": Outcome(S.DONE, data=found, backend="asr.x", model="x 1")}


def test_language_without_words_is_not_believed(make_item: Make) -> None:
    document = _document(make_item, results=_asr())
    assert (document.language, document.language_confidence, document.transcript.text) == (None, None, "")
    assert "language_unknown" in {warning.code for warning in document.processing.warnings}


def test_transcript_falls_back_to_segments(make_item: Make) -> None:
    segments = (r.Segment(start_s=0, end_s=1, text=" Hi  there."), r.Segment(start_s=1, end_s=2, text="You."))
    document = _document(make_item, results=_asr(segments=segments))
    assert (document.transcript.text, document.language, document.transcript.words) == ("Hi there. You.", "en", ())


def test_speakers_add_up_their_segments(make_item: Make) -> None:
    segments = tuple(
        r.Segment(start_s=start, end_s=end, text="x", speaker=who)
        for start, end, who in [(0, 1.5, "B"), (1.5, 2, "A"), (2, 3.25, "B"), (4, 5, None)]
    )
    speakers = _document(make_item, results=_asr(segments=segments)).speakers
    assert speakers is not None
    assert [(s.speaker, s.seconds) for s in speakers] == [("B", 2.75), ("A", 0.5)]


def test_no_sound_track_leaves_measures_unknown_and_lists_empty(make_item: Make) -> None:
    audio = _document(make_item, results=_without("audio", S.NO_AUDIO)).audio
    assert (audio.speech_ratio, audio.tempo_bpm, audio.spans, audio.events) == (None, None, (), ())


def test_sound_events_and_tempo_are_carried_over(make_item: Make) -> None:
    event = r.AudioEvent(label="applause", start_s=1.00049, end_s=2.0, confidence=0.123456)
    found = r.AudioMeasuresResult(speech_ratio=None, music_ratio=None, tempo_bpm=120.126, events=(event,))
    document = _document(make_item, results={"audio": Outcome(S.DONE, data=found, backend="audio.x")})
    (written,) = document.audio.events or ()
    assert (written.label, written.start_s, written.confidence) == ("applause", 1.0, 0.1235)
    assert document.audio.tempo_bpm == 120.13
    assert {"audio.tempo_bpm", "audio.events"}.isdisjoint(w.field for w in document.processing.warnings)


def test_document_says_when_it_was_written(make_item: Make, output: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    JsonFusion(BackendOptions()).run([make_item()])
    document = parse((output / "tips" / "blåbær.json").read_bytes())
    assert before <= datetime.fromisoformat(document.processing.created_at) <= datetime.now(UTC)


def test_item_without_a_request_is_a_bug_that_says_so(make_item: Make, fusion: JsonFusion) -> None:
    with pytest.raises(ValueError, match="0123456789abcdef: fusion was called without a request"):
        fusion.run([replace(make_item(), fusion=None)])


def test_keyframes_that_do_not_match_the_shots_are_a_bug_and_write_nothing(
    make_item: Make, fusion: JsonFusion, output: Path
) -> None:
    with pytest.raises(ValueError, match="2 keyframes for 3 shots"):
        fusion.run([replace(make_item(), keyframes=make_item(shots=2).keyframes)])
    assert list(output.iterdir()) == []


def test_audio_only_file_has_a_document_without_shots(make_item: Make, fusion: JsonFusion, output: Path) -> None:
    item = make_item(shots=0, results=_without("ocr", S.NO_VIDEO))
    (outcome,) = fusion.run([replace(item, keyframes=())])
    assert outcome.status is S.DONE
    document = parse((output / "tips" / "blåbær.json").read_bytes())
    assert document.shots == ()
    assert document.transcript.words
    assert not (output / "tips" / "blåbær").exists()


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(Outcome(S.DONE, data=None, backend="x"), id="no data"),
        pytest.param(Outcome(S.DONE, data=r.Identity(sha256="x"), backend="x"), id="another stage's data"),
        pytest.param(Outcome(S.DONE, data=r.Captions(keyframes=((),)), backend="x"), id="too few keyframes"),
    ],
)
def test_result_that_does_not_fit_the_shots_is_a_failure_not_a_guess(make_item: Make, outcome: Outcome) -> None:
    document = _document(make_item, results={"captions": outcome})
    assert document.status == "partial"
    assert {shot.captions for shot in document.shots} == {None}
    assert document.processing.stages["captions"].reason.startswith("unusable_result")


def test_truncated_file_is_marked(make_item: Make) -> None:
    assert _document(make_item, truncated=True).processing.warnings[0].code == "truncated"


def test_frames_without_a_model_stand_for_the_video_in_order_of_time(make_item: Make) -> None:
    chosen = (r.RepresentativeFrame(shot=2), r.RepresentativeFrame(shot=0))
    found = r.FrameSelection(keyframes=(r.KeyframeVerdict(),) * 3, representative=chosen)
    document = _document(make_item, results={"frames": Outcome(S.DONE, data=found, backend="frames.measured")})
    frames = document.representative_frames or ()
    assert [(f.shot_id, f.time_s, f.prompt, f.similarity) for f in frames] == [
        ("s001", 0.0, None, None),
        ("s003", 3.2, None, None),
    ]
    assert [f.keyframe for f in frames] == [document.shots[n].keyframe for n in (0, 2)]
    assert {(shot.dropped, shot.duplicate_of) for shot in document.shots} == {(None, None)}


@pytest.mark.parametrize(("status", "chosen"), [(S.DISABLED, None), (S.FAILED, None), (S.NO_VIDEO, ())])
def test_frames_nobody_chose(make_item: Make, status: StageStatus, chosen: tuple[()] | None) -> None:
    document = _document(make_item, results=_without("frames", status))
    assert document.representative_frames == chosen
    assert {(shot.dropped, shot.duplicate_of) for shot in document.shots} == {(None, None)}
    assert document.processing.models.frames is None


def test_every_null_has_a_reason(make_item: Make) -> None:
    document = _document(make_item)
    reasons = {warning.field for warning in document.processing.warnings}
    assert document.audio.tempo_bpm is None
    assert {"audio.tempo_bpm", "audio.events"} <= reasons
    assert document.speakers is None
    assert document.processing.stages["diarization"].reason


def test_rounding_keeps_lengths() -> None:
    assert interval(1.0001, 1.0002) == (1.0, 1.001)
    assert interval(2.0, 2.0) == (2.0, 2.0)
    assert interval(3.0, 2.0) == (3.0, 3.0)
    assert seconds(-0.02) == 0.0
    assert box((-0.1, 0.12345, 1.2, 0.5)) == (0.0, 0.1235, 1.0, 0.5)


def test_later_sidecar_rewrites_the_document_and_keeps_the_pictures(
    make_item: Make, without_keyframes: Callable[[StageItem], StageItem], fusion: JsonFusion, output: Path
) -> None:
    fusion.run([make_item(sidecars=())])
    before = [(p.name, p.stat().st_ino) for p in sorted((output / "tips" / "blåbær" / "frames").iterdir())]
    (outcome,) = fusion.run([without_keyframes(make_item(run_id="7.2"))])
    assert outcome.status is S.DONE
    document = parse((output / "tips" / "blåbær.json").read_bytes())
    assert (document.processing.run_id, document.source.author) == ("7.2", "kari")
    assert [(p.name, p.stat().st_ino) for p in sorted((output / "tips" / "blåbær" / "frames").iterdir())] == before


def _truncate(frames: Path) -> None:
    picture = frames / "blåbær_s002.jpg"
    picture.write_bytes(picture.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "changes"),
    [
        pytest.param(lambda frames: (frames / "blåbær_s002.jpg").unlink(), {}, id="a picture is gone"),
        pytest.param(_truncate, {}, id="a picture is cut off"),
        pytest.param(lambda frames: frames.rename(frames.parent / "old"), {}, id="the folder is gone"),
        pytest.param(lambda frames: (frames.parent.parent / "blåbær.json").unlink(), {}, id="the document is gone"),
        pytest.param(lambda _: None, {"sha256": "f" * 64}, id="pictures of other content"),
        pytest.param(lambda _: None, {"shots": 2}, id="other shots"),
        pytest.param(
            lambda _: None,
            {"results": {"decode": Outcome(S.DONE, data=None, backend="decode.pyav", model="PyAV 19")}},
            id="another decoder",
        ),
    ],
)
def test_run_without_keyframes_asks_for_decoding_when_those_on_disk_do_not_fit(
    make_item: Make,
    without_keyframes: Callable[[StageItem], StageItem],
    fusion: JsonFusion,
    output: Path,
    damage: Callable[[Path], None],
    changes: dict[str, Any],
) -> None:
    fusion.run([make_item()])
    damage(output / "tips" / "blåbær" / "frames")
    before = sorted(str(p) for p in output.rglob("*"))
    (outcome,) = fusion.run([without_keyframes(make_item(**changes))])
    assert (outcome.status, outcome.reason, outcome.failure) == (S.FAILED, KEYFRAMES_MISSING, Failure.TRANSIENT)
    assert sorted(str(p) for p in output.rglob("*")) == before
