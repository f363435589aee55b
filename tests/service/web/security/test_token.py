"""The token's file, and sessions made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import ConfigError
from service.web.security.token import SESSION_S, Token, read_token

SECRET = "s" * 40


def test_from_a_file_a_credential_or_nowhere(tmp_path: Path) -> None:
    (tmp_path / "web-token").write_text(f"{SECRET}\n")
    assert read_token(None, None) is None
    assert read_token(None, str(tmp_path / "elsewhere")) is None
    for path, credentials in [(tmp_path / "web-token", None), (None, str(tmp_path))]:
        token = read_token(path, credentials)
        assert token is not None
        assert token.matches(SECRET)
        assert not token.matches(SECRET + "s")
        assert SECRET not in repr(token)


@pytest.mark.parametrize("content", [b"", b"short", b"two words of which each is quite long", b"\xc3\xa5" * 40])
def test_a_bad_file_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(ConfigError, match=r"web\.token_file") as refused:
        read_token(tmp_path / "t", None)
    assert not content or content.decode(errors="replace") not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_token(tmp_path / "t", None)


def test_a_credential_that_may_not_be_read_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "web-token").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_token(None, str(tmp_path))


def test_sessions_end_by_time_and_with_the_token() -> None:
    token = Token(SECRET.encode())
    session = token.session(1000.0)
    assert token.knows(session, 1000.0)
    assert not token.knows(session, 1000.0 + SESSION_S)
    assert not Token(b"another" * 9).knows(session, 1000.0)


@pytest.mark.parametrize("forged", ["", ".", "99999999999", "99999999999.", "99999999999.00", "x.y", "9.é"])
def test_forged_sessions_are_unknown(forged: str) -> None:
    assert not Token(SECRET.encode()).knows(forged, 0.0)


def test_the_end_of_a_session_is_sealed() -> None:
    token = Token(SECRET.encode())
    end, _, seal = token.session(0.0).partition(".")
    assert not token.knows(f"{int(end) + 1}.{seal}", 0.0)
