"""The scheduler, driven by hand: events in, actions out; no clock, no pool, no ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from scheduler_table import (
    DONE,
    LIMITS,
    MEDIA,
    PAYLOADS,
    RECEIPT,
    REQUEST,
    SHA,
    Table,
    kinds,
    started,
    submitted,
)

from actors.backend import Failure, Outcome, SourceRef, StageStatus
from actors.pool.base import ActorDied, ActorReady, CallDone, PayloadRefs
from actors.results import Identity, Media
from service.scheduler import capacity
from service.scheduler.board import Ticket
from service.scheduler.events import (
    Block,
    Claimed,
    Drained,
    Fail,
    Finish,
    GiveUp,
    Identified,
    KillActor,
    Park,
    RecordIdentity,
    Reject,
    Release,
    Requested,
    RequestFusion,
    RetryLater,
    StartActor,
    StopPool,
    StoreResult,
    Submit,
    Supersede,
    Suspect,
    Ticked,
    Vanish,
)


def test_a_first_claim_starts_every_actor_and_nothing_else() -> None:
    table = Table()
    assert {a.spec.name for a in kinds(table.claim(), StartActor)} == {"media", "speech", "ocr", "shared", "fusion"}
    assert not submitted(table.asked)


def test_a_video_goes_through_identity_decode_models_and_fusion() -> None:
    table = started()
    assert submitted(table.asked) == ["identify"]
    assert kinds(table.done("identify", Outcome(StageStatus.DONE, data=Identity(sha256=SHA))), RecordIdentity)
    assert submitted(table.tell(Identified(1, SHA))) == ["decode"]
    assert sorted(submitted(table.decoded())) == ["ocr", "vad"]
    assert submitted(table.done("vad", DONE)) == ["asr"]
    assert submitted(table.done("ocr", DONE)) == ["captions"]
    table.done("captions", DONE)
    assert kinds(table.done("asr", DONE), RequestFusion)
    assert submitted(table.tell(Requested(1, REQUEST))) == ["fusion"]
    assert kinds(table.done("fusion", RECEIPT), Finish)[0].parked_because is None
    assert not table.board.runs


def test_stages_get_only_what_they_need() -> None:
    table = started()
    table.identified()
    assert table.calls["decode"].items[0].item.wants == {"audio", "frames", "keyframes"}
    table.decoded()
    vad, ocr = (table.calls[name].items[0].payloads for name in ("vad", "ocr"))
    assert (vad.audio, vad.frames, vad.keyframes) == ("audio", None, None)
    assert (ocr.audio, ocr.frames, ocr.keyframes) == (None, "frames", "keyframes")


def test_sound_and_frames_are_let_go_when_nobody_reads_them_any_more() -> None:
    table = started()
    table.identified()
    table.decoded()
    table.done("ocr", DONE)
    table.done("vad", DONE)
    assert table.board.runs[1].payloads == PAYLOADS
    table.done("asr", DONE)
    assert table.board.runs[1].payloads == PayloadRefs(None, None, "keyframes", 10, 10)


def test_durable_results_are_stored_and_used_again() -> None:
    first = started()
    first.identified()
    first.decoded()
    first.until_fusion()
    stored = {action.key: action.outcome for action in kinds(first.asked, StoreResult)}
    assert [action.stage for action in kinds(first.asked, StoreResult)] == ["decode", "vad", "ocr", "asr", "captions"]
    again = started()
    assert kinds(again.identified(**stored), RequestFusion)
    assert "decode" not in submitted(again.asked)


def test_one_missing_result_decodes_once_more_and_runs_what_depends_on_it() -> None:
    first = started()
    first.identified()
    first.decoded()
    first.until_fusion()
    stored = {a.key: a.outcome for a in kinds(first.asked, StoreResult) if a.stage not in {"ocr", "captions"}}
    again = started()
    assert submitted(again.identified(**stored)) == ["decode"]
    assert again.calls["decode"].items[0].item.wants == {"frames", "keyframes"}
    assert submitted(again.decoded()) == ["ocr"]


def test_keyframes_missing_on_disk_decode_again_without_the_models() -> None:
    first = started()
    first.identified()
    first.decoded()
    first.until_fusion()
    stored = {action.key: action.outcome for action in kinds(first.asked, StoreResult)}
    again = started()
    again.identified(**stored)
    again.tell(Requested(1, REQUEST))
    missing = Outcome(StageStatus.FAILED, reason="keyframes_missing", failure=Failure.TRANSIENT)
    assert submitted(again.done("fusion", missing)) == ["decode"]
    assert submitted(again.decoded()) == ["fusion"]


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        pytest.param(
            MEDIA.model_copy(update={"has_audio": False}), {"vad": "no_audio", "asr": "no_audio"}, id="silent"
        ),
        pytest.param(MEDIA.model_copy(update={"has_video": False}), {"ocr": "no_video"}, id="audio-only"),
    ],
)
def test_stages_with_nothing_to_look_at_are_not_run(media: Media, expected: dict[str, str]) -> None:
    table = started()
    table.identified()
    sent = submitted(table.decoded(media))
    outcomes = table.board.runs[1].outcomes
    assert {name: str(outcomes[name].status) for name in expected} == expected
    assert not set(sent) & set(expected)


def failed(failure: Failure | None, reason: str = "r") -> Outcome:
    return Outcome(StageStatus.FAILED, reason=reason, failure=failure)


@pytest.mark.parametrize(
    ("operation", "outcome", "attempts", "action"),
    [
        pytest.param("identify", failed(Failure.SOURCE_CHANGED), 1, Supersede, id="changed-before"),
        pytest.param("identify", failed(Failure.BAD_INPUT, "unreadable"), 1, Block, id="no-permission"),
        pytest.param("identify", failed(Failure.SOURCE_CHANGED, "missing"), 1, Vanish, id="gone"),
        pytest.param("decode", failed(Failure.BAD_INPUT), 1, Reject, id="bad-input"),
        pytest.param("decode", failed(Failure.SOURCE_CHANGED), 1, Supersede, id="changed-while-reading"),
        pytest.param("decode", failed(Failure.BUG), 1, Fail, id="bug-in-decode"),
        pytest.param("decode", failed(Failure.TRANSIENT), 1, RetryLater, id="transient"),
        pytest.param("decode", failed(Failure.TRANSIENT), 4, Fail, id="transient-for-good"),
        pytest.param("decode", failed(Failure.ENVIRONMENT), 1, Release, id="host"),
        pytest.param("vad", failed(Failure.TRANSIENT), 1, RetryLater, id="optional-transient"),
        pytest.param("vad", failed(Failure.ENVIRONMENT), 1, Release, id="optional-host"),
    ],
)
def test_failures_take_the_video_off_the_board(operation: str, outcome: Outcome, attempts: int, action: type) -> None:
    table = Table()
    table.claim(attempts=attempts)
    table.ready()
    if operation != "identify":
        table.identified()
    if operation == "vad":
        table.decoded()
    assert kinds(table.done(operation, outcome), action)
    assert not table.board.runs


@pytest.mark.parametrize(("attempts", "after_s"), [(1, 10.0), (2, 60.0), (3, 300.0)])
def test_retries_back_off(attempts: int, after_s: float) -> None:
    table = Table()
    table.claim(attempts=attempts)
    table.ready()
    table.identified()
    assert kinds(table.done("decode", failed(Failure.TRANSIENT)), RetryLater)[0].after_s == after_s


@pytest.mark.parametrize(
    ("outcome", "attempts"),
    [(failed(Failure.BUG), 1), (failed(Failure.BAD_INPUT), 1), (failed(Failure.TRANSIENT), 4)],
    ids=["bug", "bad-input", "transient-for-good"],
)
def test_an_optional_stage_that_fails_for_good_does_not_cost_the_document(outcome: Outcome, attempts: int) -> None:
    table = Table()
    table.claim(attempts=attempts)
    table.ready()
    table.identified()
    table.decoded()
    table.done("ocr", outcome)
    assert table.board.runs[1].outcomes["ocr"].status is StageStatus.FAILED
    assert "ocr" not in [action.stage for action in kinds(table.asked, StoreResult)]
    assert "captions" in table.calls


def test_a_death_convicts_the_oldest_call_and_spares_the_one_behind_it() -> None:
    table = started()
    table.claim(2)
    first = next(c for c in kinds(table.asked, Submit)).call
    table.calls.clear()
    actions = table.tell(ActorDied("media", "segfault", (first.call_id, first.call_id + 1)))
    assert [a.job_id for a in kinds(actions, Suspect)] == [1]
    assert kinds(actions, StartActor)
    assert submitted(table.tell(ActorReady("media", 2, 0.1))) == ["identify"]
    assert list(table.board.runs) == [2]


@pytest.mark.parametrize("operation", ["identify", "decode"])
def test_a_second_death_on_a_required_stage_parks(operation: str) -> None:
    table = Table()
    table.claim(deaths=1, solo=True)
    table.ready()
    if operation == "decode":
        table.identified()
    call = table.calls[operation]
    assert kinds(table.tell(ActorDied("media", "segfault", (call.call_id,))), Park)


def test_a_second_death_on_an_optional_stage_parks_with_a_document() -> None:
    table = Table()
    table.claim(deaths=1, solo=True)
    table.ready()
    table.identified()
    table.decoded()
    table.tell(ActorDied("ocr", "segfault", (table.calls.pop("ocr").call_id,)))
    assert table.board.runs[1].outcomes["ocr"].status is StageStatus.FAILED
    for operation in ("vad", "asr", "captions"):
        table.done(operation, DONE)
    table.tell(Requested(1, REQUEST))
    assert "segfault" in (kinds(table.done("fusion", RECEIPT), Finish)[0].parked_because or "")


def test_a_hang_is_killed_at_its_deadline_and_a_second_one_times_out() -> None:
    table = Table()
    table.claim(deaths=1, solo=True)
    table.ready()
    table.identified()
    table.decoded()
    table.now_s = 70.0
    assert not kinds(table.tell(Ticked()), KillActor)
    table.now_s = 70.1
    assert {a.actor for a in kinds(table.tell(Ticked()), KillActor)} == {"ocr", "speech"}
    assert not kinds(table.tell(Ticked()), KillActor)  # once
    table.tell(ActorDied("ocr", "killed", (table.calls["ocr"].call_id,)))
    assert table.board.runs[1].outcomes["ocr"].status is StageStatus.TIMED_OUT


def test_a_file_padded_to_terabytes_gains_no_time_by_its_size() -> None:
    """Deadlines come from what can be decoded at most, never from a header or from a size alone."""
    table = Table()
    padded = SourceRef(b"/in/1.mp4", 1, 1, 2**42, 0)
    table.tell(Claimed(Ticket(1, padded, attempts=1)))
    table.ready()
    table.now_s = 60.0 + LIMITS.max_media_s
    assert not kinds(table.tell(Ticked()), KillActor)
    table.now_s += 0.1
    assert [a.actor for a in kinds(table.tell(Ticked()), KillActor)] == ["media"]


def test_a_call_behind_another_has_its_deadline_from_when_it_runs() -> None:
    table = started()
    table.claim(2)
    table.now_s = 59.0
    table.done("identify", Outcome(StageStatus.DONE, data=Identity(sha256=SHA)))
    table.now_s = 100.0
    assert not kinds(table.tell(Ticked()), KillActor)


@pytest.mark.parametrize("actor", ["ocr", "media"])
def test_an_actor_that_never_works_is_written_off(actor: str) -> None:
    table = Table()
    table.claim()
    actions: list[Any] = []
    for _ in range(5):
        actions += table.tell(ActorDied(actor, "no libfoo", ()))
    assert bool(kinds(actions, GiveUp)) == (actor == "media")
    if actor == "ocr":
        for name in ("media", "speech", "shared", "fusion"):
            table.tell(ActorReady(name, 1, 0.1))
        table.identified()
        table.decoded()
        assert table.board.runs[1].outcomes["ocr"].status is StageStatus.UNAVAILABLE
        assert "captions" in table.calls


def test_a_stage_its_actor_cannot_load_is_unavailable() -> None:
    table = Table()
    table.claim()
    for name in table.board.slots:
        table.tell(ActorReady(name, 1, 0.1, {"asr": "no model"} if name == "speech" else {}))
    table.identified()
    table.decoded()
    assert table.board.runs[1].outcomes["asr"] == Outcome(StageStatus.UNAVAILABLE, reason="no model", backend="asr.x")
    assert "vad" in table.calls


def test_claims_are_bounded_by_bytes_and_a_suspect_runs_alone() -> None:
    table = Table()
    assert capacity(table.board) == 2  # 100 MiB over 20 MiB of frames and 16 MiB of keyframes
    table.claim(1)
    table.claim(2)
    assert capacity(table.board) == 0
    alone = Table()
    alone.claim(1, deaths=1, solo=True)
    assert capacity(alone.board) == 0
    tiny = Table(replace(LIMITS, payload_budget_bytes=1))
    assert capacity(tiny.board) == 1  # an empty board always admits one


def test_the_pool_stops_when_idle_and_starts_again() -> None:
    table = started()
    table.identified()
    table.decoded()
    table.until_fusion()
    table.done("fusion", RECEIPT)
    table.now_s = 599.0
    assert not kinds(table.tell(Ticked()), StopPool)
    table.now_s = 600.0
    assert kinds(table.tell(Ticked()), StopPool)
    assert kinds(table.claim(2), StartActor)


def test_an_overgrown_actor_is_recycled_only_when_idle_and_convicts_nobody() -> None:
    table = started()
    call = table.calls.pop("identify")
    table.tell(CallDone(call.call_id, (Outcome(StageStatus.DONE, data=Identity(sha256=SHA)),), (), resident_mib=301.0))
    assert [a.actor for a in kinds(table.asked, KillActor)] == ["media"]
    actions = table.tell(ActorDied("media", "killed", ()))
    assert kinds(actions, StartActor)
    assert not kinds(actions, Suspect, Park)


def test_drain_gives_everything_back() -> None:
    table = started()
    table.claim(2)
    assert [a.job_id for a in kinds(table.tell(Drained()), Release)] == [1, 2]
    assert not table.board.runs


def test_an_answer_for_a_video_that_has_left_is_passed_over() -> None:
    table = started()
    call = table.calls["identify"]
    table.tell(Drained())
    assert not table.tell(CallDone(call.call_id, (Outcome(StageStatus.DONE, data=Identity(sha256=SHA)),)))
