"""`reelwatch retention`: what will be deleted, and when; it deletes nothing itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from service.cli import common, ledgers
from service.cli.common import printable

if TYPE_CHECKING:
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger

_LISTED = 20


@click.command(short_help="Show what retention will delete, and when.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every document.")
@common.takes_settings(output=True)
def retention(*, as_json: bool, settings: common.Settings) -> None:
    """Show what the service will delete by the present settings, and when; this command deletes nothing.

    Days count from when a video was described; `reprocess` begins them anew. Exports are yours and are not deleted.
    """
    configuration = settings.load().configuration
    with ledgers.reading(configuration) as ledger:
        found = _upcoming(ledger, configuration)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if not found:
        days = configuration.retention
        kept = not (days.keyframes_days or days.transcripts_days or days.documents_days)
        click.echo("Nothing is deleted by these settings ([retention])." if kept else "There is nothing to delete.")
    for entry in found[:_LISTED]:
        when = "due" if entry["due"] else ledgers.clock(entry["at"])
        click.echo(f"{when:20} {entry['what']:10} {entry['document']}")
    if len(found) > _LISTED:
        click.echo(f"… and {len(found) - _LISTED} more (--json lists all)")


def _upcoming(ledger: Ledger, configuration: Configuration) -> list[dict[str, Any]]:
    from service.housekeeping.retention import periods_of  # noqa: PLC0415 - keeps --help fast

    now, found = ledger.clock.wall(), []
    for kind, period_s in periods_of(configuration.retention).items():
        for job in ledger.purgeable(kind):
            at = (job.described_at or 0.0) + period_s
            document = ledgers.document_of(job, configuration)
            shown = "" if document is None else printable(document)
            found.append(
                {"what": kind, "document": shown, "path": printable(job.absolute_path), "at": at, "due": at <= now}
            )
    return sorted(found, key=lambda entry: entry["at"])
