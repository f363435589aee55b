"""What follows a document, in the real service: moved, told, cleared; and again after a kill in the middle of it."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bad_files
import pytest
from processes import WITHOUT_MODELS, Home, until

sys.path.append(str(Path(__file__).resolve().parents[1] / "service" / "housekeeping"))
from receiver import Receiver, receiving

from service.housekeeping.signature import read_secrets, sign

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, receiver: Receiver) -> Home:
    (tmp_path / "secret").write_text(SECRET)
    settings = WITHOUT_MODELS | {
        "REELWATCH_INTAKE__QUIET_NETWORK_S": "0.5",
        "REELWATCH_DONE__AFTER_DONE": '"move"',
        "REELWATCH_DONE__MOVE_TO": json.dumps(str(tmp_path / "archive")),
        "REELWATCH_WEBHOOK__URL": json.dumps(receiver.url),
        "REELWATCH_WEBHOOK__SECRET_FILE": json.dumps(str(tmp_path / "secret")),
        "REELWATCH_WEBHOOK__RETRY_FIRST_S": "0.2",
        "REELWATCH_PRIVACY__REDACT": '["email", "phone"]',
    }
    return Home(tmp_path, settings)


def messages(receiver: Receiver, path: Path) -> list[Any]:
    """The bodies of what was told about a video."""
    return [body for one in receiver.received if (body := json.loads(one.body))["data"].get("path") == str(path)]


def test_a_described_video_is_told_cleared_and_moved_and_a_kill_loses_none_of_it(
    home: Home, receiver: Receiver
) -> None:
    model = bad_files.clip(home.path / "model.mp4").read_bytes()
    archive = home.path / "archive"
    (home.inbox / "tips").mkdir()
    first = home.inbox / "tips" / "a.mp4"
    first.with_suffix(".txt").write_text("Skriv til kari@example.no eller ring 912 34 567 #blåbær")
    first.write_bytes(model)
    with home.service() as service:
        event = service.ready().until_event("file.archived", "tips/a.mp4")
        assert event["moved_to"] == str(archive / "tips" / "a.mp4")
        until(lambda: messages(receiver, first), "the webhook is told")
        document = home.document("tips/a")
        assert document.source.caption == "Skriv til [e-mail] eller ring [phone] #blåbær"
        assert document.source.relative_path == "tips/a.mp4"
        assert (archive / "tips" / "a.mp4").read_bytes() == model
        assert (archive / "tips" / "a.txt").exists()
        assert list((home.inbox / "tips").iterdir()) == []
        # The same bytes again are a copy of what lies in the archive; a new video meets a receiver that hangs.
        second = home.inbox / "b.mp4"
        receiver.answers = ["hang"]
        second.write_bytes(model + bad_files.box(b"free", b"b"))
        until(lambda: messages(receiver, second), "the webhook is being told")
        service.kill()
        assert service.named("file.gone") == [], "what has left on purpose is not reported missing"
        assert service.named("housekeeping.failed") == []
    with home.service() as service:
        service.ready().until_event("webhook.delivered", str(second))
        until((archive / "b.mp4").exists, "the second is moved after the kill")
        told = home.run("why", str(first)).stdout.decode()
        assert "moved on" in told
        assert service.terminate()[0] == 0
    sent = [one for one in receiver.received if json.loads(one.body)["data"].get("path") == str(second)]
    assert len({one.headers["webhook-id"] for one in sent}) == 1 < len(sent), "twice, and known by its id"
    for one in receiver.received:
        stamp = int(one.headers["webhook-timestamp"])
        wanted = sign(
            read_secrets(home.path / "secret"), message_id=one.headers["webhook-id"], timestamp_s=stamp, body=one.body
        )
        assert one.headers["webhook-signature"] == wanted


def test_process_tells_the_webhook_and_moves_nothing(home: Home, receiver: Receiver) -> None:
    path = bad_files.clip(home.path / "c.mp4")
    ended = home.run("process", str(path))
    assert ended.returncode == 0, ended.stderr
    (said,) = messages(receiver, path)
    assert (said["type"], said["data"]["status"]) == ("video.done", "complete")
    assert path.exists()
    assert not (home.path / "archive").exists()
