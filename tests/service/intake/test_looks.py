"""A question that may never be answered: whoever asks goes on, and it is asked once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from service.intake.looks import PatientLook, SilenceError


class Folder:
    """Answers when it is let; counts who waits."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.asked = 0
        self.fault: BaseException | None = None

    def look(self) -> int:
        self.asked += 1
        self.free.wait()
        if self.fault is not None:
            raise self.fault
        return self.asked


@pytest.fixture
def folder() -> Iterator[Folder]:
    made = Folder()
    yield made
    made.free.set()


def test_an_answer_is_returned_and_the_next_question_asked_anew(folder: Folder) -> None:
    look = PatientLook(folder.look)
    folder.free.set()
    assert [look.answer(), look.answer()] == [1, 2]


def test_silence_is_told_and_nobody_is_asked_again_until_it_answers(folder: Folder) -> None:
    look = PatientLook(folder.look, patience_s=0.05)
    for _ in range(3):
        with pytest.raises(SilenceError, match="does not answer"):
            look.answer()
    assert folder.asked == 1
    folder.free.set()
    assert until(look.answer) == 1
    assert look.answer() == 2


@pytest.mark.parametrize("fault", [PermissionError(13, "denied"), TimeoutError(110, "of its own"), ValueError("a bug")])
def test_what_the_question_raises_is_raised(folder: Folder, fault: BaseException) -> None:
    folder.fault = fault
    folder.free.set()
    look = PatientLook(folder.look)
    for _ in range(2):
        with pytest.raises(type(fault), match=str(fault.args[-1])):
            look.answer()
    assert folder.asked == 2


def test_without_room_for_a_thread_it_is_this_host_that_is_short(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    look = PatientLook(folder.look)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        with pytest.raises(OSError, match="no room"):
            look.answer()
    folder.free.set()
    assert look.answer() == 1


def until(answer: Callable[[], int]) -> int:
    while True:
        try:
            return answer()
        except SilenceError:
            continue
