"""What has grown old goes: from the output, from the ledger, from the ledger's very bytes; nothing else does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from places import SAID

from service.configuration.afterwork import RetentionSettings
from service.housekeeping.housekeeping import Housekeeping
from service.housekeeping.retention import DAY_S, LOOK_EVERY_S, RETRY_S, Retention, periods_of, resume

SETTINGS = RetentionSettings(keyframes_days=7, transcripts_days=30, documents_days=90)


def keeper(site: Any, settings: RetentionSettings = SETTINGS) -> tuple[Retention, Housekeeping]:
    task = Retention(periods_of(settings), ledger=site.ledger, clock=site.clock, emit=site.emit)
    return task, Housekeeping([task], ledger=site.ledger, clock=site.clock, emit=site.emit)


def pictures(site: Any) -> int:
    return len(list(site.output.rglob("*.jpg")))


def stages(site: Any, job: Any) -> set[str]:
    return {result.stage for result in site.ledger.results_of(job.sha256).values()}


def test_each_kind_goes_on_its_day(site: Any) -> None:
    job = site.described("tips/a.mp4")
    path = site.output / "tips/a.json"
    task, house = keeper(site)
    house.work_off()
    assert (task.wait_s(), pictures(site)) == (LOOK_EVERY_S, 3)
    expected = [
        (7, 0, {"asr", "diarization", "ocr"}, True, True),
        (30, 0, {"ocr"}, False, True),
        (90, 0, set(), False, False),
    ]
    day = 0
    for on, left, kept, said, there in expected:
        site.clock.advance((on - day) * DAY_S - 1)
        house.work_off()
        assert len(site.emit.named("document.purged")) == len([e for e in expected if e[0] < on]), "not a second early"
        site.clock.advance(1)
        house.work_off()
        day = on
        assert (pictures(site), stages(site, job), path.exists()) == (left, kept, there)
        if there:
            assert (json.loads(path.read_text())["transcript"]["text"] is not None) is said
    assert [event["what"] for event in site.emit.named("document.purged")] == [
        ["keyframes"],
        ["transcript"],
        ["document"],
    ]
    assert (site.inbox / "tips/a.mp4").read_bytes() == b"x", "the video itself is nobody's to delete"


def test_nothing_is_asked_for_nothing_goes() -> None:
    assert periods_of(RetentionSettings(keyframes_days=0, transcripts_days=0, documents_days=0)) == {}


def test_no_byte_of_it_remains_in_the_ledger(site: Any) -> None:
    site.described("a.mp4")

    def holding() -> list[str]:
        return [
            f.name for f in site.home.iterdir() if f.name.startswith("l.sqlite3") and SAID.encode() in f.read_bytes()
        ]

    assert holding()
    site.clock.advance(90 * DAY_S)
    keeper(site)[1].work_off()
    assert holding() == []


def test_results_of_what_has_no_document_go_too(site: Any) -> None:
    job = site.described("a.mp4")
    site.ledger.reprocess(_all(), stages=("captions",))
    site.ledger.claim(limit=1, now=site.clock.wall())
    site.ledger.supersede(job.job_id, reason="source_changed")
    newer = site.claimed("a.mp4", b"newer")
    site.publish(newer)
    site.ledger.finish(newer.job_id, document="a", settings_key="k")
    site.clock.advance(31 * DAY_S)
    keeper(site)[1].work_off()
    assert stages(site, job) == {"ocr"}


def test_a_stranger_s_document_is_left_alone_and_not_tried_again(site: Any) -> None:
    site.described("a.mp4")
    (site.output / "a.json").write_text("{}")
    site.clock.advance(90 * DAY_S)
    _, house = keeper(site)
    house.work_off()
    house.work_off()
    assert (site.output / "a.json").read_text() == "{}"
    assert len(site.emit.named("document.purged")) == 1


def test_an_output_that_is_gone_is_waited_for(site: Any) -> None:
    job = site.described("a.mp4")
    site.clock.advance(90 * DAY_S)
    aside = site.output.rename(site.home / "unmounted")
    task, house = keeper(site)
    house.work_off()
    site.clock.advance(RETRY_S)
    house.work_off()
    (event,) = site.emit.named("document.not_purged")
    assert (event["reason"], task.wait_s()) == ("output_gone", LOOK_EVERY_S)
    assert site.ledger.job(job.job_id).chore is None, "nothing is held up meanwhile"
    aside.rename(site.output)
    site.clock.advance(RETRY_S)
    house.work_off()
    assert not (site.output / "a.json").exists()


class _Killed(BaseException):
    """What no catch of ours holds back, as a kill."""


def _die(*_: object, **__: object) -> None:
    raise _Killed


KILLS: dict[str, Callable[[pytest.MonkeyPatch, Any], Any]] = {
    "before the files": lambda patch, _: patch.setattr("service.housekeeping.retention.remove", _die),
    "between document and pictures": lambda patch, _: patch.setattr("actors.fusion.removal._remove_pictures", _die),
    "before the ledger": lambda patch, site: patch.setattr(type(site.ledger), "end_purge", _die),
}


@pytest.mark.parametrize("kill", KILLS.values(), ids=KILLS.keys())
@pytest.mark.parametrize("days", [7, 30, 90])
def test_a_purge_that_was_killed_is_brought_to_its_end(
    site: Any, monkeypatch: pytest.MonkeyPatch, kill: Callable[..., Any], days: int
) -> None:
    job = site.described("a.mp4")
    site.clock.advance(days * DAY_S)
    with monkeypatch.context() as patch:
        kill(patch, site)
        try:
            keeper(site)[1].work_off()
        except _Killed:
            pass
        else:
            assert days == 30, "of a transcript there are no pictures"
    resume(site.reopen(), now=site.clock.wall())
    assert site.ledger.purges() == []
    assert (pictures(site), "asr" in stages(site, job), (site.output / "a.json").exists()) == (
        0,
        days < 30,
        days < 90,
    )


def test_what_is_being_fused_again_waits_and_then_goes(site: Any) -> None:
    job = site.described("a.mp4")
    site.ledger.intake.sidecar_changed(job.root, job.path)
    site.clock.advance(30 * DAY_S)
    _, house = keeper(site)
    house.work_off()
    assert site.emit.named("document.purged") == []
    (again,) = site.ledger.claim(limit=1, now=site.clock.wall())
    again = site.ledger.identified(again.job_id, again.sha256).job
    path = site.publish(again)
    site.ledger.finish(again.job_id, document="a", settings_key="k")
    site.clock.advance(LOOK_EVERY_S)
    house.work_off()
    assert json.loads(Path(path).read_text())["transcript"]["text"] is None


def _all() -> Any:
    from service.ledger.values import Selector

    return Selector.all()
