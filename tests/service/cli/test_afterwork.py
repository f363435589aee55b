"""status, why, webhook and retention: what they tell of the work that follows a document."""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "housekeeping"))
from receiver import Receiver, receiving

SHA = "a" * 64
SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


def move(home: Any, name: str = "clip.mp4") -> Any:
    """A described video that was moved away."""
    job = home.describe(name)
    begun = home.ledger.begin_move(job, (os.fsencode(home.path / "archive"), name.encode()), sidecars=[])
    home.ledger.end_move(begun)
    return home.ledger.job(job.job_id)


def test_why_says_where_a_moved_video_lies(home: Any) -> None:
    home.open()
    move(home)
    told = home.run("why", "inbox/clip.mp4")
    assert told.exit_code == 0
    assert "moved on 20" in told.stdout
    assert f"to {home.path}/archive/clip.mp4 (done.after_done)" in told.stdout
    assert f"document: {home.output}/clip.json" in told.stdout
    there = home.run("why", "archive/clip.mp4")
    assert there.exit_code == 0
    assert f"moved here from {home.inbox}/clip.mp4" in there.stdout
    assert "no longer there" not in told.stdout + there.stdout, "it has left on purpose"
    assert json.loads(home.run("status", "--json").stdout)["sources_missing"] == 0


def test_status_and_why_say_why_a_video_could_not_be_moved(home: Any) -> None:
    home.open()
    job = home.describe("clip.mp4")
    begun = home.ledger.begin_move(job, (b"/archive", b"clip.mp4"), sidecars=[])
    home.ledger.give_up_move(begun, reason="cross_device", detail="another disk", not_before=4e9)
    assert (
        "stays in its inbox: cross_device: another disk; tried again at 2096"
        in home.run("why", "inbox/clip.mp4").stdout
    )
    assert "archive    1 described videos could not be moved (cross_device)" in home.run("status").stdout


def test_why_says_what_retention_has_deleted(home: Any) -> None:
    home.open()
    job = home.describe("clip.mp4")
    home.ledger.begin_purge(job, ["transcript"])
    home.ledger.end_purge(job.job_id)
    assert "retention has deleted: transcript" in home.run("why", "inbox/clip.mp4").stdout
    home.ledger.begin_purge(job, ["document"])
    home.ledger.end_purge(job.job_id)
    (home.output / "clip.json").unlink()
    assert "(deleted by retention; `reelwatch reprocess` brings it back)" in home.run("why", "inbox/clip.mp4").stdout
    assert json.loads(home.run("status", "--json").stdout)["documents"] == 0


def test_retention_shows_what_goes_when_and_deletes_nothing(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home.open()
    job = home.describe("clip.mp4")
    assert "Nothing is deleted by these settings" in home.run("retention").stdout
    monkeypatch.setenv("REELWATCH_RETENTION__TRANSCRIPTS_DAYS", "30")
    monkeypatch.setenv("REELWATCH_RETENTION__DOCUMENTS_DAYS", "90")
    found = json.loads(home.run("retention", "--json").stdout)
    assert [(entry["what"], entry["due"]) for entry in found] == [("transcript", False), ("document", False)]
    assert found[0]["at"] == pytest.approx(job.described_at + 30 * 86_400)
    assert "transcript: the next is due at" in home.run("status").stdout
    assert (home.output / "clip.json").exists()


def test_the_webhook_is_listed_and_tried_again(home: Any) -> None:
    home.open()
    home.ledger = replace(home.ledger, announces=frozenset({"done"}))
    assert "Nothing waits" in home.run("webhook", "list").stdout
    home.describe("clip.mp4")
    (said,) = home.ledger.announcements(["pending"])
    assert f"pending  video.done {home.inbox}/clip.mp4: 0 tries" in home.run("webhook", "list").stdout
    home.ledger.give_up_announcement(said.announcement_id, answer="410")
    shown = home.run("status").stdout
    assert "webhook    0 messages wait, 1 given up" in shown
    assert "the receiver wants no more (410)" in shown
    (entry,) = json.loads(home.run("webhook", "list", "--json").stdout)
    assert (entry["state"], entry["answer"], entry["id"]) == ("failed", "410", said.message_id)
    assert "1 messages are tried again" in home.run("webhook", "retry").stdout
    assert home.ledger.outbox().pending == 1


@pytest.mark.parametrize(("answer", "code"), [(200, 0), (500, 1)])
def test_the_webhook_can_be_tested(home: Any, monkeypatch: pytest.MonkeyPatch, answer: int, code: int) -> None:
    (home.path / "secret").write_text(SECRET)
    with receiving(Receiver(answers=[answer])) as receiver:
        monkeypatch.setenv("REELWATCH_WEBHOOK__URL", json.dumps(receiver.url))
        monkeypatch.setenv("REELWATCH_WEBHOOK__SECRET_FILE", json.dumps(str(home.path / "secret")))
        told = home.run("webhook", "test")
    assert told.exit_code == code
    assert f"{receiver.url}: {answer}" in told.stdout
    assert json.loads(receiver.received[0].body)["type"] == "reelwatch.test"


def test_a_webhook_that_is_not_set_or_has_no_secret_says_so(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.run("webhook", "test").exit_code == 78
    monkeypatch.setenv("REELWATCH_WEBHOOK__URL", '"https://example.org"')
    told = home.run("webhook", "test")
    assert told.exit_code == 78
    assert "/dev/urandom" in told.output


NOT_FOLLOWED = {
    "an archive that cannot be made": ({"DONE__AFTER_DONE": "move", "DONE__MOVE_TO": "{home}/file/a"}, "done.move_to"),
    "an archive on another mount": ({"DONE__AFTER_DONE": "move", "DONE__MOVE_TO": "/dev/shm"}, "not on the mount"),  # noqa: S108 - the case
    "no secret": ({"WEBHOOK__URL": "https://h.example/", "WEBHOOK__SECRET_FILE": "{home}/none"}, "webhook.secret_file"),
}


@pytest.mark.parametrize(("settings", "told"), NOT_FOLLOWED.values(), ids=NOT_FOLLOWED.keys())
def test_config_check_and_run_refuse_what_could_not_follow_a_document(
    home: Any, settings: dict[str, str], told: str
) -> None:
    (home.path / "file").touch()
    for key, value in settings.items():
        home.monkeypatch.setenv(f"REELWATCH_{key}", json.dumps(value.format(home=home.path)))
    for command in (["config", "check"], ["run"]):
        result = home.run(*command)
        assert (result.exit_code, told in result.stderr) == (78, True), result.stderr
