"""Times are those a player shows, whatever the container's clock does."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_clips import RED, Clip, item, shots, write

from actors.media.backend import PyAvDecode
from actors.media.options import DecodeOptions
from actors.media.timing import PresentationClock, frame_rate

MILLISECOND = Fraction(1, 1000)
STEADY = [i / 25 for i in range(25)]
PAUSING = [i / 25 + (0.3 if i > 8 else 0.0) + (0.5 if i > 16 else 0.0) for i in range(25)]


@dataclass
class Frame:
    """As much of a decoded frame as a clock looks at; times in milliseconds."""

    pts: int | None
    duration: int = 40
    time_base: Fraction = MILLISECOND

    @property
    def time(self) -> float:
        return float(self.pts * self.time_base)


def placed(clock: PresentationClock, *pts: int | None) -> list[float | None]:
    return [clock.place(Frame(p)) for p in pts]


@pytest.mark.parametrize(
    ("pts", "discontinuous", "times"),
    [
        pytest.param((0, 40, 80), False, [0, 0.04, 0.08], id="steady"),
        pytest.param((1075, 1115), False, [1.075, 1.115], id="late start is the caller's to rebase"),
        pytest.param((0, None, None), False, [0, 0.04, 0.08], id="no times: one after another"),
        pytest.param((0, 40, 40, 80), False, [0, 0.04, None, 0.08], id="twice the same time"),
        pytest.param((0, 80, 40, 120), False, [0, 0.08, None, 0.12], id="back in time"),
        pytest.param((0, 40, 60_000), False, [0, 0.04, 60.0], id="a slide that stays a minute"),
        pytest.param((0, 40, 90_000, 90_040), True, [0, 0.04, 0.08, 0.12], id="the clock of a TS jumps ahead"),
        pytest.param((90_000, 90_040, 0, 40), True, [90.0, 90.04, 90.08, 90.12], id="the clock of a TS starts anew"),
    ],
)
def test_frames_are_placed(pts: tuple[int | None, ...], *, discontinuous: bool, times: list[float | None]) -> None:
    clock = PresentationClock(tick_s=0.001, discontinuous=discontinuous)
    assert placed(clock, *pts) == [t if t is None else pytest.approx(t) for t in times]


@given(pts=st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9)), max_size=60), discontinuous=st.booleans())
def test_times_always_increase(*, pts: list[int | None], discontinuous: bool) -> None:
    clock = PresentationClock(tick_s=0.001, default_step_s=0.04, discontinuous=discontinuous)
    times = [t for t in placed(clock, *pts) if t is not None]
    assert times == sorted(set(times))
    assert clock.refused == len(pts) - len(times)


@pytest.mark.parametrize(
    ("times", "tick_s", "rate", "variable"),
    [
        pytest.param(STEADY, 1e-5, 25.0, False, id="25 fps"),
        pytest.param([round(i / 30, 3) for i in range(300)], 0.001, 30.0, False, id="30 fps on a millisecond clock"),
        pytest.param(PAUSING, 1e-5, 13.636, True, id="pauses"),
        pytest.param([0.0], 1e-5, None, None, id="one frame cannot tell"),
    ],
)
def test_rate_is_measured(times: list[float], tick_s: float, rate: float | None, *, variable: bool | None) -> None:
    measured = frame_rate(array("d", times), tick_s=tick_s)
    assert measured.variable is variable
    assert measured.per_second == (None if rate is None else pytest.approx(rate, abs=0.01))


@pytest.mark.parametrize(
    ("name", "times"),
    [
        pytest.param("clip.mp4", STEADY, id="from 0"),
        pytest.param("clip.mp4", [1.075 + t for t in STEADY], id="first frame at 1.075 s"),
        pytest.param("clip.mp4", [3900 + t for t in STEADY], id="an mp4 clock at 3900 s"),
        pytest.param("clip.ts", [3900 + t for t in STEADY], id="a TS clock at 3900 s"),
        pytest.param("clip.mkv", PAUSING, id="variable rate"),
    ],
)
def test_frame_times_start_at_zero_and_keep_their_distances(tmp_path: Path, name: str, times: list[float]) -> None:
    backend = PyAvDecode(DecodeOptions(threads=1, analysis_fps=60))
    backend.load()
    media = backend.run([item(write(tmp_path / name, Clip(shots(RED), times)))])[0].data
    assert media.frame_times_s == pytest.approx([t - times[0] for t in times], abs=0.0011)
    assert media.duration_s == pytest.approx(times[-1] - times[0] + 0.04, abs=0.002)
    assert (media.shots[0].start_s, media.shots[-1].end_s) == (0.0, media.duration_s)


@pytest.mark.parametrize(
    ("name", "video_s", "tone", "leading_silence_s"),
    [
        pytest.param("clip.mp4", 0.0, (0.5, 1.5), 0.5, id="sound starts later"),
        pytest.param("clip.mkv", 1.0, (0.0, 2.0), 0.0, id="picture starts later"),
        pytest.param("clip.mkv", 5.0, (5.5, 6.0), 0.5, id="both start late"),
    ],
)
def test_sound_and_picture_share_one_zero(
    decode: PyAvDecode,
    tmp_path: Path,
    name: str,
    video_s: float,
    tone: tuple[float, float],
    leading_silence_s: float,
) -> None:
    outcome = decode.run([item(write(tmp_path / name, Clip(shots(RED), [video_s + t for t in STEADY], tone=tone)))])[0]
    origin_s = min(video_s, tone[0])
    loud = np.flatnonzero(np.abs(outcome.payloads.audio) > 0.05)
    assert loud[0] / 16_000 == pytest.approx(leading_silence_s, abs=0.03)
    assert loud[-1] / 16_000 == pytest.approx(tone[1] - origin_s, abs=0.05)
    assert outcome.data.frame_times_s[0] == pytest.approx(video_s - origin_s, abs=0.03)


def test_clocks_that_disagree_are_not_believed(tmp_path: Path) -> None:
    backend = PyAvDecode(DecodeOptions(threads=1, max_media_s=60))
    backend.load()
    late = Clip(shots(RED), [5000 + t for t in STEADY], tone=(0, 2))
    outcome = backend.run([item(write(tmp_path / "clip.mkv", late))])[0]
    assert "clocks_disagree" in [w.code for w in outcome.data.warnings]
    assert outcome.data.duration_s == pytest.approx(2.0, abs=0.05)
    assert outcome.data.frame_times_s[0] == 0.0


def test_every_frame_of_the_counter_is_at_its_own_time(corpus: Path) -> None:
    """30 frames at 10 fps: with the frame's time the picture must be the one the file holds at that time."""
    import av

    path = corpus / "cuts" / "pyscenedetect_counter.mp4"
    backend = PyAvDecode(DecodeOptions(threads=1, analysis_fps=10, analysis_long_side=1920, frames_mib=400))
    backend.load()
    outcome = backend.run([item(path, {"frames"})])[0]
    assert outcome.data.frame_times_s == pytest.approx([i / 10 for i in range(30)], abs=1e-6)
    with av.open(str(path)) as container:
        for frame, ours in zip(container.decode(video=0), outcome.payloads.frames, strict=True):
            theirs = cv2.cvtColor(frame.to_ndarray(format="rgb24"), cv2.COLOR_RGB2GRAY)
            difference = cv2.absdiff(theirs, cv2.cvtColor(ours, cv2.COLOR_RGB2GRAY))
            # Another frame's number differs by more than 100 in some pixel.
            assert int(difference.max()) < 40


def test_odd_clocks_of_the_corpus(decode: PyAvDecode, corpus: Path) -> None:
    durations = {
        "cuts/pyscenedetect_delayed_start.mp4": 0.96,
        "odd/mp4ff_huge_start_time.mp4": 8.0,
        "odd/ax_fragmented.mp4": 1.068,
        "odd/ax_edit_list_positive_shift.mp4": 10.005,
        "odd/moviepy_no_duration.webm": 4.938,
        "odd/tika_wmv.wmv": 5.007,
    }
    measured = {name: decode.run([item(corpus / name, ())])[0].data.duration_s for name in durations}
    assert measured == {name: pytest.approx(seconds, abs=0.02) for name, seconds in durations.items()}
    shifted = decode.run([item(corpus / "odd/ax_edit_list_positive_shift.mp4", {"frames"})])[0].data
    assert shifted.frame_times_s[0] == pytest.approx(1.0)
