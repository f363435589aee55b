"""status, why, config, schema, doctor: what they tell."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tomli

from service.cli import vitals
from service.ledger.states import State
from service.ledger.values import WorkPause
from service.logs.vocabulary import EVENTS

SHA = "a" * 64
PROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"


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
    shown = home.run("status").stdout
    assert f"running (process {os.getpid()})" in shown
    assert "MiB of memory" in shown


def test_a_service_of_another_host_is_not_said_to_be_down(home: Any) -> None:
    ledger = home.start()
    ledger.note_start(replace(ledger.service_start(), host="studio", state_id="f" * 32))
    failed = home.work("bad.mp4", sha256="b" * 64)
    ledger.fail(failed.job_id, reason="transient", detail="the disk hummed")
    shown = home.run("status").stdout
    assert "not to be seen from here: the service behind this ledger works on studio" in shown
    assert "not running" not in shown
    asked = home.run("retry", "--all").stderr
    assert "works on studio" in asked
    assert "it will work on them" in asked


def test_status_tells_the_figures_of_the_heartbeat_that_it_can_take(home: Any) -> None:
    home.open()
    home.wait("wait.mp4", State.WAITING, "quiet", "the file changed a moment ago")
    found = json.loads(home.run("status", "--json").stdout)["vitals"]
    assert found.keys() - {"low_water_mib"} <= EVENTS["heartbeat"].fields
    assert 0 <= found["oldest_settling_s"] < 60
    assert found["ledger_mib"] > 0
    assert found["state_free_mib"] > 0
    # No service runs, nothing is queued or done, and there is no output yet: unknown is not 0.
    unknown = ("resident_mib", "children_resident_mib", "oldest_queued_s", "last_done_s", "output_free_mib")
    assert {found[name] for name in unknown} == {None}
    assert "free       " in home.run("status").stdout


AGES = {0.4: "0 s", 119.0: "119 s", 120.0: "2 min", 7_199.0: "120 min", 7_200.0: "2 h", 200_000.0: "2 days"}


@pytest.mark.parametrize(("seconds", "spoken"), AGES.items())
def test_ages_are_spoken(seconds: float, spoken: str) -> None:
    none = dict.fromkeys(
        ("resident_mib", "children_resident_mib", "output_free_mib", "state_free_mib", "oldest_settling_s")
    )
    (line,) = vitals.lines(none | {"oldest_queued_s": seconds, "low_water_mib": 512})
    assert line.endswith(f"is queued has waited {spoken}")


PAUSE = WorkPause("disk_full", b"/proc", 512)


def test_status_and_why_say_that_work_is_paused(home: Any) -> None:
    ledger = home.start(running=True)
    home.settle("clip.mp4")
    ledger.note_pause(PAUSE)
    shown, told = home.run("status").stdout, home.run("why", "inbox/clip.mp4").stdout
    report = json.loads(home.run("status", "--json").stdout)["paused"]
    for said in (shown, told):
        assert ": disk_full: /proc, 0 MiB free, bound 512 MiB (disk.low_water_mib): free space" in said
    assert "PAUSED     since 20" in shown
    assert "all work is paused since 20" in told
    assert (report["reason"], report["path"], report["free_mib"], report["low_water_mib"]) == (
        "disk_full",
        "/proc",
        0,
        512,
    )
    assert report["since"] == pytest.approx(ledger.clock.wall(), abs=60)


def test_status_says_nothing_of_a_pause_that_is_over_or_whose_process_is_gone(home: Any) -> None:
    ledger = home.start()
    ledger.note_pause(PAUSE)
    assert "PAUSED" not in home.run("status").stdout
    assert json.loads(home.run("status", "--json").stdout)["paused"] is None
    (home.path / "state" / "lock").write_text(str(os.getpid()))
    assert "PAUSED" in home.run("status").stdout
    ledger.note_pause(None)
    assert "PAUSED" not in home.run("status").stdout


# Against whose settings documents are held: (a service runs, flags) -> whose, its profile
COMPARED = {
    "a running service's, whatever the flags": (True, ["--profile", "embedded"], "the running service", "cpu"),
    "the last service's": (False, [], "the last service", "cpu"),
    "this call's": (False, ["--profile", "embedded"], "this call", "embedded"),
}


@pytest.mark.parametrize(("running", "flags", "whose", "profile"), COMPARED.values(), ids=COMPARED.keys())
def test_status_compares_with(home: Any, running: bool, flags: list[str], whose: str, profile: str) -> None:  # noqa: FBT001 - a table
    home.start(running=running)
    home.describe("done.mp4")
    assert f"1 made under other settings than those of {whose} (profile {profile})" in home.run("status", *flags).stdout
    report = json.loads(home.run("status", "--json", *flags).stdout)
    assert report["compared_with"] == {"profile": profile, "settings_of": whose}


def test_status_tells_what_the_service_watches(home: Any) -> None:
    home.start(inbox=home.path / "other", running=True)
    assert f"watches {home.path}/other (profile cpu)" in home.run("status").stdout
    assert json.loads(home.run("status", "--json").stdout)["service"]["inboxes"] == [f"{home.path}/other"]


BY_FLAGS = {
    "in its inbox": ("other/x.mp4", True, "the next full reading finds it"),
    "in its inbox, after it has ended": ("other/x.mp4", False, "not seen yet; no service is running"),
    "an ending of its own": ("other/x.gif", True, "the next full reading finds it"),
    "another ending": ("other/x.mov", True, "ends in none of .mp4 .gif"),
    "outside": ("x.mp4", True, "other; so says the running service"),
    "outside, after it has ended": ("x.mp4", False, "other; so says the last service"),
}


@pytest.mark.parametrize(("path", "running", "reason"), BY_FLAGS.values(), ids=BY_FLAGS.keys())
def test_why_knows_the_flags_of_the_service(home: Any, path: str, running: bool, reason: str) -> None:  # noqa: FBT001 - a table
    home.monkeypatch.delenv("REELWATCH_INTAKE__INBOXES")
    (home.path / "other").mkdir()
    home.start(inbox=home.path / "other", running=running)
    (home.path / path).touch()
    result = home.run("why", path)
    assert (result.exit_code, reason in result.stdout) == (1, True), result.stdout


def test_why_of_a_link_says_that_links_are_not_followed(home: Any) -> None:
    home.open()
    home.describe("clip.mp4")
    (home.inbox / "clip.mp4").touch()
    (home.path / "link.mp4").symlink_to("inbox/clip.mp4")
    result = home.run("why", "link.mp4")
    assert result.stdout.startswith(f"{home.path}/link.mp4\n  a symbolic link, which is not followed")
    assert f"{home.inbox}/clip.mp4\n  done: described" in result.stdout


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


def test_config_check_refuses_speech_without_voice_activity(home: Any) -> None:
    home.monkeypatch.setenv("REELWATCH_STAGES__VAD__BACKENDS", "[]")
    result = home.run("config", "check", "--profile", "embedded")
    assert (result.exit_code, result.stdout) == (78, "")
    assert "stages.asr.backends: asr.pocketsphinx cannot work without vad, which is switched off" in result.stderr
    home.monkeypatch.setenv("REELWATCH_STAGES__ASR__BACKENDS", "[]")
    assert home.run("config", "check", "--profile", "embedded").exit_code == 0


@pytest.mark.parametrize(
    ("backends", "code"),
    [
        pytest.param('["asr.nope"]', 1, id="none of the names"),
        pytest.param('["asr.nope", "asr.pocketsphinx"]', 0, id="a preference that another replaces"),
    ],
)
def test_config_check_tells_of_names_that_no_backend_has(home: Any, backends: str, code: int) -> None:
    home.monkeypatch.setenv("REELWATCH_STAGES__ASR__BACKENDS", backends)
    result = home.run("config", "check", "--profile", "embedded")
    assert (result.exit_code, "is good" in result.stdout) == (code, code == 0)
    told = "$REELWATCH_STAGES__ASR__BACKENDS: stages.asr.backends: no backend asr.nope is installed. Those that are: "
    assert (told in result.stderr) == (code == 1)


def test_config_check_and_run_refuse_an_output_that_cannot_be_made(home: Any) -> None:
    (home.path / "file").touch()
    for command in (["config", "check"], ["run"]):
        result = home.run(*command, "--output", "file/out")
        assert (result.exit_code, f"output.dir = {home.path}/file/out: cannot be made" in result.stderr) == (78, True)


def test_config_check_makes_nothing(home: Any) -> None:
    assert home.run("config", "check").exit_code == 0
    assert sorted(path.name for path in home.path.iterdir()) == ["inbox"]


def test_schema_is_one(home: Any) -> None:
    import jsonschema

    schema = json.loads(home.run("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    golden = Path(__file__).resolve().parents[2] / "actors" / "fusion" / "golden" / "document.json"
    document = json.loads(golden.read_text(encoding="utf-8"))
    assert validator.is_valid(document)
    assert not validator.is_valid({name: value for name, value in document.items() if name != "video_id"})


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


def test_doctor_names_the_extra_of_what_is_not_here(home: Any) -> None:
    from service import diagnosis

    home.monkeypatch.setattr(diagnosis, "version_of", {"ray": "1"}.get)
    found = {finding.name: finding for finding in diagnosis._packages()}
    assert (found["pyarrow"].value, found["pyarrow"].verdict) == ("not installed (extra parquet)", "note")
    assert (found["ray"].value, found["av"].verdict) == ("1", "bad")


def test_extras_bring_what_is_said() -> None:
    from service.diagnosis import EXTRAS

    extras = tomli.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    brought = {extra: {re.split(r"[\[=<>]", wanted)[0] for wanted in extras[extra]} for extra in set(EXTRAS.values())}
    assert [name for name, extra in EXTRAS.items() if name not in brought[extra]] == []


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
