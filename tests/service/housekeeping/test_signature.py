"""Signatures: the published vector, several secrets, and secrets that are none."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from service.errors import ConfigError
from service.housekeeping.signature import read_secrets, sign

# The example of the reference libraries of standard-webhooks (libraries/*/…test…), Apache-2.0.
KNOWN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = {"message_id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "timestamp_s": 1614265330, "body": b'{"test": 2432232314}'}
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER = "whsec_" + base64.b64encode(bytes(32)).decode()


def secrets(tmp_path: Path, text: str) -> tuple[bytes, ...]:
    path = tmp_path / "secret"
    path.write_text(text)
    return read_secrets(path)


def test_it_is_what_the_reference_libraries_make(tmp_path: Path) -> None:
    assert sign(secrets(tmp_path, f"{KNOWN}\n"), **MESSAGE) == SIGNATURE


def test_a_former_secret_still_signs(tmp_path: Path) -> None:
    both = sign(secrets(tmp_path, f"{OTHER}\n{KNOWN}\n"), **MESSAGE).split(" ")
    assert both[1] == SIGNATURE
    assert both[0] == sign(secrets(tmp_path, OTHER), **MESSAGE)


NONE: dict[str, tuple[str, str]] = {
    "nothing": ("", "is empty"),
    "without its prefix": (KNOWN.removeprefix("whsec_"), "line 1: a secret begins with whsec_"),
    "no base64": ("whsec_no base64", "not base64"),
    "too short": ("whsec_" + base64.b64encode(bytes(23)).decode(), "23 bytes, but 24 to 64"),
    "too long": ("whsec_" + base64.b64encode(bytes(65)).decode(), "65 bytes, but 24 to 64"),
    "the second is none": (f"{KNOWN}\nwhsec_!", "line 2"),
    "binary": ("\udcff", "holds no secret"),
}


@pytest.mark.parametrize(("text", "said"), NONE.values(), ids=NONE.keys())
def test_what_is_no_secret_is_refused_without_being_shown(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=said) as refused:
        read_secrets(path)
    assert "/dev/urandom" in str(refused.value), "the message says how to make one"
    assert KNOWN[6:] not in str(refused.value)


@pytest.mark.parametrize("path", [None, Path("/nowhere/secret")])
def test_no_secret_at_all(path: Path | None) -> None:
    with pytest.raises(ConfigError, match="secret"):
        read_secrets(path)
