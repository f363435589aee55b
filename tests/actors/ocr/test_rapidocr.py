"""The backend: what it says of videos with, without and with hidden text."""

from __future__ import annotations

from pathlib import Path

import drawn
import numpy as np
import pytest
import screen_text
from drawn import Title
from pydantic import ValidationError

from actors.backend import StageItem, StageStatus
from actors.errors import BadInput
from actors.ocr import rapidocr
from actors.ocr.rapidocr import RapidOcr, RapidOcrOptions
from actors.results import Media, OnScreenText, Shot

COUNT = 12


def media(*, has_video: bool = True, count: int = COUNT) -> Media:
    return Media(
        container="mp4",
        has_video=has_video,
        has_audio=True,
        duration_s=count / 4,
        size_bytes=1,
        shots=(Shot(start_s=0.0, end_s=count / 4, keyframe_s=1.5),) if has_video else (),
        frame_times_s=drawn.times_s(count) if has_video else (),
    )


def item(titles: list[Title]) -> StageItem:
    keyframe = drawn.jpeg(drawn.frame(6, titles))
    return StageItem("0" * 16, media=media(), frames=drawn.frames(COUNT, titles), keyframes=(keyframe,))


def result(backend: RapidOcr, read: StageItem) -> OnScreenText:
    (outcome,) = backend.run([read])
    assert outcome.status is StageStatus.DONE
    assert isinstance(outcome.data, OnScreenText)
    return outcome.data


def test_lines_and_overlays(backend: RapidOcr) -> None:
    found = result(backend, item([Title("Hello there", 3, 8)]))
    assert [[line.text for line in lines] for lines in found.keyframes] == [["Hello there"]]
    assert [(o.text, o.start_s, o.end_s) for o in found.overlays] == [("Hello there", 0.75, 2.25)]
    assert 1 <= found.frames_read <= 3
    x, y, width, height = found.overlays[0].box
    assert x <= 0.06
    assert y <= 120 / 640 <= y + height
    assert 0.4 < width < 1


def test_no_text_is_no_line(backend: RapidOcr) -> None:
    found = result(backend, item([]))
    assert (found.keyframes, found.overlays) == (((),), ())


def test_several_videos_have_an_outcome_each(backend: RapidOcr) -> None:
    sound_only = StageItem("1" * 16, media=media(has_video=False))
    statuses = [outcome.status for outcome in backend.run([sound_only, item([])])]
    assert statuses == [StageStatus.NO_VIDEO, StageStatus.DONE]


def test_without_analysis_frames_only_keyframes_are_read(backend: RapidOcr) -> None:
    full = item([Title("Link in bio", 0, 11)])
    found = result(backend, StageItem("0" * 16, media=full.media, keyframes=full.keyframes))
    assert (len(found.keyframes[0]), found.overlays, found.frames_read) == (1, (), 0)


def test_overlays_can_be_switched_off(backend: RapidOcr) -> None:
    keyframes_only = RapidOcr(RapidOcrOptions(overlays=False))
    keyframes_only._reader = backend._reader
    found = result(keyframes_only, item([Title("Link in bio", 0, 11)]))
    assert (len(found.keyframes[0]), found.overlays) == (1, ())


def test_a_clip_of_one_frame(backend: RapidOcr) -> None:
    picture = drawn.frame(0, [Title("Link in bio", 0, 0)])
    one = Media(
        container="mp4",
        has_video=True,
        has_audio=False,
        duration_s=0.04,
        size_bytes=1,
        shots=(Shot(start_s=0.0, end_s=0.04, keyframe_s=0.0),),
        frame_times_s=(0.0,),
    )
    found = result(
        backend, StageItem("0" * 16, media=one, frames=picture[np.newaxis], keyframes=(drawn.jpeg(picture),))
    )
    assert [(o.text, o.start_s, o.end_s) for o in found.overlays] == [("Link in bio", 0.0, 0.04)]


def test_read_only_frames_are_read(backend: RapidOcr) -> None:
    full = item([Title("Link in bio", 0, 11)])
    assert full.frames is not None
    full.frames.setflags(write=False)
    assert len(result(backend, full).overlays) == 1


def test_an_unreadable_keyframe_is_bad_input(backend: RapidOcr) -> None:
    with pytest.raises(BadInput, match="keyframe 1"):
        backend.run([StageItem("0" * 16, media=media(), keyframes=(b"no picture",))])


@pytest.mark.parametrize("options", [{"keyframe_side": 10}, {"look_s": 0}, {"lines_per_s": -1}, {"sides": 640}])
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        RapidOcrOptions(**options)


def test_it_is_available_and_names_its_models() -> None:
    assert RapidOcr.available() is None
    assert RapidOcr.model_revision(RapidOcrOptions()).startswith("PP-OCRv6 small (rapidocr 3.")


def test_missing_models_are_said_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    from actors.errors import BackendUnavailable

    def missing() -> None:
        raise BackendUnavailable("ocr_model_missing", "rapidocr lacks its models: pip install rapidocr")

    monkeypatch.setattr(rapidocr, "model_paths", missing)
    assert RapidOcr.available() == "rapidocr lacks its models: pip install rapidocr"


@pytest.mark.corpus
def test_norwegian_overlays_are_found_in_time(backend: RapidOcr, corpus: Path) -> None:
    found, effort, _ = screen_text.composed_clip(backend, corpus / "composed" / "tt2_norsk.mp4")
    assert [f.overlay.text for f in found if f.overlay and f.in_time] == [
        "Hei alle sammen",
        "Små øyer og høye fjell",
        "Følg for mer",
        "Lenke i bio",
    ]
    assert effort.frames_read < effort.frames / 3


@pytest.mark.corpus
def test_subtitles_of_half_a_second_are_found(backend: RapidOcr, corpus: Path) -> None:
    result, _ = screen_text.read_clip(backend, corpus / "ocr" / "video_zh_subtitle_3s.mp4", [0.0, 3.0])
    assert [o.text for o in result.overlays] == ["空间里面他绝对赢不了的", "我进去帮他", "你们接着善后"]


@pytest.mark.corpus
def test_nothing_is_read_in_the_dark(backend: RapidOcr, corpus: Path) -> None:
    (row,) = screen_text.negative_rows(backend, corpus)
    assert row.value == "0"
