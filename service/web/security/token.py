"""The token that lets somebody in, and the session that a browser gets for it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from service.errors import ConfigError

LEAST_CHARACTERS = 32
CREDENTIAL = "web-token"
SESSION_S = 14 * 86_400
_MAKE = "openssl rand -hex 32"


@dataclass(frozen=True)
class Token:
    """A secret; compared in constant time, never shown.

    A session is stateless: its end and an HMAC-SHA256 of it under the token, so that a new token ends all sessions.
    """

    secret: bytes

    def __repr__(self) -> str:
        return "Token(…)"

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds a session: one for each token.

        A browser keeps one jar for all ports of a host. Of one name, two web faces there would log each other out.
        """
        return f"reelwatch_{self._seal('cookie')[:8]}"

    def matches(self, given: str) -> bool:
        """Say whether this is the token."""
        return hmac.compare_digest(_digest(self.secret), _digest(given.encode()))

    def session(self, now_s: float) -> str:
        """Return the value of a cookie that is good for `SESSION_S` from now on; wall-clock seconds."""
        end = str(int(now_s) + SESSION_S)
        return f"{end}.{self._seal(_session(end))}"

    def knows(self, session: str, now_s: float) -> bool:
        """Say whether this is a session of ours that has not ended."""
        end, _, seal = session.partition(".")
        if not hmac.compare_digest(self._seal(_session(end)).encode(), seal.encode()):
            return False
        return now_s < int(end)

    def _seal(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()


def read_token(path: Path | None, credentials: str | None) -> Token | None:
    """Return the token in a file, else in systemd's credential, else None; raises `ConfigError` for a bad file.

    credentials: systemd's `$CREDENTIALS_DIRECTORY`, None where there is none.
    """
    file = path or (Path(credentials) / CREDENTIAL if credentials else None)
    if file is None:
        return None
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError as exc:
        if path is None and isinstance(exc, FileNotFoundError):
            return None
        raise ConfigError(f"web.token_file = {file}: cannot be read: {exc.strerror}. Make it: {_MAKE}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"web.token_file = {file}: a token is ASCII. Make one: {_MAKE}") from exc
    if len(text) < LEAST_CHARACTERS or len(text.split()) != 1:
        raise ConfigError(
            f"web.token_file = {file}: expected one line of at least {LEAST_CHARACTERS} characters. Make one: {_MAKE}"
        )
    return Token(text.encode())


def _session(end: str) -> str:
    return f"session {end}"


def _digest(text: bytes) -> bytes:
    # compare_digest tells the length apart; digests all have the same.
    return hashlib.sha256(text).digest()
