"""Damaged files in the inbox of the real service: it lives, and each of them ends in a named state in time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fuzz_rounds import SETTINGS, fuzz
from mutants import seeds
from processes import Home

ENDS = {"done", "duplicate", "superseded", "rejected(not_media)", "rejected(not_video)", "rejected(undecodable)"}
ENDS |= {"rejected(no_streams)", "rejected(encrypted)", "rejected(absurd_header)", "rejected(too_large)"}
ENDS |= {"rejected(memory_limit)"}


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("files", "seed"),
    [
        pytest.param(60, 7, id="60-files", marks=pytest.mark.timeout(400)),
        pytest.param(2000, 1, id="2000-files", marks=[pytest.mark.long, pytest.mark.timeout(7200)]),
    ],
)
def test_the_service_lives_and_every_file_ends(corpus: Path, tmp_path: Path, files: int, seed: int) -> None:
    tally = fuzz(Home(tmp_path, SETTINGS), seeds(corpus), files=files, seed=seed)
    assert (tally.service_deaths, tally.without_end, tally.bugs) == (0, [], [])
    assert tally.over_deadline == [], tally.slowest_name
    assert sum(tally.ends.values()) >= files * 0.95, "empty files alone may wait"
    parked = sum(count for end, count in tally.ends.items() if end.startswith("parked"))
    assert set(tally.ends) - ENDS <= {"parked(died_twice)"}, json.dumps(tally.ends)
    assert len(tally.deaths) >= 2 * parked, "nothing is parked that took no decoder down"
    assert tally.ends["done"] > files / 10, "too little was left whole to show anything"
    assert tally.strangers == []
