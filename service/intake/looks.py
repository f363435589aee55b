"""Questions to a folder that may never answer: a share whose server is gone holds whoever asks, for ever."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

PATIENCE_S: Final = 5.0
"""More than a share over a bad line takes, and little enough for the watchdog of those who wait meanwhile."""
SILENCE: Final = "it does not answer: the server or the program behind it is gone or stuck"

_AnswerT = TypeVar("_AnswerT")


class SilenceError(TimeoutError):
    """Nothing was answered in time; a server that says so itself raises `TimeoutError`."""

    def __init__(self) -> None:
        super().__init__(errno.ETIMEDOUT, SILENCE)


class PatientLook(Generic[_AnswerT]):
    """Asks one question at a time in a thread of its own; for one thread to ask.

    What was not answered in time is waited for and not asked again: each question would hold another thread.
    """

    def __init__(self, question: Callable[[], _AnswerT], *, patience_s: float = PATIENCE_S) -> None:
        self._question = question
        self._patience_s = patience_s
        self._asked: Future[_AnswerT] | None = None

    def answer(self) -> _AnswerT:
        """Return the answer; raises what the question raises, and `SilenceError` while there is none."""
        patience_s = 0.0
        if self._asked is None:
            self._asked, patience_s = self._begun(), self._patience_s
        asked = self._asked
        try:
            found = asked.exception(patience_s)
        except TimeoutError:
            raise SilenceError from None
        self._asked = None
        if found is not None:
            raise found
        return asked.result()

    def _begun(self) -> Future[_AnswerT]:
        asked: Future[_AnswerT] = Future()
        try:
            # A daemon: the program must be able to end, though this thread may not.
            threading.Thread(target=self._ask, args=(asked,), name="look", daemon=True).start()
        except RuntimeError as exc:
            raise OSError(errno.ENOMEM, "there is no room for another thread") from exc
        return asked

    def _ask(self, asked: Future[_AnswerT]) -> None:
        try:
            asked.set_result(self._question())
        except BaseException as exc:  # noqa: BLE001 - whoever asks is told, whatever it is
            asked.set_exception(exc)
