"""`reelwatch webhook`: what is told to another program, whether it arrives, and trying again."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from service.cli import common, ledgers, services
from service.cli.common import printable
from service.errors import ConfigError

if TYPE_CHECKING:
    from service.ledger.afterwork_values import Announcement

_LISTED = 50


@click.group(short_help="Test the webhook, list what it was not told yet, try again.")
def webhook() -> None:
    """Test the webhook, list what it was not told yet, try again what was given up."""


@webhook.command(short_help="Send a test message and show the answer.")
@common.takes_settings()
@click.pass_context
def test(context: click.Context, *, settings: common.Settings) -> None:
    """Send a signed message of the type `reelwatch.test`; exits 1 unless the receiver takes it (2xx)."""
    from service.housekeeping.assembly import make_endpoint  # noqa: PLC0415 - keeps --help fast

    endpoint = make_endpoint(settings.load().configuration)
    if endpoint is None:
        raise ConfigError("webhook.url is not set: nobody is told. Set it in the settings file.")
    answer = endpoint.greet(wall_s=time.time())
    click.echo(f"{endpoint.url}: {answer.text}{'' if answer.accepted else ': the message was not taken'}")
    context.exit(0 if answer.accepted else 1)


@webhook.command("list", short_help="List messages that wait or were given up.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every message.")
@common.takes_settings()
def list_messages(*, as_json: bool, settings: common.Settings) -> None:
    """List the messages that wait for the receiver or were given up, the newest first."""
    with ledgers.reading(settings.load().configuration) as ledger:
        found = ledger.announcements(["pending", "failed"])
    if as_json:
        click.echo(json.dumps([_entry(said) for said in found], ensure_ascii=False, indent=2))
        return
    for said in found[:_LISTED]:
        entry = _entry(said)
        again = f", again at {ledgers.clock(said.not_before)}" if said.state == "pending" and said.attempts else ""
        answer = f", {said.answer}" if said.answer else ""
        click.echo(f"{entry['state']:8} {entry['type']} {entry['path']}: {said.attempts} tries{answer}{again}")
    if len(found) > _LISTED:
        click.echo(f"… and {len(found) - _LISTED} more (--json lists all)")
    if not found:
        click.echo("Nothing waits, and nothing was given up.")


@webhook.command(short_help="Try again what was given up.")
@common.takes_settings()
def retry(*, settings: common.Settings) -> None:
    """Have every message sent again that was given up, also to a receiver that answered 410 Gone."""
    configuration = settings.load().configuration
    with ledgers.writing(configuration) as ledger:
        count = ledger.retry_announcements()
        click.echo(f"{count} messages are tried again.")
        services.hint(ledger, configuration, "send them")


def _entry(said: Announcement) -> dict[str, Any]:
    return {
        "id": said.message_id,
        "type": f"video.{said.kind}",
        "path": printable(said.path),
        "state": said.state,
        "at": said.at,
        "attempts": said.attempts,
        "answer": said.answer,
        "again_at": said.not_before if said.state == "pending" else None,
    }
