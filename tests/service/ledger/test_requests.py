"""Requests: what may become of which, who begins a download, and what a process that ended leaves behind."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from service.ledger.errors import IllegalRequestChange, UnknownRequest
from service.ledger.ledger import Ledger, attach_ledger
from service.ledger.request_table import requests
from service.ledger.request_values import ENDED, REQUEST_TRANSITIONS, Request, RequestKind, RequestState
from service.ledger.requests import KEPT_S, MOST_BEGINNINGS
from service.ledger.worker import of_this_host

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bench
    from ledger_stocks import Stock

URL = b"https://example.org/clip.mp4"
PLACE = (b"/state/received", b"caf\xe9.mp4")
S = RequestState

CHANGES: dict[RequestState, Callable[[Ledger, int, int], object]] = {
    S.DOWNLOADING: lambda ledger, _number, _job: ledger.claim_download(),
    S.RECEIVED: lambda ledger, number, _job: ledger.release_download(number),
    S.WAITING: lambda ledger, number, _job: ledger.video_is_there(number, PLACE, size_bytes=7),
    S.TAKEN: lambda ledger, number, job: ledger.request_taken(number, job_id=job),
    S.REFUSED: lambda ledger, number, _job: ledger.refuse_request(number, reason="playlist", detail="one at a time"),
    S.FAILED: lambda ledger, number, _job: ledger.fail_request(number, reason="timed_out", detail="too slow"),
}
WAY_TO = {
    S.RECEIVED: (),
    S.DOWNLOADING: (S.DOWNLOADING,),
    S.WAITING: (S.DOWNLOADING, S.WAITING),
    S.TAKEN: (S.WAITING, S.TAKEN),
    S.REFUSED: (S.REFUSED,),
    S.FAILED: (S.FAILED,),
}


@pytest.mark.parametrize("before", S)
def test_a_request_changes_by_the_table_only(bench: Bench, before: RequestState) -> None:
    job = bench.settle(b"a.mp4", "one")
    for after in S:
        number = bench.ledger.add_request(RequestKind.URL, URL).request_id
        for step in WAY_TO[before]:
            CHANGES[step](bench.ledger, number, job.job_id)
        assert bench.ledger.request(number).state is before
        if after in REQUEST_TRANSITIONS[before]:
            CHANGES[after](bench.ledger, number, job.job_id)
            found = bench.ledger.request(number)
            assert (found.state, found.ended_at is not None) == (after, after in ENDED)
        elif after is not S.DOWNLOADING:  # which takes whatever is there to begin, and nothing else
            with pytest.raises(IllegalRequestChange, match=f"request {number}: {before} -> {after}"):
                CHANGES[after](bench.ledger, number, job.job_id)
        if bench.ledger.request(number).state not in ENDED:
            bench.ledger.fail_request(number, reason="over", detail="the next one begins")


def test_a_path_waits_at_once_and_is_read_as_it_was_written(bench: Bench) -> None:
    asked = bench.ledger.add_request(
        RequestKind.PATH, b"/in/caf\xe9.mp4", force=True, location=(b"/in", b"caf\xe9.mp4")
    )
    expected = Request(
        1,
        RequestKind.PATH,
        b"/in/caf\xe9.mp4",
        S.WAITING,
        force=True,
        root=b"/in",
        path=b"caf\xe9.mp4",
        worker=bench.ledger.worker,
        created_at=bench.clock.wall(),
        updated_at=bench.clock.wall(),
    )
    assert asked == expected == bench.ledger.request(1)
    assert bench.ledger.waiting_requests(limit=10) == [expected]
    assert expected.file == b"/in/caf\xe9.mp4"


def test_requests_are_listed_by_state_and_in_pages(bench: Bench) -> None:
    numbers = [bench.ledger.add_request(RequestKind.URL, URL).request_id for _ in range(5)]
    bench.ledger.fail_request(numbers[3], reason="http_404", detail="not there")

    def listed(*states: RequestState, **options: int) -> list[int]:
        return [request.request_id for request in bench.ledger.requests(states or tuple(S), **options)]

    assert listed() == numbers[::-1]
    assert listed(S.FAILED) == [numbers[3]]
    assert listed(S.RECEIVED, before=numbers[2], limit=1) == [numbers[1]]


def test_each_download_is_begun_once_the_oldest_first(bench: Bench) -> None:
    upload = bench.ledger.add_request(RequestKind.UPLOAD, b"a.mp4")
    numbers = [bench.ledger.add_request(RequestKind.URL, URL).request_id for _ in range(3)]
    other = attach_ledger(bench.place, clock=bench.clock)
    claimed = [ledger.claim_download() for ledger in (bench.ledger, other, bench.ledger, other)]
    other.close()
    assert [found and (found.request_id, found.begun) for found in claimed] == [*((n, 1) for n in numbers), None]
    assert bench.ledger.request(upload.request_id).state is S.RECEIVED


def test_progress_is_noted_until_it_has_ended(bench: Bench) -> None:
    number = bench.ledger.add_request(RequestKind.URL, URL).request_id
    bench.ledger.claim_download()
    bench.ledger.note_progress(number, done=10, total=None)
    found = bench.ledger.request(number)
    assert (found.bytes_done, found.bytes_total) == (10, None)
    bench.ledger.fail_request(number, reason="timed_out", detail="too slow")
    bench.ledger.note_progress(number, done=20, total=30)
    assert bench.ledger.request(number).bytes_done == 10


def test_a_download_given_back_in_good_order_is_not_counted(bench: Bench) -> None:
    number = bench.ledger.add_request(RequestKind.URL, URL).request_id
    for _ in range(2 * MOST_BEGINNINGS):
        claimed = bench.ledger.claim_download()
        assert (claimed.request_id, claimed.begun) == (number, 1)
        bench.ledger.release_download(number)


def _of_the_dead(bench: Bench) -> Ledger:
    return replace(bench.ledger, worker=f"{of_this_host()}no-such-boot:{os.getpid()}:1")


def test_what_another_host_receives_is_left_to_it(bench: Bench, stock: Stock) -> None:
    other = replace(bench.ledger, worker=f"another-host/no-such-boot:{os.getpid()}:1")
    upload = other.add_request(RequestKind.UPLOAD, b"a.mp4")
    begun, untouched = other.add_request(RequestKind.URL, URL), other.add_request(RequestKind.URL, URL)
    assert other.database.place == bench.place
    with bench.ledger.database.write() as connection:
        connection.execute(
            update(requests).where(requests.c.request_id == begun.request_id).values(state=S.DOWNLOADING.value)
        )
    shared = stock.name == "postgresql"  # what lies in a file was this host's, under another name
    settled = {found.request_id for found in bench.ledger.recover_requests(lambda _request: False)}
    assert settled == (set() if shared else {upload.request_id, begun.request_id})
    claimed = bench.ledger.claim_download()
    assert (claimed is None) == shared
    assert bench.ledger.request(untouched.request_id).worker == other.worker


def test_what_a_dead_process_was_receiving_is_settled(bench: Bench) -> None:
    dead, alive = _of_the_dead(bench), bench.ledger
    path = dead.add_request(RequestKind.PATH, b"/in/a.mp4", location=(b"/in", b"a.mp4"))
    upload = dead.add_request(RequestKind.UPLOAD, b"a.mp4")
    url, untouched = dead.add_request(RequestKind.URL, URL), dead.add_request(RequestKind.URL, URL)
    mine = alive.add_request(RequestKind.UPLOAD, b"b.mp4")
    dead.claim_download()
    assert {found.request_id: found.state for found in alive.recover_requests(lambda _request: False)} == {
        upload.request_id: S.FAILED,
        url.request_id: S.RECEIVED,
    }
    states = [alive.request(each.request_id).state for each in (path, upload, url, untouched, mine)]
    assert states == [S.WAITING, S.FAILED, S.RECEIVED, S.RECEIVED, S.RECEIVED]
    assert alive.request(upload.request_id).reason == "interrupted"


def test_a_download_that_keeps_ending_its_process_is_given_up(bench: Bench) -> None:
    dead = _of_the_dead(bench)
    number = dead.add_request(RequestKind.URL, URL).request_id
    for _ in range(MOST_BEGINNINGS):
        assert dead.claim_download() is not None
        bench.ledger.recover_requests(lambda _request: False)
    found = bench.ledger.request(number)
    assert (found.state, found.reason, found.begun) == (S.FAILED, "interrupted", MOST_BEGINNINGS)


def test_what_ended_long_ago_is_forgotten(bench: Bench) -> None:
    ended, open_ = (bench.ledger.add_request(RequestKind.URL, URL).request_id for _ in range(2))
    bench.ledger.refuse_request(ended, reason="playlist", detail="one at a time")
    bench.clock.advance(KEPT_S + 1)
    assert bench.ledger.request(ended).state is S.REFUSED
    newest = bench.ledger.add_request(RequestKind.URL, URL).request_id
    assert [found.request_id for found in bench.ledger.requests()] == [newest, open_]
    with pytest.raises(UnknownRequest, match=f"no request {ended} "):
        bench.ledger.request(ended)


def test_what_is_open_is_on_its_way_or_came_to_nothing_of_late(bench: Bench) -> None:
    job = bench.settle(b"a.mp4", "one")
    numbers = {}
    for state in S:
        numbers[state] = bench.ledger.add_request(RequestKind.URL, state.value.encode()).request_id
        for step in WAY_TO[state]:
            CHANGES[step](bench.ledger, numbers[state], job.job_id)
        if state is S.RECEIVED:  # or the next one that is begun would be this one
            bench.ledger.fail_request(numbers[state], reason="over", detail="the next one begins")
    late = bench.clock.wall()

    def found(since: float, limit: int = 9) -> list[int]:
        return [one.request_id for one in bench.ledger.open_requests(ended_since=since, limit=limit)]

    moving = [numbers[S.WAITING], numbers[S.DOWNLOADING]]
    assert found(late) == [numbers[S.FAILED], numbers[S.REFUSED], *moving, numbers[S.RECEIVED]]
    assert found(late, limit=1) == [numbers[S.FAILED]]
    assert found(late + 1) == moving
    again = bench.ledger.add_request(RequestKind.URL, S.FAILED.value.encode()).request_id
    assert found(late) == [again, numbers[S.REFUSED], *moving, numbers[S.RECEIVED]], "it was asked for once more"
