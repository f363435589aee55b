"""Signatures of webhook messages, as Standard Webhooks 1.0.0 has them (standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from service.errors import ConfigError

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64
_MAKE = "printf 'whsec_%s\\n' \"$(head -c 32 /dev/urandom | base64 -w0)\""
"""The shell command that makes a secret."""


def read_secrets(path: Path | None) -> tuple[bytes, ...]:
    """Return the secrets in a file, one a line, the present one first; raises `ConfigError` when there is none."""
    if path is None:
        raise ConfigError(
            f"webhook.url is set, but no secret to sign with. Make one ({_MAKE} > FILE), give it to the receiver and "
            "name it in webhook.secret_file, or as systemd's credential webhook-secret."
        )
    try:
        lines = path.read_text(encoding="ascii").split()
    except OSError as exc:
        raise ConfigError(f"webhook.secret_file = {path}: cannot be read: {exc.strerror}. Make it: {_MAKE}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"webhook.secret_file = {path}: holds no secret. Make one: {_MAKE}") from exc
    if not lines:
        raise ConfigError(f"webhook.secret_file = {path}: is empty. Make a secret: {_MAKE}")
    return tuple(_secret(line, path, number) for number, line in enumerate(lines, start=1))


def sign(secrets: Sequence[bytes], *, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: one `v1` signature (HMAC-SHA256) for each secret, by spaces."""
    content = b".".join((message_id.encode(), str(timestamp_s).encode(), body))
    digests = (hmac.new(secret, content, hashlib.sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _secret(line: str, path: Path, number: int) -> bytes:
    # The secret itself must never come into a message.
    where = f"webhook.secret_file = {path}, line {number}"
    if not line.startswith(PREFIX):
        raise ConfigError(f"{where}: a secret begins with {PREFIX}. Make one: {_MAKE}")
    try:
        secret = base64.b64decode(line.removeprefix(PREFIX), validate=True)
    except binascii.Error as exc:
        raise ConfigError(f"{where}: what follows {PREFIX} is not base64. Make a secret: {_MAKE}") from exc
    if not LEAST_BYTES <= len(secret) <= MOST_BYTES:
        raise ConfigError(f"{where}: {len(secret)} bytes, but {LEAST_BYTES} to {MOST_BYTES} are needed. {_MAKE}")
    return secret
