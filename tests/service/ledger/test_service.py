"""What the service notes about itself."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from service.ledger.ledger import read_ledger
from service.ledger.values import ServiceStart, WorkPause

if TYPE_CHECKING:
    from conftest import Bench

START = ServiceStart((b"/in", b"/caf\xe9\n"), (".mp4", ".mov"), b"/out\xff", "gpu", "k" * 64, os.getpid())
PAUSE = WorkPause("disk_full", b"/out\xff", 512)


def test_a_start_is_kept_for_others_to_read_and_replaced_by_the_next(bench: Bench) -> None:
    assert bench.ledger.service_start() is None
    bench.ledger.note_start(START)
    bench.clock.advance(60.0)
    bench.ledger.note_start(replace(START, profile="cpu"))
    reader = read_ledger(bench.place)
    assert reader.service_start() == replace(START, profile="cpu", started_at=bench.clock.wall())
    reader.close()


def test_a_pause_is_kept_with_its_time_until_it_is_over(bench: Bench) -> None:
    assert bench.ledger.work_pause() is None
    bench.ledger.note_pause(PAUSE)
    since = bench.clock.wall()
    bench.clock.advance(60.0)
    assert bench.ledger.work_pause() == replace(PAUSE, since=since)
    bench.ledger.note_pause(None)
    assert bench.ledger.work_pause() is None


def test_no_pause_over_no_pause_costs_no_write(bench: Bench) -> None:
    version = bench.ledger.data_version()
    bench.ledger.note_pause(None)
    assert bench.ledger.data_version() == version
