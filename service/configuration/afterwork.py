"""The settings of what follows a document: archiving, the webhook, retention, and what text is cleared of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from service.configuration.kinds import Directory, Seconds, Section, Whole

EventName = Literal["done", "failed", "rejected", "parked", "duplicate"]
RedactedKind = Literal["email", "phone", "id_number"]


def _absent(value: object) -> object:
    # TOML has no null: an empty text is how a setting says "none".
    return None if value == "" else value


OptionalPath = Annotated[Directory | None, BeforeValidator(_absent)]


class DoneSettings(Section):
    """What becomes of a source whose document is on disk."""

    after_done: Literal["keep", "move"]
    move_to: OptionalPath


class WebhookSettings(Section):
    """Who is told how videos ended; `url` is empty where nobody is."""

    url: str
    secret_file: OptionalPath
    events: tuple[EventName, ...] = Field(min_length=1)
    timeout_s: Annotated[float, Field(strict=True, gt=0, le=30, allow_inf_nan=False)]
    retry_first_s: Seconds
    retry_most_s: Seconds
    give_up_h: Seconds

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        try:
            known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known or parts.username or parts.fragment or not value.isascii() or not value.isprintable():
            raise ValueError('expected a URL like "https://host/path", without a user name or a fragment')
        return value

    @property
    def announces(self) -> tuple[str, ...]:
        """The states of jobs of which somebody is told; none without a URL."""
        return self.events if self.url else ()


class RetentionSettings(Section):
    """How many days what was found out is kept; 0 keeps it."""

    keyframes_days: Whole
    transcripts_days: Whole
    documents_days: Whole


class PrivacySettings(Section):
    """What text is cleared of before it is stored; `phone_regions` says whose numbers are known without a + sign."""

    redact: tuple[RedactedKind, ...]
    phone_regions: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")], ...] = Field(min_length=1)


def credential(path: Path | None, credentials: str | None) -> Path | None:
    """Return the file of the webhook's secret: as set, else systemd's credential `webhook-secret`, else None."""
    if path is not None:
        return path
    return Path(credentials) / "webhook-secret" if credentials else None
