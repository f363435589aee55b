"""watchdog as it is, on a real folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD, Mask

from service.intake import watch as watch_module
from service.intake.names import NamePolicy
from service.intake.scan import Fence
from service.intake.watch import HintBox, InotifyWatch, WatchError

Started = tuple[InotifyWatch, HintBox, threading.Event]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Started]]:
    watches: list[InotifyWatch] = []

    def make() -> Started:
        wake = threading.Event()
        root = os.fsencode(tmp_path)
        hints = HintBox(root, wake)
        fence = Fence(root, NamePolicy(), excluded=(root + b"/out",))
        watches.append(InotifyWatch(root, fence.keeps_out_absolute, hints))
        return watches[-1], hints, wake

    yield make
    for watch in watches:
        watch.stop()


def take(hints: HintBox, eventually: Callable[..., None], *wanted: bytes) -> set[bytes]:
    got: set[bytes] = set()

    def collect() -> bool:
        got.update(hints.take().directories)
        return set(wanted) <= got

    eventually(collect)
    return got


@pytest.mark.parametrize(
    "act",
    [
        lambda root: (root / "x.mp4").write_bytes(b"x"),
        lambda root: (root.parent / "outside.mp4").rename(root / "x.mp4"),
        lambda root: os.link(root.parent / "outside.mp4", root / "x.mp4"),
        lambda root: (root / "old.mp4").rename(root / "x.mp4"),
        lambda root: (root / "old.mp4").unlink(),
        lambda root: (root / "sub" / "x.mp4").touch(),
        lambda root: (root.parent / "tree").rename(root / "tree"),
    ],
    ids=["write", "move in", "link in", "rename", "delete", "below", "tree moved in"],
)
def test_what_happens_becomes_a_hint_on_its_directory(
    tmp_path: Path, eventually: Callable[..., None], act: Callable[[Path], object]
) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "tree").mkdir()
    for file in (tmp_path / "outside.mp4", root / "old.mp4", tmp_path / "tree" / "y.mp4"):
        file.touch()
    wake = threading.Event()
    hints = HintBox(os.fsencode(root), wake)
    watch = InotifyWatch(os.fsencode(root), lambda _: False, hints)
    try:
        act(root)
        assert wake.wait(5)
        take(hints, eventually, b"sub" if (root / "sub" / "x.mp4").exists() else b"")
        assert watch.problem is None
    finally:
        watch.stop()


def test_pruned_and_excluded_directories_are_not_watched(
    tmp_path: Path, start: Callable[[], Started], eventually: Callable[..., None]
) -> None:
    for name in ("@eaDir", ".git", "out", "kept"):
        (tmp_path / name).mkdir()
    watch, hints, _ = start()
    for name in ("@eaDir", ".git", "out", "kept"):
        (tmp_path / name / "x.mp4").touch()
    assert take(hints, eventually, b"kept") == {b"kept"}
    assert len(watch._inotify._watch_for_wd) == 2


def test_an_overflow_is_made_known(start: Callable[[], Started]) -> None:
    """The kernel's message, given as the kernel gives it; a real overflow needs a sysctl."""
    watch, hints, wake = start()
    watch._inotify.handle_event(InotifyEvent(-1, InotifyConstants.IN_Q_OVERFLOW, 0, b""))  # type: ignore[arg-type]
    assert wake.is_set()
    taken = hints.take()
    assert (taken.everywhere, taken.overflowed) == (True, True)
    assert hints.take() == type(taken)()


def test_the_watch_limit_is_found_below_the_root_where_watchdog_is_silent(
    tmp_path: Path, start: Callable[[], Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    real = InotifyFD.add_callback

    def limited(self: InotifyFD, path: bytes, mask: Mask, *rest: object) -> object:
        if path.endswith(b"/sub"):
            raise OSError(28, "inotify watch limit reached")
        return real(self, path, mask, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(InotifyFD, "add_callback", limited)
    watch, _, _ = start()
    assert watch.problem is not None
    assert watch.problem.lasting
    assert "fs.inotify.max_user_watches" in watch.problem.detail


@pytest.mark.parametrize(
    ("error", "reason"),
    [(24, "instance_limit"), (28, "watch_limit"), (38, "unwatchable")],
    ids=["EMFILE", "ENOSPC", "ENOSYS"],
)
def test_no_inotify_is_an_error_with_a_remedy(
    start: Callable[[], Started], monkeypatch: pytest.MonkeyPatch, error: int, reason: str
) -> None:
    def refuse() -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(InotifyFD, "_create_inotify_fd", staticmethod(refuse))
    with pytest.raises(WatchError) as raised:
        start()
    assert raised.value.problem.reason == reason


def test_a_missing_root_is_an_error(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path / "absent")
    with pytest.raises(WatchError, match="cannot be watched"):
        InotifyWatch(root, lambda _: False, HintBox(root, threading.Event()))


def test_a_watcher_whose_thread_ends_says_so(start: Callable[[], Started], eventually: Callable[..., None]) -> None:
    watch, _, _ = start()
    assert watch.problem is None
    for emitter in watch._observer.emitters:
        emitter.stop()
    eventually(lambda: watch.problem is not None and watch.problem.reason == "ended")


def test_hints_are_directories_and_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "_MAX_HINTS", 10)
    hints = HintBox(b"/inbox", threading.Event())
    for number in range(10_000):
        hints.note(b"/inbox/sub/%d.mp4" % number)
    assert hints.take().directories == {b"sub"}
    for number in range(1000):
        hints.note(b"/inbox/%d/x.mp4" % number)
    taken = hints.take()
    assert (len(taken.directories), taken.everywhere) == (10, True)


@pytest.mark.parametrize(
    ("root", "path", "directory"),
    [
        (b"/inbox", b"/inbox/x.mp4", b""),
        (b"/inbox", b"/inbox/a/b/x.mp4", b"a/b"),
        (b"/inbox", b"/inbox", b""),
        (b"/", b"/a/x.mp4", b"a"),
        (b"/inbox", b"/inbox/\xff/x.mp4", b"\xff"),
    ],
)
def test_the_directory_of_a_path(root: bytes, path: bytes, directory: bytes) -> None:
    hints = HintBox(root, threading.Event())
    hints.note(path)
    assert hints.take().directories == {directory}
