"""Delivers announcements from the ledger to the webhook: at least once, in order for each video, until given up."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from service import __version__
from service.bookkeeping import Emit
from service.clock import Clock
from service.housekeeping.errand import Errand
from service.housekeeping.message import Greeting, TestMessage, body_of, instant, rendered
from service.housekeeping.post import Answer, Post
from service.housekeeping.signature import sign
from service.ledger.afterwork_values import DELIVERED, FAILED, Announcement
from service.ledger.announcements import GONE
from service.ledger.ledger import Ledger

AT_ONCE = 50
DELIVERED_KEPT_S = 7 * 86_400.0
FAILED_KEPT_S = 30 * 86_400.0
"""How long what has ended can still be looked at."""
_TIDY_EVERY_S = 3600.0
_UNREAD = frozenset({408, 425, 429})
"""Statuses that say nothing against the message: it is the receiver that is not ready."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited after a first failure and at most, and how long after its first try a message is given up."""

    first_s: float
    most_s: float
    give_up_s: float

    def wait_s(self, failures: int) -> float:
        """Return the wait after so many failures in a row, with jitter: receivers that come back meet no crowd."""
        return min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30)) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where messages go, and the secrets they are signed with."""

    url: str
    secrets: Sequence[bytes]
    post: Post

    def send(self, message_id: str, body: bytes, *, wall_s: float) -> Answer:
        """Post one message, signed as of now."""
        timestamp_s = int(wall_s)
        headers = {
            "content-type": "application/json",
            "user-agent": f"reelwatch/{__version__}",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": sign(self.secrets, message_id=message_id, timestamp_s=timestamp_s, body=body),
        }
        return self.post(self.url, body, headers)

    def greet(self, *, wall_s: float) -> Answer:
        """Post a test message."""
        message = TestMessage(timestamp=instant(wall_s), data=Greeting(version=__version__))
        return self.send(f"msg_{uuid.uuid4().hex}", rendered(message), wall_s=wall_s)


class Webhook:
    """The task. While the receiver does not answer, nobody's message but the next one due is tried."""

    name = "webhook"

    def __init__(self, endpoint: Endpoint, patience: Patience, *, ledger: Ledger, clock: Clock, emit: Emit) -> None:
        self._endpoint = endpoint
        self._patience = patience
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._failures = 0
        self._resumes_s = 0.0
        self._tidied_s = -math.inf

    def errands(self) -> list[Errand]:
        """Return what is due of the outbox; nothing while the receiver is left in peace."""
        self._tidy()
        if self._ledger.webhook_refused():
            return []
        if self._resumes_s == math.inf:
            self._resumes_s = 0.0  # somebody has had the receiver tried again
        if self._clock.monotonic() < self._resumes_s:
            return []
        due = self._ledger.due_announcements(self._clock.wall(), limit=AT_ONCE)
        return [Errand(said.message_id, lambda said=said: self._deliver(said), _about(said)) for said in due]  # type: ignore[misc] # mypy cannot infer a lambda with a default

    def wait_s(self) -> float:
        """Return in how many seconds the next message is due."""
        due_at = self._ledger.next_announcement_at()
        if due_at is None or self._ledger.webhook_refused():
            return math.inf
        return max(due_at - self._clock.wall(), self._resumes_s - self._clock.monotonic(), 0.0)

    def _deliver(self, said: Announcement) -> None:
        if self._clock.monotonic() < self._resumes_s:
            return  # another message of the same round has just found that nobody listens
        answer = self._endpoint.send(said.message_id, body_of(said), wall_s=self._clock.wall())
        if answer.accepted:
            self._failures, self._resumes_s = 0, 0.0
            self._ledger.delivered(said.announcement_id, answer=answer.text)
            self._emit("webhook.delivered", **_about(said), attempt=said.attempts + 1)
        elif answer.text == GONE:
            self._resumes_s = math.inf
            self._give_up(said, answer, remedy="correct or remove webhook.url, then run `reelwatch webhook retry`")
        elif said.first_try_at is not None and self._clock.wall() - said.first_try_at >= self._patience.give_up_s:
            self._give_up(said, answer, remedy="mend the receiver, then run `reelwatch webhook retry`")
        else:
            self._try_later(said, answer)

    def _try_later(self, said: Announcement, answer: Answer) -> None:
        wait_s = max(self._patience.wait_s(said.attempts + 1), answer.retry_after_s)
        if answer.code is None or answer.code >= 500 or answer.code in _UNREAD:  # noqa: PLR2004 - the class of server errors
            self._failures += 1
            pause_s = max(self._patience.wait_s(self._failures), answer.retry_after_s)
            self._resumes_s = self._clock.monotonic() + pause_s
        self._ledger.announce_later(said.announcement_id, not_before=self._clock.wall() + wait_s, answer=answer.text)
        told = {"attempt": said.attempts + 1, "reason": answer.text, "retry_in_s": round(wait_s, 1)}
        self._emit("webhook.retry", **_about(said), **told)

    def _give_up(self, said: Announcement, answer: Answer, *, remedy: str) -> None:
        self._ledger.give_up_announcement(said.announcement_id, answer=answer.text)
        told = {"attempt": said.attempts + 1, "reason": answer.text, "remedy": remedy}
        self._emit("webhook.failed", **_about(said), **told)

    def _tidy(self) -> None:
        if self._clock.monotonic() >= self._tidied_s + _TIDY_EVERY_S:
            self._tidied_s = self._clock.monotonic()
            self._ledger.forget_announcements(DELIVERED, before=self._clock.wall() - DELIVERED_KEPT_S)
            self._ledger.forget_announcements(FAILED, before=self._clock.wall() - FAILED_KEPT_S)


def _about(said: Announcement) -> dict[str, object]:
    told: dict[str, object] = {"message_id": said.message_id, "kind": said.kind, "job": said.job_id, "path": said.path}
    return told | ({"video_id": said.sha256[:16]} if said.sha256 else {})
