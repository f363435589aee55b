"""Real Ray, real backends, one service: the sample is described while others crash and hang beside it.

The tests are the chapters of one life of one service, for Ray and the models take long to start: run them in order.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bad_files
import lures
import pytest
from processes import Home, Service, until

from actors.document import Document
from service.assets import demo_clip, demo_truth

pytestmark = [pytest.mark.real_ray, pytest.mark.timeout(400)]

TRUTH = json.loads(demo_truth().read_text(encoding="utf-8"))
WITHIN_S = 240.0
HANG_DEADLINE_S = 12.0
SETTINGS = {
    "REELWATCH_POOL__IDLE_STOP_S": "3.0",
    "REELWATCH_POOL__OBJECT_STORE_MIB": "300",
    "REELWATCH_MEDIA__MEMORY_MIB": "768",
    "REELWATCH_STAGES__CAPTIONS__DEADLINE_BASE_S": str(HANG_DEADLINE_S),
    "REELWATCH_STAGES__CAPTIONS__DEADLINE_PER_MEDIA_S": "0.1",
}


@dataclass
class Life:
    home: Home
    service: Service
    model: bytes

    def put(self, name: str) -> Path:
        path = self.home.inbox / name
        path.write_bytes(self.content(name))
        return path

    def content(self, name: str) -> bytes:
        return self.model + bad_files.box(b"free", name.encode())

    def document(self, name: str, *states: str) -> Document:
        job = self.home.until_state(self.home.inbox / f"{name}.mp4", *states, within_s=WITHIN_S)
        return self.home.document(job.document)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    home = Home(tmp_path_factory.mktemp("life"))
    model = bad_files.long_clip(home.path / "model.mp4").read_bytes()
    made = Life(home, service=None, model=model)
    ids = {name: hashlib.sha256(made.content(f"{name}.mp4")).hexdigest()[:16] for name in ("segfault", "hang")}
    trouble = {"TRIAL_SEGFAULT": f"objects:{ids['segfault']}", "TRIAL_HANG": f"captions:{ids['hang']}"}
    home.settings = SETTINGS | trouble
    for name in ("segfault", "hang", "innocent"):
        made.put(f"{name}.mp4")
    (home.inbox / "sample.mp4").write_bytes(demo_clip().read_bytes())
    lures.png_bomb(home.path / "bomb.mov").rename(home.inbox / "bomb.mov")
    script = Path(__file__).with_name("trial_service.py")
    process = subprocess.Popen(
        [sys.executable, script], env=home.environ, cwd=home.path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    made.service = Service(process)
    try:
        made.service.ready()
        yield made
        assert process.poll() is not None, "the last chapter ends the service"
    finally:
        if process.poll() is None:
            made.service.terminate(within_s=120)  # killed, it would leave Ray's processes behind
        made.service.kill()


def similar(one: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, one.casefold(), other.casefold()).ratio() >= 0.85


def test_the_sample_is_described_as_it_is(life: Life) -> None:
    document = life.document("sample", "done")
    assert document.status == "complete", document.processing.stages
    two_frames_s = 2 / TRUTH["frame_rate"]
    starts = [shot.start_s for shot in document.shots]
    assert starts == pytest.approx([shot["start_s"] for shot in TRUTH["shots"]], abs=two_frames_s)
    read = [overlay.text for overlay in document.text_overlays or ()]
    found = [any(similar(truth["text"], text) for text in read) for truth in TRUTH["texts"]]
    assert sum(found) >= len(found) - 1, read
    assert all(shot.captions and (life.home.output / shot.keyframe).is_file() for shot in document.shots)
    assert document.language == "en"


def test_its_words_are_those_that_are_spoken(life: Life) -> None:
    document = life.document("sample", "done")
    spoken = [word for sentence in TRUTH["speech"] for word in sentence["words"]]
    heard = [word.word.casefold().strip(".,") for word in document.transcript.words or ()]
    matched = sum(block.size for block in difflib.SequenceMatcher(None, spoken, heard).get_matching_blocks())
    assert matched >= len(spoken) / 2, heard
    assert all(0 <= word.start_s <= TRUTH["duration_s"] for word in document.transcript.words or ())


def test_others_finish_beside_a_crash_and_a_hang(life: Life) -> None:
    assert life.document("innocent", "done").status == "complete"


@pytest.mark.fault("an actor killed by one file")
def test_a_video_that_crashes_an_actor_is_parked_with_what_is_known(life: Life) -> None:
    document = life.document("segfault", "parked")
    stages = document.processing.stages
    assert (document.status, stages["objects"].status, len(document.shots)) == ("partial", "failed", 2)
    assert stages["ocr"].status == "done"
    died = life.service.named("actor.died")
    assert len(died) == 2, died
    assert life.service.named("job.parked", "segfault.mp4")


def test_a_bomb_is_refused_by_the_kernels_limit_and_kills_nobody(life: Life) -> None:
    job = life.home.until_state(life.home.inbox / "bomb.mov", "rejected", "failed", "parked", within_s=WITHIN_S)
    assert (job.state, job.reason) == ("rejected", "memory_limit")
    assert not [e for e in life.service.named("actor.died") if e["actor"] == "media"]


def test_a_video_that_hangs_an_actor_is_stopped_at_the_deadline(life: Life) -> None:
    document = life.document("hang", "parked")
    assert (document.status, document.processing.stages["captions"].status) == ("partial", "timed_out")
    killed = life.service.named("actor.killed")
    assert len(killed) == 2
    assert all("captions did not end within" in e["reason"] for e in killed), killed


@pytest.mark.fault("the kernel ends a model's process")
def test_a_process_that_the_kernel_ends_is_a_crash_of_that_actor_alone(life: Life) -> None:
    """SIGKILL is what the kernel's OOM killer sends; the video goes on with a new actor, and the service lives."""
    before = len(life.service.named("actor.died"))
    life.put("killed.mp4")
    life.service.until_event("job.claimed", "killed.mp4", within_s=WITHIN_S)
    # The pool may have been up, or have been started for this video.
    (decoder,) = until(lambda: _pids(life, "media"), "there is a decoder", within_s=WITHIN_S)
    os.kill(decoder, signal.SIGKILL)
    life.put("next.mp4")  # Ray tells of a death at the next call, and the video may have been decoded already
    life.service.until_event("actor.died", count=before + 1, within_s=WITHIN_S)
    assert {life.document(name, "done").status for name in ("killed", "next")} == {"complete"}
    assert life.service.process.poll() is None


def _pids(life: Life, actor: str) -> list[int]:
    told = [event["pid"] for event in life.service.named("actor.ready") if event["actor"] == actor]
    return [pid for pid in told if alive({pid})]


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}/stat").exists() and _state(pid) != "Z"}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def actor_pids(life: Life) -> set[int]:
    return {e["pid"] for e in life.service.named("actor.ready")}


def test_the_idle_pool_stops_and_comes_back_for_the_next_video(life: Life) -> None:
    life.service.until_event("pool.stopped", within_s=WITHIN_S)
    before = actor_pids(life)
    until(lambda: not alive(before), f"the actors' processes are gone: {before}")
    life.put("later.mp4")
    assert life.document("later", "done").status == "complete"
    assert actor_pids(life) - before


def test_sigterm_in_the_middle_of_work_loses_nothing(life: Life) -> None:
    names = [f"last{n}" for n in range(3)]
    for name in names:
        life.put(f"{name}.mp4")
    life.service.until_event("job.claimed", "last0.mp4", within_s=WITHIN_S)
    code, _ = life.service.terminate(within_s=120)
    assert code == 0, life.service.log()
    ended: dict[str, Any] = {job.path.decode(): job for job in life.home.jobs()}
    assert {job.state for job in ended.values()} <= {"done", "parked", "queued", "waiting", "rejected"}
    claimed = {e["path"] for e in life.service.named("job.claimed")} & {f"{name}.mp4" for name in names}
    assert {ended[path].state for path in claimed} <= {"done", "parked"}, "what was in work was finished"
    assert all((life.home.output / f"{job.document}.json").exists() for job in ended.values() if job.state == "done")
    until(lambda: not alive(actor_pids(life)), "no process is left behind")
    assert not life.service.named("log.unknown")
    assert os.fsencode(life.home.inbox / "last0.mp4") in {job.absolute_path for job in ended.values()}
