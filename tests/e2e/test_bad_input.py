"""Every kind of bad or odd file, by the real command line: a clear state, a reason, an untouched source, no victims."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import bad_files
import pytest
from processes import WITHOUT_MODELS, Home, log_event, obey_permissions, until

from service.ledger.values import Job
from service.logs.names import readable


@dataclass(frozen=True, repr=False)
class Ended:
    """How one command ended for a folder of files."""

    home: Home
    code: int
    stdout: bytes
    stderr: bytes
    jobs: dict[bytes, Job]
    before: dict[bytes, tuple[int, int, str]]

    def events(self, name: bytes) -> list[dict[str, Any]]:
        """What the log says of a file: by its path in the folder, or by its whole path when it never was a job."""
        spelt = {readable(name), readable(os.fsencode(self.home.inbox) + b"/" + name)}
        found = [log_event(line) for line in self.stderr.splitlines()]
        return [event for event in found if event is not None and event.get("path") in spelt]

    def document(self, name: bytes) -> Any:
        job = self.jobs[name]
        return None if job.document is None else self.home.document(job.document)


def fingerprints(folder: Path) -> dict[bytes, tuple[int, int, str]]:
    """Time of change, permissions and content of every file below a folder."""
    found = {}
    for root, _, names in os.walk(os.fsencode(folder)):
        for name in names:
            path = os.path.join(root, name)  # noqa: PTH118 - names that are not UTF-8
            seen = os.stat(path)  # noqa: PTH116 - as above
            with open(path, "rb") as file:  # noqa: PTH123 - as above
                found[path] = (seen.st_mtime_ns, seen.st_mode, hashlib.sha256(file.read()).hexdigest())
    return found


def processed(home: Home, *arguments: str | bytes | Path) -> Ended:
    """Run `process` on the inbox."""
    unreadable = [path for path in home.inbox.rglob("unreadable.*") if path.is_file()]
    for path in unreadable:
        path.chmod(0o400)
    before = fingerprints(home.inbox)
    for path in unreadable:
        path.chmod(0)
    ended = home.run("process", "-v", home.inbox, *arguments, preexec_fn=obey_permissions)
    for path in unreadable:
        path.chmod(0o400)
    jobs = {job.absolute_path.removeprefix(os.fsencode(home.inbox) + b"/"): job for job in home.jobs()}
    return Ended(home, ended.returncode, ended.stdout, ended.stderr, jobs, before)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The files made here, in one command, beside a good one."""
    home = Home(tmp_path_factory.mktemp("bad"), WITHOUT_MODELS)
    bad_files.make(home.inbox)
    return processed(home)


Facts = dict[str, Any]


def facts(document: Any, wanted: Facts) -> Facts:
    """The document's values at dotted names; `shots` counts them and `warnings` names their codes."""
    own = {
        "shots": len(document.shots),
        "warnings": [warning.code for warning in document.processing.warnings],
    }
    return {name: own[name] if name in own else reduce(getattr, name.split("."), document) for name in wanted}


def about(low: float, high: float) -> Any:
    return pytest.approx((low + high) / 2, abs=(high - low) / 2)


PICTURE = {"media.has_video": True, "media.has_audio": False, "media.width": 96, "media.height": 64, "shots": 1}
PLAIN = {**PICTURE, "status": "complete", "warnings": [], "media.rotation": 0, "media.mirrored": False}

DESCRIBED: dict[str, tuple[bytes, Facts]] = {
    "good": (b"good.mp4", {**PLAIN, "filename": "good.mp4", "duration_s": about(0.31, 0.33)}),
    "cut mp4 with its index": (
        b"half.mp4",
        {"media.has_video": True, "duration_s": about(0.3, 1.9), "warnings": ["broken_packets"]},
    ),
    "cut fragmented mp4": (b"half-fragments.mp4", {"media.has_video": True, "duration_s": about(0.3, 1.9)}),
    "cut mkv": (b"half.mkv", {"media.has_video": True, "duration_s": about(0.3, 1.9)}),
    "cut ts": (b"half.ts", {"media.has_video": True, "duration_s": about(0.3, 1.9)}),
    "no sound": (b"silent.mp4", PLAIN),
    "sound only": (
        b"sound-only.mp4",
        {"media.has_video": False, "media.has_audio": True, "shots": 0, "duration_s": about(0.95, 1.1)},
    ),
    "one frame": (b"one-frame.mp4", {"shots": 1, "media.width": 160, "status": "complete"}),
    "10 bits and HDR": (b"ten-bit.mkv", {**PLAIN, "media.hdr": True, "media.pixel_format": "yuv420p10le"}),
    "rotated": (b"rotated.mp4", {"media.width": 64, "media.height": 96, "media.rotation": 90, "media.mirrored": False}),
    "mirrored": (b"mirrored.mp4", {**PLAIN, "media.mirrored": True}),
    "pixels that are not square": (b"wide-pixels.mp4", {"media.width": 192, "media.height": 64}),
    "variable frame rate": (b"variable.mp4", {**PLAIN, "media.variable_frame_rate": True}),
    "a header that claims days": (b"days.mp4", {**PICTURE, "duration_s": about(0.3, 0.4)}),
    "newline in its name": (b"new\nline.mp4", {**PLAIN, "filename": "new\nline.mp4"}),
    "emoji in its name": ("snö🎬.mp4".encode(), {**PLAIN, "filename": "snö🎬.mp4"}),
    "format string as its name": (b"%s%n%d.mp4", {**PLAIN, "filename": "%s%n%d.mp4"}),
    "leading dash": (b"-dash.mp4", {**PLAIN, "filename": "-dash.mp4"}),
    "name that is not UTF-8": (b"caf\xe9.mp4", {**PLAIN, "filename": "caf\\xe9.mp4"}),
    "name of 255 bytes": (bad_files.LONG_NAME, {**PLAIN, "filename": bad_files.LONG_NAME.decode()}),
    "in a directory named like a video": (b"x.mp4/inside.mp4", {**PLAIN, "source.relative_path": "x.mp4/inside.mp4"}),
    "one name in one folder": (b"one/same.mp4", {**PLAIN, "source.relative_path": "one/same.mp4"}),
    "the same name in another": (b"two/same.mp4", {**PLAIN, "source.relative_path": "two/same.mp4"}),
    "one stem": (b"pair.mp4", {**PLAIN, "media.container": "mp4"}),
    "the same stem with another ending": (b"pair.mkv", {**PICTURE, "media.container": "matroska"}),
    "the same stem in another case": (b"Pair.mp4", PLAIN),
}


@pytest.mark.parametrize(("name", "wanted"), DESCRIBED.values(), ids=DESCRIBED.keys())
def test_what_can_be_decoded_is_described(made: Ended, name: bytes, wanted: Facts) -> None:
    assert (made.jobs[name].state, made.jobs[name].attempts) == ("done", 1)
    document = made.document(name)
    assert facts(document, wanted) == wanted
    (done,) = [event for event in made.events(name) if event["event"] == "job.done"]
    assert (done["status"], done["document"]) == (document.status, f"{made.jobs[name].document}.json")
    assert os.fsencode(made.home.output / done["document"]) in made.stdout


REFUSED: dict[str, tuple[bytes, str | None, str, str]] = {
    "text": (b"text.mp4", "rejected", "job.rejected", "not_media"),
    "cut mp4 without its index": (b"no-index.mp4", "rejected", "job.rejected", "undecodable"),
    "no bytes": (b"empty.mp4", None, "file.rejected", "empty"),
    "unreadable": (b"unreadable.mp4", None, "file.blocked", "unreadable"),
}


@pytest.mark.parametrize(("name", "state", "event", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_has_a_reason(made: Ended, name: bytes, state: str | None, event: str, reason: str) -> None:
    job = made.jobs.get(name)
    assert (job and job.state) == state
    told = [e for e in made.events(name) if e["event"] == event]
    assert [e["reason"] for e in told] == [reason]
    # To a person: the same, in a sentence.
    assert f"{name.decode()}: no document: {state or 'refused'}: {told[0]['detail']}".encode() in made.stderr
    assert len(told[0]["detail"].split()) > 2
    assert not (made.home.output / f"{name.decode().removesuffix('.mp4')}.json").exists()


def test_no_two_documents_share_a_name(made: Ended) -> None:
    names = {name: made.jobs[name].document for name in (b"pair.mp4", b"pair.mkv", b"Pair.mp4")}
    assert len({str(document).casefold() for document in names.values()}) == 3
    first, *others = sorted((str(document) for document in names.values()), key=len)
    assert first.casefold() == "pair"
    assert all(len(name.rpartition("-")[2]) == 8 for name in others)
    assert (made.jobs[b"one/same.mp4"].document, made.jobs[b"two/same.mp4"].document) == ("one/same", "two/same")


def test_the_same_bytes_twice_are_one_document_that_names_both(made: Ended) -> None:
    twins = {made.jobs[name].state: name for name in (b"twin-a.mp4", b"twin-b.mp4")}
    assert set(twins) == {"done", "duplicate"}
    (other,) = made.document(twins["done"]).source.also_at
    assert other.endswith(twins["duplicate"].decode())
    assert [e["event"] for e in made.events(twins["duplicate"])][-1] == "file.duplicate"


def test_the_command_says_by_its_code_that_some_have_no_document(made: Ended) -> None:
    assert made.code == 1, made.stderr[-3000:]
    assert b"Traceback" not in made.stderr
    documents = {line for line in made.stdout.splitlines() if line}
    assert len(documents) == len(DESCRIBED) + 1  # the twins share one


def test_nothing_of_the_users_was_touched(made: Ended) -> None:
    assert fingerprints(made.home.inbox) | _readable_only(made) == made.before


def _readable_only(made: Ended) -> dict[bytes, tuple[int, int, str]]:
    """Permissions of the unreadable file are put back by the test, not by the product."""
    return {path: seen for path, seen in made.before.items() if path.endswith(b"/unreadable.mp4")}


def test_status_lists_what_has_no_document_with_its_reason(made: Ended) -> None:
    report = made.home.status()
    assert report["states"] == {"done": len(DESCRIBED) + 1, "duplicate": 1, "rejected": 2}
    assert report["documents"] == len(DESCRIBED) + 1
    reasons = {Path(entry["path"]).name: (entry["state"], entry["reason"]) for entry in report["jobs"]}
    assert reasons == {"text.mp4": ("rejected", "not_media"), "no-index.mp4": ("rejected", "undecodable")}


WHY = {
    "rejected": (b"text.mp4", 0, "rejected: no video"),
    "odd name": (b"caf\xe9.mp4", 0, "caf\\xe9.mp4"),
    "directory": (b"x.mp4", 1, "it is a folder"),
}


@pytest.mark.parametrize(("name", "code", "said"), WHY.values(), ids=WHY.keys())
def test_why_says_so_of_one_file(made: Ended, name: bytes, code: int, said: str) -> None:
    ended = made.home.run("why", os.fsencode(made.home.inbox) + b"/" + name)
    assert (ended.returncode, said in ended.stdout.decode()) == (code, True), ended.stdout


@pytest.fixture(scope="module")
def real(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Real odd files, in one command."""
    home = Home(tmp_path_factory.mktemp("real"), WITHOUT_MODELS)
    for name in REAL:
        shutil.copy(corpus / "odd" / name, home.inbox)
    return processed(home, *(home.inbox / name for name in REAL))


# name: (reason) of a rejected one, or facts of a described one
REAL: dict[str, str | Facts] = {
    "-video-with-dash-.mp4": {"media.width": 1, "media.height": 1},
    "zero_bytes.webm": "empty",
    "mp4ff_init_only.mp4": "undecodable",
    "mp4parse_short-cenc.mp4": "encrypted",
    "mutagen_truncated-64bit.mp4": "undecodable",
    "mmocr_broken.jpg": "not_media",
    "ax_audio_only.mp4": {"media.has_video": False, "shots": 0},
    "ax_video_only.mp4": {"media.has_audio": False, "media.width": 1080, "media.height": 720},
    "mp4parse_hevc_white_frame.mp4": {"shots": 1, "media.width": 640},
    "ax_fragmented.mp4": {"duration_s": about(0.9, 1.2)},
    "mp4ff_huge_start_time.mp4": {"duration_s": about(1.0, 10.0), "warnings": ["shorter_than_claimed"]},
    "ax_dolbyvision.MOV": {"media.hdr": True, "media.width": 720, "media.height": 1280, "media.rotation": 90},
    "torchcodec_h265_10bits.mp4": {"media.pixel_format": "yuv420p10le", "media.hdr": False},
    "ax_rotate_and_reflect.mp4": {"media.mirrored": True, "media.width": 720, "media.height": 1080},
    "vfr_webcam_count_fingers.mp4": {"media.variable_frame_rate": True, "duration_s": about(24.0, 25.0)},
    "decord_corrupted.mp4": {"media.width": 1280, "warnings": ["broken_packets"]},
    "ax_missing_stsd.mp4": {"media.has_audio": False, "warnings": ["audio_undecodable"]},
    "ax_h264_mpegaudio.ts": {"media.container": "mpegts", "media.has_audio": True},
}


@pytest.mark.corpus
@pytest.mark.parametrize("name", REAL)
def test_real_odd_files(real: Ended, name: str) -> None:
    expected, job = REAL[name], real.jobs.get(os.fsencode(name))
    if isinstance(expected, dict):
        assert job is not None
        assert job.state == "done"
        assert facts(real.document(os.fsencode(name)), expected) == expected
    else:
        ends = [e for e in real.events(os.fsencode(name)) if e["event"] in {"job.rejected", "file.rejected"}]
        assert [e["reason"] for e in ends] == [expected]
        assert job is None or (job.state, job.reason, job.document) == ("rejected", expected, None)


@pytest.mark.corpus
def test_real_files_are_left_as_they_were(real: Ended) -> None:
    assert (real.code, fingerprints(real.home.inbox)) == (1, real.before)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "out"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave not one free block."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError:
            return filler
    return filler


def test_a_full_disk_pauses_the_work_and_costs_no_attempt(tmp_path: Path, small_disk: Path) -> None:
    home = Home(tmp_path, WITHOUT_MODELS)
    sources = [bad_files.clip(home.inbox / "a.mp4"), bad_files.long_clip(home.inbox / "b.mp4")]
    before, filler = fingerprints(home.inbox), fill(small_disk)
    with home.service() as serving:
        paused = serving.until_event("work.paused")
        assert (paused["reason"], "free space" in paused["remedy"]) == ("disk_full", True)
        assert [path.name for path in small_disk.rglob("*") if path.is_file()] == ["filler"]
        assert {until(lambda s=s: home.job(s), "seen").state for s in sources} <= {"queued", "running", "waiting"}
        filler.unlink()
        for source in sources:
            home.until_state(source, "done")
        assert serving.named("work.resumed")
    assert {job.attempts for job in home.jobs()} == {1}
    assert [home.document(name).status for name in "ab"] == ["complete", "complete"]
    assert fingerprints(home.inbox) == before


WAITS = {
    "no bytes": ("empty.mp4", "waiting", "empty"),
    "without its index": ("no-index.mp4", "incomplete", "past_end"),
    "unreadable": ("unreadable.mp4", "blocked", "permission"),
    "text": ("text.mp4", "rejected", "not_video"),
}


@pytest.mark.fault("unreadable")
def test_the_service_says_what_it_waits_for_and_goes_on(tmp_path: Path) -> None:
    home = Home(tmp_path, WITHOUT_MODELS)
    (home.inbox / "folder.mp4").mkdir()
    good = bad_files.clip(home.inbox / "good.mp4")
    bad_files._broken(home.inbox)
    shutil.copy(good, home.inbox / "unreadable.mp4")
    (home.inbox / "unreadable.mp4").chmod(0)
    with home.service(preexec_fn=obey_permissions) as serving:
        serving.ready()
        for name, state, reason in WAITS.values():
            assert home.until_state(home.inbox / name, state).reason == reason
        home.until_state(good, "done")
        report = home.status()
        listed = {Path(entry["path"]).name: (entry["state"], entry["reason"]) for entry in report["jobs"]}
        assert {name: listed[name] for name, *_ in WAITS.values()} == {n: (s, r) for n, s, r in WAITS.values()}
        assert "folder.mp4" not in json.dumps(report)
