"""`reelwatch status`: where everything is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from service.cli import afterwork, common, ledgers, services, vitals
from service.errors import ConfigError

if TYPE_CHECKING:
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger
    from service.ledger.values import Job, ServiceStart

_SHOWN = ("running", "failed", "parked", "rejected", "blocked", "incomplete", "waiting")
"""States whose videos are listed by name, in this order."""
_LISTED = 20
"""Videos listed for a state at most; `--json` lists all."""


@click.command(short_help="Show how many videos are where, and why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every video that is not done.")
@common.takes_settings(output=True, profile=True)
def status(*, as_json: bool, settings: common.Settings) -> None:
    """Show how many videos are in which state, and why those that have no document have none.

    Documents made under other settings are held against those of the running service, or of the last one; against those
    of this call where no service runs and it names a profile or a settings file.
    """
    configuration = settings.load().configuration
    with ledgers.reading(configuration) as ledger:
        report = _report(ledger, configuration, named=settings.profile is not None or settings.config_path is not None)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for line in _lines(report):
        click.echo(line)


def _report(ledger: Ledger, configuration: Configuration, *, named: bool) -> dict[str, Any]:
    from service.ledger.states import State  # noqa: PLC0415 - keeps --help fast

    counts, start = ledger.counts(), ledger.service_start()
    compared = _compared(configuration, start, named=named)
    return {
        "service": _service(configuration, start),
        "paused": services.pause(ledger, configuration),
        "states": {state.value: number for state, number in counts.states.items()},
        "documents": counts.documents,
        "documents_under_other_settings": None if compared is None else ledger.stale_documents(compared.settings_key),
        "compared_with": None if compared is None else {"profile": compared.profile, "settings_of": compared.said_by},
        "sources_missing": counts.source_missing,
        "vitals": vitals.vitals(ledger, configuration, counts=counts, start=start),
        "last_done_at": counts.last_done_at,
        "afterwork": afterwork.report(ledger, configuration),
        "oldest_queued_at": counts.oldest_queued_at,
        "oldest_settling_at": counts.oldest_settling_at,
        "jobs": [_entry(job) for job in ledger.jobs([State(name) for name in (*_SHOWN, "queued")])],
    }


def _service(configuration: Configuration, start: ServiceStart | None) -> dict[str, Any]:
    from service.state_identity import elsewhere  # noqa: PLC0415 - keeps --help fast

    return {
        "pid": ledgers.service_pid(configuration),
        "elsewhere": elsewhere(start, configuration.state.dir),
        "state": common.printable(configuration.state.dir),
        "watching": services.running(configuration, start),
        "inboxes": None if start is None else [common.printable(inbox) for inbox in start.inboxes],
        "output": None if start is None else common.printable(start.output_root),
        "profile": None if start is None else start.profile,
        "started_at": None if start is None else start.started_at,
    }


@dataclass(frozen=True, slots=True)
class _Compared:
    """The settings that documents are held against, and whose they are."""

    settings_key: str
    profile: str
    said_by: str


def _compared(configuration: Configuration, start: ServiceStart | None, *, named: bool) -> _Compared | None:
    """Choose the settings that documents are held against; None where this call's cannot be used at all."""
    running = services.running(configuration, start)
    if start is not None and (running or not named):
        said_by = "the running service" if running else "the last service"
        return _Compared(start.settings_key, start.profile, said_by)
    try:
        settings_key = common.plan(configuration).settings_key
    except ConfigError as exc:
        common.warn(str(exc))
        return None
    return _Compared(settings_key, configuration.profile, "this call")


def _entry(job: Job) -> dict[str, Any]:
    return {
        "job": job.job_id,
        "path": common.printable(job.absolute_path),
        "state": job.state.value,
        "reason": job.reason,
        "detail": job.detail,
        "attempts": job.attempts,
        "since": job.changed_at,
    }


def _lines(report: dict[str, Any]) -> Iterator[str]:
    yield f"service    {_whereabouts(report['service'])}"
    if report["paused"]:
        yield f"PAUSED     {services.pause_line(report['paused']).removeprefix('paused ')}"
    if report["service"]["inboxes"]:
        verb = "watches" if report["service"]["watching"] else "watched last"
        yield f"           {verb} {', '.join(report['service']['inboxes'])} (profile {report['service']['profile']})"
    yield from vitals.lines(report["vitals"])
    yield f"documents  {report['documents']}"
    older, compared = report["documents_under_other_settings"], report["compared_with"]
    if older:
        whose = f"those of {compared['settings_of']} (profile {compared['profile']})"
        yield f"           {older} made under other settings than {whose}:"
        yield "           `reelwatch reprocess --all` describes them anew"
    if report["sources_missing"]:
        yield f"           {report['sources_missing']} whose video is no longer there"
    if report["last_done_at"]:
        yield f"           the last one at {ledgers.clock(report['last_done_at'])}"
    for state, number in sorted(report["states"].items(), key=lambda item: list(ledgers.MEANINGS).index(item[0])):
        yield f"{state:10} {number:6}  {ledgers.MEANINGS[state]}"
    yield from afterwork.lines(report["afterwork"])
    for state in _SHOWN:
        yield from _listing(state, [entry for entry in report["jobs"] if entry["state"] == state])


def _whereabouts(service: dict[str, Any]) -> str:
    if service["elsewhere"]:
        return f"not to be seen from here: {service['elsewhere']}"
    running = f"running (process {service['pid']})" if service["pid"] else "not running"
    return f"{running}, state in {service['state']}"


def _listing(state: str, entries: list[dict[str, Any]]) -> Iterator[str]:
    if entries:
        yield f"\n{state}"
    for entry in entries[:_LISTED]:
        yield f"  {entry['path']}: {entry['detail'] or entry['reason'] or ledgers.MEANINGS[state]}"
    if len(entries) > _LISTED:
        yield f"  … and {len(entries) - _LISTED} more (--json lists all)"
