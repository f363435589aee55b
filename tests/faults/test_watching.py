"""A share that does not answer, and a watcher that hears nothing any more."""

from __future__ import annotations

import errno
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from films import film
from intake_bench import WINDOW_S, Bench

from service.intake import roots, scan
from service.intake import watch as watch_module
from service.intake.settings import IntakeSettings
from service.intake.watch import InotifyWatch

HOUR_S = 3600.0
SWEEP_S = IntakeSettings().sweep_s


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


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "in").mkdir()
    made = Bench(tmp_path / "in", watch_factory=InotifyWatch)
    yield made
    made.intake.stop()


def watch_of(bench: Bench) -> InotifyWatch:
    watch = bench.intake._inboxes[0]._watch._watch
    assert isinstance(watch, InotifyWatch)
    return watch


def emitter_ends(bench: Bench, _patch: pytest.MonkeyPatch) -> None:
    for emitter in watch_of(bench)._observer.emitters:
        emitter.stop()
        emitter.join()


def handler_raises(bench: Bench, patch: pytest.MonkeyPatch) -> None:
    """An exception in a handler ends watchdog's dispatcher, which tells nobody."""
    patch.setattr(watch_module.HintBox, "note", refusing([], bench, errno.EIO))
    patch.setattr(threading, "excepthook", lambda _: None)
    (bench.root / "noticed.txt").touch()
    observer = watch_of(bench)._observer
    observer.join(timeout=20)
    assert not observer.is_alive()
    patch.undo()


def hears_nothing(bench: Bench, _patch: pytest.MonkeyPatch) -> None:
    """Every thread is alive, and no event comes: what an unmount does to inotify."""
    silent = os.eventfd(0)
    os.dup2(silent, watch_of(bench)._inotify._inotify_fd)
    os.close(silent)


@pytest.mark.fault("a watcher ends, or hears nothing any more")
@pytest.mark.parametrize("break_it", [emitter_ends, handler_raises, hears_nothing], ids=lambda act: act.__name__)
def test_a_watcher_that_is_deaf_is_replaced(
    watched: Bench, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[Bench, pytest.MonkeyPatch], None]
) -> None:
    watched.run(30)
    first = watch_of(watched)
    break_it(watched, monkeypatch)
    video = film(watched.root / "a.mp4")
    watched.run(2 * SWEEP_S + WINDOW_S)
    assert watched.state(video) == "queued"
    assert watch_of(watched) is not first
    assert watch_of(watched).problem is None
    assert [len(watched.emit.named(name)) for name in ("watch.degraded", "watch.rebuilt")] == [1, 1]


@pytest.mark.fault("a watcher ends, or hears nothing any more")
def test_nothing_is_lost_between_one_watcher_and_the_next(watched: Bench) -> None:
    """A file for each of thirty restarts, just before it, while it goes on, or just after it."""
    watched.run(2)
    videos = []
    for number in range(30):
        restart = threading.Thread(target=watched.intake._inboxes[0]._watch.restart, kwargs={"now": 0.0})
        videos.append(film(watched.root / f"{number}.mp4"))
        restart.start()
        videos.append(film(watched.root / f"{number}-while.mp4"))
        restart.join()
        watched.run(1)
    watched.run(2 * SWEEP_S + WINDOW_S)
    assert {watched.state(video) for video in videos} == {"queued"}


@pytest.mark.fault("thousands of folders that are never looked into")
def test_folders_of_a_nas_take_no_watches(watched: Bench) -> None:
    for number in range(2_000):
        (watched.root / f"album{number % 4}" / "@eaDir" / str(number)).mkdir(parents=True)
    watched.intake._inboxes[0]._watch.restart(now=0.0)
    watched.run(2)
    assert len(watch_of(watched)._inotify._watch_for_wd) == 5


@pytest.mark.fault("a writer holds a file open for long")
def test_a_file_held_open_is_waited_for_without_end(bench: Bench) -> None:
    video = film(bench.root / "a.mp4")
    with video.open("ab"):
        bench.run(600)
        assert bench.state(video) == "waiting"
        assert len([told for told in bench.emit.named("file.waiting") if told["reason"] == "writer"]) == 1
    bench.run(30 + WINDOW_S)
    assert bench.state(video) == "queued"
