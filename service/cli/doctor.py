"""`reelwatch doctor`: what is here, what will be used, what should be mended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from service.cli import common

if TYPE_CHECKING:
    from service.diagnosis import Diagnosis

_MARKS = {"good": ("ok", "green"), "note": ("note", "yellow"), "bad": ("BAD", "red")}


@click.command(short_help="Examine this host and say what to mend.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@common.takes_settings(output=True, profile=True)
@click.pass_context
def doctor(
    context: click.Context,
    *,
    as_json: bool,
    settings: common.Settings,
) -> None:
    """Examine this host: packages, the backend of each stage, device, disk, watching.

    Exits 1 when something keeps the service from doing its job; every such line says what would mend it.
    """
    loaded = settings.load()
    from service.diagnosis import examine  # noqa: PLC0415 - keeps --help fast

    diagnosis = examine(loaded, common.plan(loaded.configuration))
    if as_json:
        click.echo(json.dumps(diagnosis.as_json(), ensure_ascii=False, indent=2))
    else:
        _print(diagnosis)
    context.exit(0 if diagnosis.healthy else 1)


def _print(diagnosis: Diagnosis) -> None:
    for topic, findings in diagnosis.topics.items():
        click.secho(f"\n{topic}", bold=True)
        for finding in findings:
            mark, colour = _MARKS[finding.verdict]
            click.echo(f"  {click.style(f'{mark:4}', fg=colour)} {finding.name}: {finding.value}")
            if finding.remedy:
                click.echo(f"       {finding.remedy}")
    click.echo("\nEverything that is needed is here." if diagnosis.healthy else "\nSomething must be mended: see BAD.")
