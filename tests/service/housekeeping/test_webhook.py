"""From the ledger to a real receiver: at least once, in order, with patience, and never in anybody's way."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from receiver import Receiver, receiving

from service.assets import asset
from service.housekeeping import webhook as module
from service.housekeeping.housekeeping import Housekeeping
from service.housekeeping.message import schema
from service.housekeeping.post import poster
from service.housekeeping.signature import sign
from service.housekeeping.webhook import Endpoint, Patience, Webhook
from service.ledger.afterwork_values import OutboxCounts

SECRET = bytes(range(32))
PATIENCE = Patience(first_s=10.0, most_s=3600.0, give_up_s=72 * 3600.0)


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """No jitter: waits are exact."""
    monkeypatch.setattr(module.random, "uniform", lambda _low, _high: 1.0)


def webhook(site: Any, url: str) -> tuple[Webhook, Housekeeping]:
    endpoint = Endpoint(url, (SECRET,), poster(timeout_s=5.0))
    task = Webhook(endpoint, PATIENCE, ledger=site.ledger, clock=site.clock, emit=site.emit)
    return task, Housekeeping([task], ledger=site.ledger, clock=site.clock, emit=site.emit)


def test_a_message_is_signed_small_and_as_the_schema_says(site: Any) -> None:
    job = site.done("tips/a.mp4")
    with receiving() as receiver:
        webhook(site, receiver.url)[1].work_off()
        (request,) = receiver.received
    said, headers = json.loads(request.body), request.headers
    assert list(Draft202012Validator(schema()).iter_errors(said)) == []
    assert said == {
        "type": "video.done",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "data": {
            "job": job.job_id,
            "video_id": job.sha256[:16],
            "path": str(site.inbox / "tips/a.mp4"),
            "output": str(site.output),
            "document": "tips/a.json",
            "status": "complete",
            "reason": None,
            "duplicate_of": None,
        },
    }
    assert len(request.body) < 20_000, "as the specification recommends"
    assert headers["content-type"] == "application/json"
    signature = sign(
        [SECRET],
        message_id=headers["webhook-id"],
        timestamp_s=int(headers["webhook-timestamp"]),
        body=request.body,
    )
    assert headers["webhook-signature"] == signature
    assert (int(headers["webhook-timestamp"]), "." in headers["webhook-id"]) == (int(site.clock.wall()), False)
    assert site.ledger.outbox() == OutboxCounts()
    assert [event["attempt"] for event in site.emit.named("webhook.delivered")] == [1]


def test_a_name_that_is_not_utf8_can_be_told(site: Any) -> None:
    site.done(b"\xff.mp4")
    with receiving() as receiver:
        webhook(site, receiver.url)[1].work_off()
    assert json.loads(receiver.received[0].body)["data"]["path"].endswith("\\xff.mp4")


def test_the_shipped_schema_is_the_codes() -> None:
    shipped = asset("config/schema/webhook-1.schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == schema(), "python -m service.housekeeping.message > config/schema/…"


# What the receiver answers at first; how long is then waited.
ANSWERS: dict[str, tuple[int | str, dict[str, str], float]] = {
    "a server error": (500, {}, 10.0),
    "not found": (404, {}, 10.0),
    "a redirect": (302, {}, 10.0),
    "too many": (429, {"Retry-After": "600"}, 600.0),
    "come back sooner than we would": (503, {"Retry-After": "1"}, 10.0),
    "cut off": ("cut", {}, 10.0),
}


@pytest.mark.parametrize(("answer", "headers", "wait_s"), ANSWERS.values(), ids=ANSWERS.keys())
def test_what_is_not_taken_is_sent_again_under_the_same_id(
    site: Any, answer: int | str, headers: dict[str, str], wait_s: float
) -> None:
    site.done("a.mp4")
    with receiving(Receiver(answers=[answer], headers=headers)) as receiver:
        task, keeper = webhook(site, receiver.url)
        keeper.work_off()
        assert task.wait_s() == pytest.approx(wait_s)
        site.clock.advance(wait_s - 0.1)
        keeper.work_off()
        assert len(receiver.received) == 1, "not before it is due"
        site.clock.advance(0.1)
        keeper.work_off()
    first, second = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"], "the attempt's own time"
    assert site.ledger.outbox() == OutboxCounts()
    assert [event["retry_in_s"] for event in site.emit.named("webhook.retry")] == [wait_s]


def test_waits_double_up_to_the_longest() -> None:
    waits = [PATIENCE.wait_s(failures) for failures in (1, 2, 3, 9, 10, 1000)]
    assert waits == [10, 20, 40, 2560, 3600, 3600]


def test_waits_are_jittered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    waits = {PATIENCE.wait_s(1) for _ in range(20)}
    assert len(waits) > 1
    assert all(8 <= wait <= 12 for wait in waits)


def test_after_days_a_message_is_given_up_and_seen_until_somebody_retries(site: Any) -> None:
    site.done("a.mp4")
    with receiving(Receiver(answers=[500] * 100)) as receiver:
        task, keeper = webhook(site, receiver.url)
        while not site.ledger.outbox().failed:
            keeper.work_off()
            site.clock.advance(min(task.wait_s(), 3600.0))
        tried = len(receiver.received)
        assert 72 <= tried <= 90, "once an hour for three days, and a few times in the first hour"
        (event,) = site.emit.named("webhook.failed")
        assert "reelwatch webhook retry" in event["remedy"]
        receiver.answers.clear()
        site.ledger.retry_announcements()
        site.clock.advance(3600)
        keeper.work_off()
    assert len(set(receiver.ids)) == 1
    assert site.ledger.outbox() == OutboxCounts()


def test_while_nobody_answers_only_one_message_is_tried(site: Any) -> None:
    for number in range(5):
        site.done(f"{number}.mp4", b"%d" % number)
    with receiving(Receiver(answers=[500, 500])) as receiver:
        _, keeper = webhook(site, receiver.url)
        keeper.work_off()
        assert len(receiver.received) == 1
        site.clock.advance(10)
        keeper.work_off()
        assert len(receiver.received) == 2
        site.clock.advance(20)
        keeper.work_off()
    assert len(set(receiver.ids)) == 5
    assert site.ledger.outbox() == OutboxCounts()


def test_a_message_that_is_not_understood_holds_up_no_other(site: Any) -> None:
    site.done("0.mp4", b"0")
    site.done("1.mp4", b"1")
    with receiving(Receiver(answers=[400])) as receiver:
        webhook(site, receiver.url)[1].work_off()
    assert len(receiver.received) == 2
    assert site.ledger.outbox().pending == 1


def test_a_receiver_that_wants_no_more_gets_no_more(site: Any) -> None:
    site.done("0.mp4", b"0")
    site.done("1.mp4", b"1")
    with receiving(Receiver(answers=[410])) as receiver:
        task, keeper = webhook(site, receiver.url)
        keeper.work_off()
        site.clock.advance(1e6)
        keeper.work_off()
        assert (len(receiver.received), task.wait_s()) == (1, math.inf)
        assert site.ledger.outbox().gone
        site.reopen()
        _, keeper = webhook(site, receiver.url)
        keeper.work_off()
        assert len(receiver.received) == 1, "nor after a restart"
        site.ledger.retry_announcements()
        keeper.work_off()
    assert len(receiver.received) == 3
    assert site.ledger.outbox() == OutboxCounts()


def test_a_crash_between_the_post_and_the_ledger_sends_it_twice_with_one_id(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.done("a.mp4")
    with receiving() as receiver:
        with monkeypatch.context() as patch:
            patch.setattr(type(site.ledger), "delivered", _die)
            with pytest.raises(_Killed):
                webhook(site, receiver.url)[1].work_off()
        site.reopen()
        webhook(site, receiver.url)[1].work_off()
    assert len(receiver.received) == 2
    assert len(set(receiver.ids)) == 1
    assert site.ledger.outbox() == OutboxCounts()


def test_what_was_said_is_forgotten_after_a_week(site: Any) -> None:
    site.done("a.mp4")
    with receiving() as receiver:
        _, keeper = webhook(site, receiver.url)
        keeper.work_off()
        assert len(site.ledger.announcements(["delivered"])) == 1
        site.clock.advance(8 * 86_400)
        keeper.work_off()
    assert site.ledger.announcements(["delivered"]) == []


def test_a_test_message_is_signed_too() -> None:
    with receiving() as receiver:
        endpoint = Endpoint(receiver.url, (SECRET,), poster(timeout_s=5.0))
        assert endpoint.greet(wall_s=0.0).accepted
        (request,) = receiver.received
    assert json.loads(request.body)["type"] == "reelwatch.test"
    assert base64.b64decode(request.headers["webhook-signature"].removeprefix("v1,"))


class _Killed(BaseException):
    """What no catch of ours holds back."""


def _die(*_: object, **__: object) -> None:
    raise _Killed


def test_a_receiver_s_secret_file_is_asked_for_at_start(tmp_path: Path) -> None:
    from service.configuration import load
    from service.errors import ConfigError
    from service.housekeeping.assembly import make_endpoint

    environ = {"HOME": str(tmp_path), "REELWATCH_WEBHOOK__URL": '"https://example.org/hook"'}
    configuration = load({}, environ=environ).configuration
    with pytest.raises(ConfigError, match="no secret to sign with"):
        make_endpoint(configuration, {})
    (tmp_path / "webhook-secret").write_text("whsec_" + base64.b64encode(SECRET).decode())
    endpoint = make_endpoint(configuration, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert endpoint is not None
    assert (endpoint.url, endpoint.secrets) == ("https://example.org/hook", (SECRET,))
