"""Files made to harm: they reach nothing outside themselves, and cost the service no more than their own document."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bad_files
import lures
import pytest
from fuzz_rounds import SETTINGS, hasty_service
from media_clips import item, refusal
from processes import Home, Service

from actors.media.backend import PyAvDecode
from actors.media.options import DecodeOptions

pytestmark = pytest.mark.timeout(300)

LIMITS = {
    "REELWATCH_MEDIA__FRAMES_MIB": "8",
    "REELWATCH_MEDIA__MEMORY_MIB": "528",
    "REELWATCH_MEDIA__MAX_STREAMS": "40",
    "REELWATCH_MEDIA__MAX_FILE_MIB": "1024",
    "REELWATCH_OUTPUT__FILE_MODE": '"0640"',
}


@dataclass
class Siege:
    """A service that was given everything here at once, under a umask that hides nothing."""

    home: Home
    service: Service
    canary: lures.Canary
    before: dict[Path, bytes]
    opened: int
    """An inotify descriptor that tells when anything in the canary's folder is opened."""

    def end(self, name: str) -> tuple[str, str | None]:
        ends = ("done", "rejected", "failed", "parked")
        job = self.home.until_state(self.home.inbox / name, *ends, within_s=120)
        return str(job.state), job.reason


def trouble(home: Home, model: bytes, elsewhere: Path) -> None:
    """Put bombs into the inbox, and sidecars that lead away."""
    lures.png_bomb(elsewhere / "bomb.mov").rename(home.inbox / "bomb.mov")
    lures.many_streams(elsewhere / "streams.mkv").rename(home.inbox / "streams.mkv")
    with (home.inbox / ".sparse").open("wb") as sparse:
        sparse.write(model)
        sparse.truncate(2**40)
    (home.inbox / ".sparse").rename(home.inbox / "sparse.mp4")
    said = {"id": "../../../../tmp/x", "title": "../" * 40, "_filename": "/etc/passwd", "filename": "/etc/x.mp4"}
    (home.inbox / "away.info.json").write_text(json.dumps(said))
    (home.inbox / "away.txt").symlink_to(elsewhere / "secret.txt")
    (home.inbox / "deep.json").write_text("[" * 200_000)
    (home.inbox / "large.json").write_text(json.dumps({"caption": "x" * 8_000_000}))
    (home.output / "planted").symlink_to(elsewhere)
    (home.inbox / "planted").mkdir()
    for name in ("away", "deep", "large", "planted/clip"):
        bad_files.copies(model, os.fsencode(home.inbox / f"{name}.mp4"))


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    home = Home(tmp_path_factory.mktemp("siege"), SETTINGS | LIMITS)
    canary = lures.Canary(home.path / "elsewhere")
    canary.make()
    model = bad_files.clip(home.path / "model.mp4").read_bytes()
    umask = os.umask(0)
    try:
        with canary.listening(), hasty_service(home) as serving:
            serving.ready()
            for name, content in lures.lures(canary, model).items():
                (home.inbox / name).write_bytes(content)
            trouble(home, model, canary.folder)
            yield Siege(home, serving, canary, files(canary.folder), lures.opens(canary.folder))
    finally:
        os.umask(umask)


ENDS = {
    "hls-file.mp4": ("rejected", "not_video"),
    "hls-url.mp4": ("rejected", "not_video"),
    "hls-protocol.ts": ("rejected", "not_video"),
    "hls-subfile.mkv": ("rejected", "not_video"),
    "hls-data.webm": ("rejected", "not_video"),
    "ffconcat.mp4": ("rejected", "not_video"),
    "ffconcat-url.avi": ("rejected", "not_video"),
    "dash.mp4": ("rejected", "not_video"),
    "sdp.mp4": ("rejected", "not_video"),
    "asx.avi": ("rejected", "not_video"),
    "rtsp.mov": ("rejected", "not_video"),
    "reference.mov": ("rejected", "no_streams"),
    "elsewhere.mp4": ("done", None),  # of its own bytes
    "elsewhere-url.mp4": ("done", None),
    "bomb.mov": ("rejected", "memory_limit"),
    "streams.mkv": ("done", None),  # of the first of them
    "sparse.mp4": ("rejected", "file_too_large"),
    "away.mp4": ("done", None),
    "deep.mp4": ("done", None),
    "large.mp4": ("done", None),
    "planted/clip.mp4": ("failed", "output_blocked"),
}


@pytest.mark.parametrize(("name", "end"), ENDS.items(), ids=ENDS)
def test_each_ends_in_a_named_state(siege: Siege, name: str, end: tuple[str, str | None]) -> None:
    assert siege.end(name) == end


def test_no_file_leads_to_another_one_or_to_a_server(siege: Siege) -> None:
    for name in ENDS:
        siege.end(name)
    assert siege.canary.calls == []
    with pytest.raises(BlockingIOError):
        os.read(siege.opened, 1)  # nobody has opened anything there
    assert files(siege.canary.folder) == siege.before
    written = b"".join(path.read_bytes() for path in siege.home.output.rglob("*.json"))
    assert b"away.mp4" in written
    assert lures.SECRET not in written


def test_the_decoder_alone_would_follow_none_of_them_either(tmp_path: Path) -> None:
    """Most never come to it, for intake knows a text; what intake lets through one day must not lead away either."""
    canary = lures.Canary(tmp_path / "elsewhere")
    canary.make()
    model, decoder = bad_files.clip(tmp_path / "model.mp4").read_bytes(), PyAvDecode(DecodeOptions())
    decoder.load()
    with canary.listening():
        opened = lures.opens(canary.folder)
        for name, content in lures.lures(canary, model).items():
            (tmp_path / name).write_bytes(content)
            if name.startswith("elsewhere"):
                assert decoder.run([item(tmp_path / name)])[0].data.frames_decoded == 8, "its own"
            else:
                assert refusal(decoder, tmp_path / name) in {"not_media", "no_streams"}, name
        with pytest.raises(BlockingIOError):
            os.read(opened, 1)
    assert canary.calls == []


def test_what_a_sidecar_says_about_paths_moves_nothing(siege: Siege) -> None:
    siege.end("away.mp4")
    document = siege.home.document("away")
    assert document.source.platform_id == "../../../../tmp/x"
    assert [shot.keyframe for shot in document.shots] == ["away/frames/away_s001.jpg"]
    assert {path.name for path in siege.home.path.iterdir()} == {"in", "out", "state", "elsewhere", "model.mp4"}


@pytest.mark.parametrize("name", ["deep", "large"])
def test_a_sidecar_that_cannot_be_read_is_a_warning(siege: Siege, name: str) -> None:
    siege.end(f"{name}.mp4")
    assert [warning.code for warning in siege.home.document(name).processing.warnings] == ["sidecar_unreadable"]


def test_outputs_have_the_mode_that_is_set_and_the_state_is_private(siege: Siege) -> None:
    siege.end("away.mp4")
    out, state = siege.home.output, siege.home.path / "state"
    made = [out / "away.json", *(out / "away").rglob("*"), out / "away"]
    kinds = {stat.S_IFMT(path.stat().st_mode): stat.S_IMODE(path.stat().st_mode) for path in made}
    assert kinds == {stat.S_IFREG: 0o640, stat.S_IFDIR: 0o750}
    assert stat.S_IMODE(out.stat().st_mode) == 0o750
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in [state, *state.iterdir()]} == {0}


def test_a_decoder_that_hangs_or_dies_takes_nothing_along(tmp_path: Path) -> None:
    """The small pool's decoder is a process as well: it is ended at its deadline, and others follow it."""
    limits = {
        "REELWATCH_STAGES__DECODE__DEADLINE_BASE_S": "5.0",
        "REELWATCH_STAGES__DECODE__DEADLINE_PER_MEDIA_S": "1.0",
    }
    home = Home(tmp_path, SETTINGS | limits)
    model = bad_files.clip(home.path / "model.mp4").read_bytes()
    with hasty_service(home, "--troubled") as serving:
        serving.ready()
        for name in ("hang", "crash", "innocent"):
            bad_files.copies(model, os.fsencode(home.inbox / f"{name}.mp4"))
        home.until_state(home.inbox / "innocent.mp4", "done", within_s=120)
        parked = {
            name: home.until_state(home.inbox / f"{name}.mp4", "parked", within_s=120) for name in ("hang", "crash")
        }
        assert {job.reason for job in parked.values()} == {"died_twice"}
        assert "decode did not end within its 5 s" in (parked["hang"].detail or "")
        assert "its process was ended by SIGSEGV" in (parked["crash"].detail or "")
        bad_files.copies(model, os.fsencode(home.inbox / "later.mp4"))
        home.until_state(home.inbox / "later.mp4", "done", within_s=120)
        assert serving.terminate()[0] == 0


def test_the_service_lives_and_ends_in_order(siege: Siege) -> None:
    for name in ENDS:
        siege.end(name)
    died = siege.service.named("actor.died") + siege.service.named("actor.killed")
    assert [event for event in died if "recycled" not in event["reason"]] == [], "limits are met without a death"
    assert siege.service.terminate()[0] == 0
    assert siege.service.other_lines == []
