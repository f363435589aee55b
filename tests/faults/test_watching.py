"""A share that does not answer, and a watcher that hears nothing any more."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from films import film
from intake_bench import WINDOW_S, Bench

from service.intake import roots, scan

HOUR_S = 3600.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "in").mkdir()
    made = Bench(tmp_path / "in")
    yield made
    made.intake.stop()


def refusing(asked: list[float], bench: Bench, number: int) -> Any:
    def refuse(*_: object) -> Any:
        asked.append(bench.clock.monotonic())
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.fault("an inbox's server does not answer")
@pytest.mark.parametrize(
    "number", [errno.ESTALE, errno.EIO, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.ENOTCONN], ids=errno.errorcode.get
)
def test_a_share_that_does_not_answer_is_asked_ever_more_rarely(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    video, waiting = film(bench.root / "a.mp4"), bench.root / "empty.mp4"
    waiting.touch()
    bench.run(WINDOW_S + 2)
    asked: list[float] = []
    with monkeypatch.context() as patched:
        patched.setattr(roots.RootIdentity, "of", refusing(asked, bench, number))
        bench.run(HOUR_S)
    pauses = [round(later - sooner) for sooner, later in itertools.pairwise(asked)]
    assert pauses[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(pauses[6:]) == {60}
    assert [told["detail"] for told in bench.emit.named("root.lost")] == [os.strerror(number)]
    assert (bench.state(video), bench.state(waiting)) == ("queued", "waiting")
    bench.run(62)
    assert len(bench.emit.named("root.back")) == 1
    later = film(bench.root / "b.mp4")
    bench.run(40)
    assert (bench.state(video), bench.state(later)) == ("queued", "queued")
    assert not bench.emit.named("file.gone")


@pytest.mark.fault("an inbox's server does not answer")
@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EHOSTDOWN], ids=errno.errorcode.get)
def test_a_listing_that_breaks_off_leaves_the_last_one_standing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The folder answers, and reading it fails half-way: every time."""
    video = film(bench.root / "a.mp4")
    bench.run(WINDOW_S + 2)
    with monkeypatch.context() as patched:
        patched.setattr(scan.Scanner, "_fill", refusing([], bench, number))
        bench.run(HOUR_S)
    assert bench.state(video) == "queued"
    assert not bench.emit.named("file.gone")
    assert [told["detail"] for told in bench.emit.named("scan.failed")] == [
        f"the folder cannot be listed: {os.strerror(number)}; what lies in it is not seen"
    ]


@pytest.mark.fault("no file descriptor is left")
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM], ids=errno.errorcode.get)
def test_a_shortage_of_ours_says_nothing_about_the_folder(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    video = film(bench.root / "a.mp4")
    bench.run(WINDOW_S + 2)
    with monkeypatch.context() as patched:
        patched.setattr(roots.RootIdentity, "of", refusing([], bench, number))
        patched.setattr(scan.Scanner, "_fill", refusing([], bench, number))
        bench.run(HOUR_S)
    assert bench.state(video) == "queued"
    assert not bench.emit.named("file.gone") + bench.emit.named("root.lost")
