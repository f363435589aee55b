"""status, why, config, schema, doctor: what they tell."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import tomli

from service.ledger.states import State

SHA = "a" * 64


def test_status_tells_states_and_reasons(home: Any) -> None:
    ledger = home.open()
    home.describe("done.mp4")
    home.wait("wait.mp4", State.WAITING, "quiet", "the file changed a moment ago")
    failed = home.work("bad\n.mp4", sha256="b" * 64)
    ledger.fail(failed.job_id, reason="transient", detail="the disk hummed")
    result = home.run("status")
    assert result.exit_code == 0
    assert "not running" in result.stdout
    assert "documents  1" in result.stdout
    assert "1 made under other settings" in result.stdout
    assert f"{home.inbox}/bad\\n.mp4: the disk hummed" in result.stdout
    assert "wait.mp4: the file changed a moment ago" in result.stdout


def test_status_as_json(home: Any) -> None:
    ledger = home.open()
    home.describe("done.mp4")
    failed = home.work("bad.mp4", sha256="b" * 64)
    ledger.fail(failed.job_id, reason="transient", detail="the disk hummed")
    report = json.loads(home.run("status", "--json").stdout)
    assert report["states"] == {"done": 1, "failed": 1}
    assert report["documents"] == report["documents_under_other_settings"] == 1
    (job,) = report["jobs"]
    assert (job["path"], job["reason"], job["attempts"]) == (str(home.inbox / "bad.mp4"), "transient", 1)


def test_status_names_the_running_service(home: Any) -> None:
    home.open()
    (home.path / "state" / "lock").write_text(str(os.getpid()))
    assert f"running (process {os.getpid()})" in home.run("status").stdout


def test_why_done(home: Any) -> None:
    home.open()
    home.describe("clip.mp4")
    result = home.run("why", "inbox/clip.mp4")
    assert result.exit_code == 0
    assert "done: described" in result.stdout
    assert f"document: {home.output}/clip.json\n" in result.stdout


def test_why_tells_of_a_deleted_document(home: Any) -> None:
    home.open()
    home.describe("clip.mp4", write=False)
    assert "deleted since; `reelwatch reprocess`" in home.run("why", "inbox/clip.mp4").stdout


def test_why_duplicate(home: Any) -> None:
    home.open()
    home.describe("first.mp4", sha256=SHA)
    home.work("second.mp4", sha256=SHA)
    second, first = home.run("why", "inbox/second.mp4").stdout, home.run("why", "inbox/first.mp4").stdout
    assert f"the same content as {home.inbox}/first.mp4" in second
    assert "its document: " in second
    assert f"the same content is also at {home.inbox}/second.mp4" in first


def test_why_waiting_names_the_gate(home: Any) -> None:
    home.open()
    home.wait("clip.mp4", State.WAITING, "writer", "a process has the file open for writing")
    assert (
        "waiting: not taken yet (a process has the file open for writing)" in home.run("why", "inbox/clip.mp4").stdout
    )


UNKNOWN = {
    "outside": ("elsewhere.mp4", "outside every inbox"),
    "output": ("output/x.mp4", "which is never looked at"),
    "hidden": ("inbox/.x.mp4", "its name is hidden"),
    "unfinished": ("inbox/x.mp4.part", "unfinished files"),
    "another ending": ("inbox/x.gif", "ends in none of .mp4"),
    "sidecar": ("inbox/x.info.json", "is read as its description"),
    "pruned folder": ("inbox/@eaDir/x.mp4", "folders named @eaDir are never entered"),
    "missing": ("inbox/none.mp4", "there is no such file"),
    "link": ("inbox/link.mp4", "symbolic link"),
    "folder": ("inbox/folder.mp4", "it is a folder"),
    "not seen": ("inbox/new.mp4", "not seen yet; no service is running"),
}


THERE = {path for path, _ in UNKNOWN.values()} - {"inbox/none.mp4", "inbox/link.mp4", "inbox/folder.mp4"}


@pytest.mark.parametrize("with_ledger", [True, False], ids=["ledger", "no ledger"])
@pytest.mark.parametrize(("path", "reason"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_why_unknown(home: Any, path: str, reason: str, with_ledger: bool) -> None:  # noqa: FBT001 - a table
    if with_ledger:
        home.open()
    for name in THERE:
        (home.path / name).parent.mkdir(exist_ok=True)
        (home.path / name).touch()
    (home.inbox / "link.mp4").symlink_to("new.mp4")
    (home.inbox / "folder.mp4").mkdir()
    result = home.run("why", path)
    assert (result.exit_code, reason in result.stdout) == (1, True), result.stdout


def test_config_show_is_a_settings_file_that_gives_the_same(home: Any) -> None:
    shown = home.run("config", "show").stdout
    assert "sweep_s = 20.0  # default" in shown
    assert f'dir = "{home.path}/state"  # $REELWATCH_STATE__DIR' in shown
    again = home.path / "again.toml"
    again.write_text(shown)
    assert tomli.loads(shown)["output"]["file_mode"] == "0644"
    for name in ("REELWATCH_STATE__DIR", "REELWATCH_OUTPUT__DIR", "REELWATCH_INTAKE__INBOXES"):
        home.monkeypatch.delenv(name)
    values = [line.partition("  #")[0] for line in shown.splitlines()]
    reread = home.run("config", "show", "--config", again).stdout
    assert [line.partition("  #")[0] for line in reread.splitlines()] == values


def test_config_check_tells_each_stage(home: Any) -> None:
    result = home.run("config", "check")
    assert result.exit_code == 0
    assert "decode       decode.pyav" in result.stdout
    assert "diarization  disabled: the profile does not ask for it" in result.stdout


def test_config_check_refuses_what_could_not_start(home: Any) -> None:
    home.monkeypatch.setenv("REELWATCH_STAGES__OCR__OPTIONS__COLOUR", "1")
    result = home.run("config", "check")
    assert (result.exit_code, "colour" in result.stderr) == (78, True)


def test_schema_is_one(home: Any) -> None:
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(json.loads(home.run("schema").stdout))


def test_doctor_finds_what_is_here(home: Any) -> None:
    found = json.loads(home.run("doctor", "--json").stdout)
    topics = {topic: {f["name"]: f for f in findings} for topic, findings in found["topics"].items()}
    assert topics["stages"]["diarization"]["value"].startswith("disabled")
    assert topics["opencv"]["distributions"]["verdict"] == "good"
    assert topics["disk"]["ledger file system"]["verdict"] == "good"
    assert topics["packages"]["ray"]["value"]
    assert set(topics["watching"]) >= {"fs.inotify.max_user_watches", f"inbox {home.inbox}"}


def test_doctor_says_what_to_mend(home: Any) -> None:
    home.monkeypatch.setenv("REELWATCH_STAGES__ASR__BACKENDS", '["asr.missing"]')
    home.monkeypatch.setenv("REELWATCH_DISK__LOW_WATER_MIB", "1000000000")
    home.inbox.rmdir()
    result = home.run("doctor")
    assert result.exit_code == 1
    assert "BAD  asr: unavailable" in result.stdout
    assert "work pauses below disk.low_water_mib" in result.stdout
    assert f"create it (mkdir -p {home.inbox})" in result.stdout


@pytest.mark.parametrize(
    ("versions", "verdict", "remedy"),
    [
        pytest.param(("5.0", "4.10"), "bad", "pip uninstall opencv-python-headless opencv-contrib-python", id="differ"),
        pytest.param(("4.10", "4.10"), "good", "", id="the same version: the models extra brings it"),
    ],
)
def test_opencv_distributions_have_to_agree(home: Any, versions: tuple[str, str], verdict: str, remedy: str) -> None:
    from service import diagnosis

    both = dict(zip(("opencv-contrib-python", "opencv-python-headless"), versions, strict=True))
    home.monkeypatch.setattr(diagnosis, "version_of", both.get)
    (finding,) = [found for found in diagnosis._opencv() if found.name == "distributions"]
    assert finding.verdict == verdict
    assert remedy in (finding.remedy or "")


def test_inotify_limits_that_cannot_be_read_are_no_fault(home: Any, tmp_path: Path) -> None:
    from service import diagnosis

    home.monkeypatch.setattr(diagnosis, "_INOTIFY", tmp_path / "hidden")
    assert {found.verdict for found in diagnosis._watching(())} == {"note"}
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "max_user_watches").write_text("100\n")
    low = next(iter(diagnosis._watching(())))
    assert (low.verdict, low.remedy.startswith("sysctl fs.inotify.max_user_watches=8192")) == ("note", True)
