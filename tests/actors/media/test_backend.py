"""Whatever a file is, decoding ends in a truthful result or a reason."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from media_clips import EVERYTHING, Clip, corners, item, refusal, source, write

from actors.backend import StageItem, StageStatus
from actors.errors import ActorError, BackendUnavailable, BadInput, SourceChanged
from actors.media import decoder
from actors.media.backend import PyAvDecode
from actors.media.options import DecodeOptions

ROOT = Path(__file__).resolve().parents[3]


def backend(**options: object) -> PyAvDecode:
    made = PyAvDecode(DecodeOptions(threads=1, **options))
    made.load()
    return made


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"new\nline.mp4", id="newline"),
        pytest.param("emoji \N{PILE OF POO}.mp4".encode(), id="emoji"),
        pytest.param(b"%s%n%d.mp4", id="percent"),
        pytest.param(b"-i.mp4", id="leading dash"),
        pytest.param(b"caf\xe9.mp4", id="no UTF-8"),
        pytest.param(b"http:x.mp4", id="looks like a URL"),
        pytest.param(b"concat:a|b.mp4", id="looks like a protocol"),
        pytest.param(b"a" * 251 + b".mp4", id="255 bytes"),
    ],
)
def test_names_never_reach_the_library(decode: PyAvDecode, clip: Path, tmp_path: Path, name: bytes) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)  # noqa: PTH118 - pathlib has no byte paths
    with open(path, "wb") as file:  # noqa: PTH123 - as above
        file.write(clip.read_bytes())
    assert decode.run([item(path)])[0].data.frames_decoded == 90


def test_identity_and_decode_share_one_descriptor(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip.read_bytes())
    made = backend()
    wanted = item(path)
    (identity,) = made.identify([wanted])
    assert identity.data.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
    # What takes the name now is another file; the one that was hashed is still decoded.
    path.rename(tmp_path / "moved.mp4")
    path.write_bytes(b"something else")
    assert made.run([wanted])[0].data.frames_decoded == 90
    with pytest.raises(SourceChanged):
        made.run([wanted])


def test_a_file_that_grows_under_the_decoder_is_not_described(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip.read_bytes())
    made = backend()
    decode_whole = decoder.decode

    def decode_while_growing(fd: int, *args: object, **kwargs: object) -> decoder.Decoded:
        with path.open("ab") as file:
            file.write(b"more")
        return decode_whole(fd, *args, **kwargs)

    monkeypatch.setattr(made, "_decode", decode_while_growing)
    with pytest.raises(SourceChanged):
        made.run([item(path)])


def test_no_descriptor_is_left_behind(decode: PyAvDecode, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no media here")
    decode.identify([item(clip)])
    decode.run([item(clip)])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        decode.identify([item(clip)])
        decode.run([item(clip)])
        refusal(decode, tmp_path / "text.mp4")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("options", "why"),
    [
        pytest.param({"max_streams": 1}, "absurd_header", id="streams"),
        pytest.param({"max_pixels": 1024}, "too_large", id="pixels"),
    ],
)
def test_limits_refuse(tmp_path: Path, clip: Path, options: dict[str, int], why: str) -> None:
    path = clip if "max_streams" in options else write(tmp_path / "v.mp4", Clip.steady([corners()] * 5))
    assert refusal(backend(**options), path) == why


def test_a_file_that_is_too_large_is_not_even_hashed(tmp_path: Path) -> None:
    path = tmp_path / "sparse.mp4"
    with path.open("wb") as file:
        file.truncate(2**43)
    made = backend(max_file_mib=1024)
    with pytest.raises(BadInput, match=r"8388608 MiB, more than media\.max_file_mib = 1024 allows") as refused:
        made.identify([item(path)])
    assert refused.value.reason == "file_too_large"


BOUNDED = """
import sys
from pathlib import Path
from media_clips import item
from actors.media.backend import PyAvDecode
from actors.media.options import DecodeOptions
from actors.pool.limits import limit_memory
made = PyAvDecode(DecodeOptions(threads=1, memory_mib=int(sys.argv[2])))
made.load()
limit_memory(made.options.memory_mib)
try:
    print(made.run([item(Path(sys.argv[1]))])[0].data.frames_decoded, end="")
except Exception as exc:
    print(exc.reason, exc, end="")
"""


@pytest.mark.parametrize(
    ("memory_mib", "said"),
    [(1024, "12"), (64, "memory_limit decoding asks for more memory than media.memory_mib = 64 allows")],
)
def test_what_decoding_may_not_have_rejects_the_file(tmp_path: Path, memory_mib: int, said: str) -> None:
    path = write(tmp_path / "v.mp4", Clip.steady([corners(size=(2048, 1152))] * 12))
    command = [sys.executable, "-c", BOUNDED, str(path), str(memory_mib)]
    paths = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": paths})
    assert ended.stdout == said


def test_a_picture_beyond_the_limit_leaves_the_sound(clip: Path) -> None:
    media = backend(max_pixels=1024).run([item(clip)])[0].data
    assert (media.has_video, media.has_audio, media.shots) == (False, True, ())
    assert "video_undecodable" in [w.code for w in media.warnings]


def test_long_pictures_are_cut_off(clip: Path) -> None:
    media = backend(max_media_s=2.0).run([item(clip)])[0].data
    assert "cut_off" in [w.code for w in media.warnings]
    assert media.duration_s == pytest.approx(2.0, abs=0.1)
    assert len(media.shots) == 2


def test_results_survive_json(decode: PyAvDecode, clip: Path) -> None:
    media = decode.run([item(clip)])[0].data
    assert type(media).model_validate_json(media.model_dump_json()) == media


def test_the_contract(clip: Path) -> None:
    made = PyAvDecode(DecodeOptions())
    with pytest.raises(BackendUnavailable):
        made.run([item(clip)])
    assert PyAvDecode.available() is None
    assert "pyav 18" in PyAvDecode.model_revision(DecodeOptions())
    assert "libavcodec" in PyAvDecode.model_revision(DecodeOptions())
    made.load()
    outcome = made.run([StageItem("v", source=source(clip), wants=EVERYTHING)])[0]
    assert outcome.status is StageStatus.DONE
    assert outcome.payloads.size_bytes > 0
    with pytest.raises(SourceChanged):
        made.run([replace(item(clip), source=replace(source(clip), size=1))])


def test_bad_input_is_told_from_a_bug() -> None:
    with pytest.raises(ValueError, match="needs a source"):
        backend().run([StageItem("v")])
    assert issubclass(BadInput, ActorError)
