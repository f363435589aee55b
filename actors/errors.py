"""The errors that cross an actor's edge; third-party exceptions are translated into these where they arise.

ActorError
├── BadInput            the bytes are at fault: never retried
├── SourceChanged       the file is no longer the generation that was claimed: its successor is new work
├── Transient           may pass: retried with back-off
│   └── OutOfMemory     a single item did not fit: the actor is replaced before the video is tried again
├── EnvironmentFault    the host is at fault (disk full, root gone): work pauses, no attempt is spent
├── BackendUnavailable  a library, model or device is missing: the stage says `unavailable`
└── PullFailed          a model's files could not be fetched: only `reelwatch models` meets it
"""


class ActorError(Exception):
    """An expected failure inside an actor; `reason` is a short stable code, the message is for people."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message or reason

    def __str__(self) -> str:
        return self.message


class BadInput(ActorError):  # noqa: N818 - reads as what it is: `raise BadInput("no_streams", …)`
    """The file itself cannot be processed; trying again would fail again."""


class SourceChanged(ActorError):  # noqa: N818 - as above
    """The descriptor's fstat differs from the claimed generation, before or after reading."""


class Transient(ActorError):  # noqa: N818 - as above
    """A failure that may pass by itself."""


class OutOfMemory(Transient):
    """Memory ran out although there was nothing left to make smaller; the process may be left in a bad state."""


class EnvironmentFault(ActorError):  # noqa: N818 - as above
    """The host cannot carry the work out at present (ENOSPC, EDQUOT, EROFS, EIO on the output)."""


class BackendUnavailable(ActorError):  # noqa: N818 - as above
    """The backend cannot be loaded here; the message says what is missing and what would mend it."""


class PullFailed(ActorError):  # noqa: N818 - as above
    """A model could not be fetched, converted or stored; the message says why and what to do."""
