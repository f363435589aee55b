"""Sound: 16 kHz mono from time 0, loudness by EBU R128, and no trust in a stream's constancy."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from media_clips import Clip, item, write
from numpy.typing import NDArray

from actors.media.audio import SAMPLE_RATE, SoundTrack
from actors.media.backend import PyAvDecode
from actors.media.options import DecodeOptions


def tone(
    seconds: float, *, rate: int = 48_000, level_dbfs: float = -20.0, hertz: float = 1000.0
) -> NDArray[np.float32]:
    time_s = np.arange(round(seconds * rate)) / rate
    return (10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hertz * time_s)).astype(np.float32)


def frames(
    samples: NDArray[np.float32], *, rate: int, layout: str = "mono", start_s: float = 0.0
) -> list[av.AudioFrame]:
    """Cut (channels, samples) into frames as a decoder would give them."""
    planes = np.atleast_2d(samples)
    made = []
    for begin in range(0, planes.shape[1], 1024):
        block = np.ascontiguousarray(planes[:, begin : begin + 1024])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(start_s * rate) + begin
        made.append(frame)
    return made


def track(*parts: list[av.AudioFrame], max_media_s: float = 3600.0) -> SoundTrack:
    made = SoundTrack(max_media_s=max_media_s, discontinuous=False)
    for part in parts:
        for frame in part:
            made.feed(frame)
    made.finish()
    return made


def test_a_tone_comes_out_as_it_went_in() -> None:
    sound = track(frames(tone(2), rate=48_000)).samples(origin_s=0)
    assert (sound.dtype, sound.ndim, sound.flags.c_contiguous) == (np.float32, 1, True)
    assert len(sound) == pytest.approx(2 * SAMPLE_RATE, abs=32)
    expected = tone(2, rate=SAMPLE_RATE)[200:-200]
    assert np.abs(sound[200 : 200 + len(expected)] - expected).max() < 0.01


@pytest.mark.parametrize(
    ("samples", "layout", "lufs"),
    [
        # EBU Tech 3341, minimum requirements test signals 1 and 2: stereo 1 kHz at -23 and -33 dBFS.
        pytest.param(np.stack([tone(5, level_dbfs=-23)] * 2), "stereo", -23.0, id="EBU Tech 3341 case 1"),
        pytest.param(np.stack([tone(5, level_dbfs=-33)] * 2), "stereo", -33.0, id="EBU Tech 3341 case 2"),
        pytest.param(tone(5, level_dbfs=-23), "mono", -26.0, id="one channel is 3 LU less"),
        pytest.param(np.zeros(48_000 * 3, np.float32), "mono", None, id="silence has none"),
        pytest.param(tone(0.2, level_dbfs=-23), "mono", None, id="too short for one block"),
    ],
)
def test_loudness(samples: NDArray[np.float32], layout: str, lufs: float | None) -> None:
    measured = track(frames(samples, rate=48_000, layout=layout)).loudness_lufs
    assert measured == (None if lufs is None else pytest.approx(lufs, abs=0.1))


def test_gaps_are_filled_with_silence_in_place() -> None:
    made = track(frames(tone(1), rate=48_000), frames(tone(1), rate=48_000, start_s=3))
    sound = np.abs(made.samples(origin_s=0))
    loud = [float(sound[round(t * SAMPLE_RATE) :][:800].max()) > 0.05 for t in (0.5, 1.5, 2.5, 3.5)]
    assert loud == [True, False, False, True]
    assert made.end_s == pytest.approx(4.0, abs=0.01)
    assert len(sound) == pytest.approx(4 * SAMPLE_RATE, abs=400)


def test_jitter_moves_nothing() -> None:
    jittered = frames(tone(1), rate=48_000)
    for number, frame in enumerate(jittered):
        frame.pts += (number % 3) * 100
    assert len(track(jittered).samples(origin_s=0)) == pytest.approx(SAMPLE_RATE, abs=100)


def test_a_stream_may_change_rate_and_channels_on_the_way() -> None:
    stereo = np.stack([tone(1, rate=44_100)] * 2)
    made = track(frames(tone(1), rate=48_000), frames(stereo, rate=44_100, layout="stereo", start_s=1))
    sound = made.samples(origin_s=0)
    assert len(sound) == pytest.approx(2 * SAMPLE_RATE, abs=400)
    assert np.abs(sound[24_000:30_000]).max() > 0.05


def test_a_late_start_is_silence() -> None:
    sound = track(frames(tone(1), rate=48_000, start_s=7.5)).samples(origin_s=7.0)
    assert np.abs(sound[:7900]).max() == 0
    assert np.abs(sound[8200:9000]).max() > 0.05


def test_sound_is_bounded_also_by_an_absurd_gap() -> None:
    made = track(frames(tone(1), rate=48_000), frames(tone(1), rate=48_000, start_s=900_000), max_media_s=10)
    assert made.finished
    assert len(made.samples(origin_s=0)) <= 1.1 * SAMPLE_RATE


def test_long_media_is_cut_off_and_says_so(tmp_path: Path) -> None:
    backend = PyAvDecode(DecodeOptions(threads=1, max_media_s=1.0))
    backend.load()
    outcome = backend.run([item(write(tmp_path / "long.m4a", Clip([], [], tone=(0, 3))))])[0]
    assert [w.code for w in outcome.data.warnings] == ["cut_off"]
    assert outcome.data.duration_s == pytest.approx(1.0, abs=0.05)
    assert len(outcome.payloads.audio) <= 1.05 * SAMPLE_RATE


def test_silent_and_quiet_clips_of_the_corpus(decode: PyAvDecode, corpus: Path) -> None:
    loudness = {
        name: decode.run([item(corpus / name, ())])[0].data.loudness_lufs
        for name in ("odd/ax_silent_black_10s.mp4", "speech/fleurs-en-003.ogg", "speech/en_jfk.flac")
    }
    assert loudness["odd/ax_silent_black_10s.mp4"] is None
    assert loudness["speech/fleurs-en-003.ogg"] < -55
    assert -20 < loudness["speech/en_jfk.flac"] < -5
