"""Odd and broken files: each ends in what decodes of it, or in a reason."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from media_clips import BLUE, GREEN, RED, Clip, corners, item, refusal, write

from actors.media.backend import PyAvDecode


def remuxed(path: Path, target: Path, **options: str) -> Path:
    """Copy the streams into another container."""
    with av.open(str(path)) as given, av.open(str(target), "w", container_options=options) as out:
        streams = {s.index: out.add_stream_from_template(s) for s in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return target


def mp4_without_tracks() -> bytes:
    """A file type, a movie header and nothing else (ISO/IEC 14496-12)."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content) + 8) + name + content

    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    header = struct.pack(">5I", 0, 0, 0, 1000, 1000) + bytes(16) + matrix + bytes(24) + struct.pack(">I", 1)
    return box(b"ftyp", b"mp42\0\0\0\0mp42") + box(b"moov", box(b"mvhd", header)) + box(b"mdat", bytes(8))


def wave(*, rate: int = 8000, channels: int = 1) -> bytes:
    """Half a second, or what its header makes of it (RIFF WAVE, 16-bit PCM)."""
    form = struct.pack("<HHIIHH", 1, channels, rate, 2 * rate * channels % 2**32, 2 * channels, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 8000) + bytes(8000)
    return b"RIFF" + struct.pack("<I", len(body)) + body


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{0}\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(lambda _: b"just some text, renamed\n" * 50, "not_media", id="text"),
        pytest.param(lambda _: b"\0" * 5000, "not_media", id="zeros"),
        pytest.param(lambda _: b"x", "not_media", id="one byte"),
        pytest.param(lambda clip: PLAYLIST.format(clip).encode(), "not_media", id="a playlist naming a real clip"),
        pytest.param(
            lambda clip: f"ffconcat version 1.0\nfile {clip}\n".encode(), "not_media", id="a concat list naming a clip"
        ),
        pytest.param(lambda _: b"1\n00:00:00,000 --> 00:00:02,000\nHi\n", "not_media", id="subtitles"),
        pytest.param(lambda clip: clip.read_bytes()[:2000], "undecodable", id="mp4 cut before its index"),
        pytest.param(lambda _: mp4_without_tracks(), "no_streams", id="an mp4 without tracks"),
        pytest.param(lambda _: wave(rate=2_000_000_000), "undecodable", id="two thousand million samples a second"),
        pytest.param(lambda _: wave(channels=9), "undecodable", id="nine channels"),
    ],
)
def test_what_is_no_media_is_rejected(
    decode: PyAvDecode, clip: Path, tmp_path: Path, content: Callable[[Path], bytes], why: str
) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content(clip))
    assert refusal(decode, path) == why


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("odd/zero_bytes.webm", "empty"),
        ("odd/aeneas_invalid.wav", "undecodable"),
        ("odd/sphinx_bad.wav", "undecodable"),
        ("odd/mmocr_broken.jpg", "not_media"),
        ("odd/mp4ff_init_only.mp4", "undecodable"),
        ("odd/mp4parse_chunk_out_of_range.mp4", "undecodable"),
        ("odd/mp4parse_short-cenc.mp4", "encrypted"),
        ("odd/ax_clearkey_drm.mp4", "encrypted"),
        ("odd/ax_ac4_audio.mp4", "undecodable"),
        ("odd/ax_truncated_after_moov.m4b", "undecodable"),
        ("odd/mutagen_truncated-64bit.mp4", "undecodable"),
        ("cuts/goldens", "not_a_file"),
    ],
)
def test_odd_files_that_cannot_be_described(decode: PyAvDecode, corpus: Path, name: str, why: str) -> None:
    assert refusal(decode, corpus / name) == why


# name: (codec, audio codec, displayed size, HDR, warnings)
DESCRIBED = {
    "-video-with-dash-.mp4": ("h264", None, (1, 1), False, []),
    "ax_audio_only.mp4": (None, "aac", (None, None), False, []),
    "ax_video_only.mp4": ("h264", None, (1080, 720), False, []),
    "ax_dolbyvision.MOV": ("hevc", "aac", (720, 1280), True, []),
    "ax_hdr10_av1_portrait.mp4": ("av1", "aac", (720, 1280), True, []),
    "ax_missing_stsd.mp4": ("h264", None, (1080, 720), False, ["audio_undecodable"]),
    "ax_vp9_odd_dimensions.webm": ("vp9", None, (161, 121), False, []),
    "ax_h264_mpegaudio.ts": ("h264", "mp2", (640, 426), False, []),
    "ax_empty_track.mp4": ("h264", "aac", (1080, 720), False, []),
    "decord_corrupted.mp4": ("h264", None, (1280, 720), False, ["broken_packets"]),
    "mp4ff_huge_start_time.mp4": ("h264", None, (640, 360), False, ["shorter_than_claimed"]),
    "mp4ff_vvc.mp4": ("vvc", None, (1280, 720), False, []),
    "mp4parse_hevc_white_frame.mp4": ("hevc", None, (640, 480), False, []),
    "mp4parse_no_timescale.mp4": (
        "h264",
        None,
        (320, 240),
        False,
        ["display_matrix_invalid", "broken_packets", "frames_out_of_order"],
    ),
    "torchcodec_h265_10bits.mp4": ("hevc", None, (200, 200), False, []),
    "tika_wmv.wmv": ("wmv3", "wmavoice", (640, 480), False, []),
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_odd_files_that_are_described(decode: PyAvDecode, corpus: Path, name: str) -> None:
    codec, audio_codec, size, hdr, warnings = DESCRIBED[name]
    outcome = decode.run([item(corpus / "odd" / name)])[0]
    media = outcome.data
    assert (media.codec, media.audio_codec, (media.width, media.height), media.hdr) == (codec, audio_codec, size, hdr)
    assert [w.code for w in media.warnings] == warnings
    assert (media.has_video, media.has_audio) == (codec is not None, audio_codec is not None)
    assert len(outcome.payloads.keyframes or ()) == len(media.shots)
    assert bool(media.shots) == media.has_video
    assert (outcome.payloads.audio is None) == (not media.has_audio)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        pytest.param(".mp4", {"movflags": "+faststart"}, id="mp4 with its index first"),
        pytest.param(".mp4", {"movflags": "+frag_keyframe+empty_moov"}, id="fragmented mp4"),
        pytest.param(".mkv", {}, id="mkv"),
        pytest.param(".ts", {}, id="ts"),
    ],
)
def test_half_a_file_gives_what_decodes(
    decode: PyAvDecode, clip: Path, tmp_path: Path, suffix: str, options: dict[str, str]
) -> None:
    whole = remuxed(clip, tmp_path / f"whole{suffix}", **options)
    half = tmp_path / f"half{suffix}"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    before, after = (decode.run([item(path)])[0].data for path in (whole, half))
    assert before.frames_decoded == 90
    assert 20 <= after.frames_decoded < 90
    assert after.shots[-1].end_s == after.duration_s < before.duration_s


def test_damage_is_survived_and_counted(decode: PyAvDecode, clip: Path, tmp_path: Path) -> None:
    whole = remuxed(clip, tmp_path / "whole.mp4", movflags="+faststart")
    content = bytearray(whole.read_bytes())
    noise = np.random.default_rng(1)
    for at in range(len(content) // 3, len(content) - 400, 3000):
        content[at : at + 300] = noise.bytes(300)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content)
    media = decode.run([item(path)])[0].data
    (broken,) = (w for w in media.warnings if w.code == "broken_packets")
    assert broken.message.split()[0].isdigit()
    assert media.frames_decoded > 30


@pytest.mark.parametrize(
    ("name", "made"),
    [
        pytest.param("ten.mkv", {"codec": "ffv1", "pixel_format": "yuv420p10le"}, id="10 bit"),
        pytest.param("full.mkv", {"codec": "ffv1", "pixel_format": "yuv444p"}, id="4:4:4"),
        pytest.param("rgb.mov", {"codec": "png", "pixel_format": "rgb24"}, id="RGB"),
        pytest.param("jpeg.mov", {"codec": "mjpeg", "pixel_format": "yuvj422p"}, id="full-range 4:2:2"),
    ],
)
def test_pixel_formats_end_in_the_same_picture(
    decode: PyAvDecode, tmp_path: Path, name: str, made: dict[str, str]
) -> None:
    outcome = decode.run(
        [item(write(tmp_path / name, Clip.steady([corners((161, 121) if "full" in name else (160, 120))] * 3, **made)))]
    )[0]
    frame = outcome.payloads.frames[0]
    height, width = frame.shape[:2]
    found = [frame[y, x] for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    assert np.abs(np.asarray(found, int) - [RED, GREEN, BLUE, (255, 255, 255)]).max() < 30
    assert outcome.data.shots[0].measures.colours[0][1] == pytest.approx(0.25, abs=0.02)


def test_hdr_becomes_a_sane_picture(decode: PyAvDecode, corpus: Path) -> None:
    media = decode.run([item(corpus / "odd" / "ax_hdr10_av1_portrait.mp4")])[0].data
    measures = media.shots[0].measures
    # Converted without tone mapping, this daylight scene is flat and grey: contrast 0.30.
    assert 0.35 < measures.brightness < 0.75
    assert measures.contrast > 0.4


def test_cover_art_is_no_picture_track(decode: PyAvDecode, tmp_path: Path) -> None:
    song = write(tmp_path / "song.m4a", Clip([], [], tone=(0, 1)))
    with av.open(str(song)) as given, av.open(str(tmp_path / "cover.mp4"), "w") as out:
        audio = out.add_stream_from_template(given.streams.audio[0])
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt, cover.disposition = 160, 96, "yuvj420p", Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(corners(), format="rgb24").reformat(format="yuvj420p")
        picture.pts = 0
        out.mux([*cover.encode(picture), *cover.encode(None)])
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = audio
                out.mux(packet)
    outcome = decode.run([item(tmp_path / "cover.mp4")])[0]
    assert (outcome.data.has_video, outcome.data.has_audio, outcome.data.shots) == (False, True, ())
    assert (outcome.payloads.frames, outcome.payloads.keyframes) == (None, None)


def test_the_better_of_two_pictures_is_taken(decode: PyAvDecode, corpus: Path) -> None:
    media = decode.run([item(corpus / "video" / "nasa_13013.mp4", ())])[0].data
    assert (media.width, media.height) == (480, 270)


def test_tags_in_a_legacy_encoding_do_not_matter(decode: PyAvDecode, tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", Clip.steady([corners()] * 3), title="caf\xe9 au lait")
    content = path.read_bytes()
    assert content.count("caf\xe9 ".encode()) == 1
    path.write_bytes(content.replace("caf\xe9 ".encode(), b"caf\xe9\xe9 "))
    assert decode.run([item(path)])[0].data.frames_decoded == 3
