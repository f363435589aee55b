"""Every event the service can log: one name per change of state, with its level, its fields and what it means.

The table is closed: a name or field that is not here is refused in tests and marked as unknown in production.
`python -m service.logs.page` prints it as Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from service.logs.fields import CONTEXT

Level = Literal["debug", "info", "warning", "error", "critical"]

LEVELS: dict[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
"""Python's numbers. WARNING: somebody may need to act; ERROR: a file will not be processed without help;
CRITICAL: the service cannot do its job."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: `required` fields are always there, `optional` ones where they are known.

    rate_key: the field that, with the name, counts as the same event for the rate limit; None: never limited.
    """

    name: str
    level: Level
    sentence: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    rate_key: str | None = None

    @property
    def fields(self) -> frozenset[str]:
        """Every field the event may carry."""
        return frozenset(self.required) | frozenset(self.optional) | CONTEXT


def _event(name: str, level: Level, sentence: str, fields: str = "", *, rate: str | None = None) -> Event:
    """Make an event from a compact list of fields; `?` marks an optional one."""
    names = fields.split()
    return Event(
        name,
        level,
        sentence,
        required=tuple(field for field in names if not field.endswith("?")),
        optional=tuple(field[:-1] for field in names if field.endswith("?")),
        rate_key=rate,
    )


_ALL = (
    _event("service.ready", "info", "The service watches its inboxes.", "version profile inboxes output state pid"),
    _event("host.share", "info", "What the service takes of the host.", "niceness io_class cores cpu_quota_percent?"),
    _event("host.refused", "warning", "A bound of [host] is not in force as it was set.", "setting detail"),
    _event("service.draining", "info", "The service stops: it takes nothing new and lets go.", "signal? running?"),
    _event("service.stopped", "info", "The service has stopped.", "uptime_s reason?"),
    _event("service.reloading", "info", "The settings are read again.", "signal"),
    _event("service.reloaded", "info", "The settings that were changed are in force.", "changed? needs_restart?"),
    _event("service.reload_failed", "error", "The settings cannot be used: those before stay in force.", "cause"),
    _event("service.stuck", "error", "A loop stands still; the watchdog is not fed.", "loop seconds traceback?"),
    _event("service.unstuck", "info", "A loop that stood still goes on.", "loop"),
    _event("service.failed", "critical", "The service cannot go on and stops.", "cause traceback?"),
    _event("web.listening", "info", "The web face takes requests.", "address token"),
    _event("web.stopped", "info", "The web face has stopped."),
    _event("web.ended", "warning", "The web face ended by itself; it is started again.", "exit_code retry_in_s"),
    _event(
        "web.failed",
        "error",
        "A request met a bug and was answered with 500.",
        "method path cause traceback",
        rate="cause",
    ),
    _event(
        "heartbeat",
        "info",
        "How the service is doing, every minute.",
        "gauges uptime_s seen? settling? queued? running? failed? oldest_settling_s? oldest_queued_s? last_done_s? "
        "scan_ms? events_per_s? overflows? watches? watches_limit? roots_lost? pool_up? paused? reason? "
        "output_free_mib? state_free_mib? ledger_mib? resident_mib? children_resident_mib? "
        "log_suppressed? log_dropped?",
    ),
    _event("file.seen", "debug", "A file that may be a video was found for the first time.", "path size_bytes?"),
    _event("file.waiting", "debug", "A file is not taken yet; the gate says why.", "path reason detail?", rate="path"),
    _event("file.stale", "info", "A file has been empty for a day.", "path reason detail?"),
    _event(
        "file.settled",
        "info",
        "A file is complete and was handed to the ledger.",
        "path size_bytes? seconds? truncated?",
    ),
    _event("file.incomplete", "warning", "A file is quiet but not whole.", "path reason detail?", rate="path"),
    _event("file.blocked", "warning", "A file cannot be read.", "path reason detail?", rate="path"),
    _event("file.rejected", "error", "A file is no video, or none that can be decoded.", "path reason detail?"),
    _event("file.gone", "info", "A file has disappeared; a document that it has stands.", "path from_state?"),
    _event("file.moved", "info", "A file was renamed; its job followed.", "path moved_to"),
    _event("file.never_settles", "warning", "A file changes again and again.", "path detail?", rate="path"),
    _event("file.duplicate", "info", "The same content has a document already.", "path duplicate_of sha256?"),
    _event("file.sidecar_changed", "info", "A sidecar came or changed; its document is fused again.", "path"),
    _event("job.claimed", "info", "Work on a video begins; the attempt counts from here.", "path queued_s?"),
    _event("job.done", "info", "The document is on disk.", "path document status seconds"),
    _event("job.retry", "warning", "An attempt failed in a way that may pass.", "path reason detail? retry_in_s"),
    _event("job.failed", "error", "All attempts failed.", "path reason traceback?"),
    _event("job.rejected", "error", "The bytes of a video are at fault; it is not tried again.", "path reason detail?"),
    _event(
        "job.parked",
        "error",
        "A video took a model's process, or the service, down again and again.",
        "path reason detail?",
    ),
    _event("job.superseded", "info", "The file has new content; its successor is new work.", "path reason? detail?"),
    _event("job.released", "info", "A claimed job was given back; its attempt was refunded.", "path reason?"),
    _event("job.recovered", "warning", "A job was left running by a crash.", "path from_state reason"),
    _event(
        "stage.done",
        "debug",
        "A stage has a result for a video.",
        "stage status seconds path? backend? model? reason?",
    ),
    _event("stage.cached", "debug", "A stage's earlier result was used.", "stage path? backend?"),
    _event(
        "stage.failed",
        "warning",
        "A stage has no result for a video.",
        "stage status reason path? backend? seconds? traceback?",
    ),
    _event("stage.unavailable", "warning", "A stage cannot run here.", "stage reason", rate="stage"),
    _event("actor.starting", "debug", "A model's process is being started.", "actor"),
    _event("actor.ready", "info", "A model is loaded.", "actor seconds pid?"),
    _event("actor.died", "error", "A model's process ended by itself.", "actor reason", rate="actor"),
    _event("actor.killed", "warning", "A model's process was ended: a deadline, a recycling.", "actor reason"),
    _event("node.lost", "error", "A replica set has no node; its videos are given back.", "replica reason"),
    _event("pool.stopped", "info", "The models' processes have ended.", "reason"),
    _event(
        "work.paused",
        "critical",
        "The host cannot carry work at present; no attempt is spent.",
        "reason path low_water_mib remedy free_mib? detail?",
        rate="reason",
    ),
    _event("work.resumed", "info", "Work goes on.", "seconds reason? free_mib?"),
    _event(
        "watch.degraded",
        "warning",
        "Events of an inbox cannot be relied on; it is scanned instead.",
        "reason detail",
        rate="reason",
    ),
    _event("watch.overflow", "warning", "The kernel dropped events; everything is scanned.", "detail?", rate="root"),
    _event("watch.rebuilt", "info", "The watch on an inbox was set up again.", rate="root"),
    _event("scan.failed", "warning", "A folder cannot be read.", "path reason detail? cause?", rate="path"),
    _event(
        "root.lost", "error", "An inbox is not there, or another file system is.", "root reason? detail?", rate="root"
    ),
    _event("root.back", "info", "An inbox is there again.", "root replaced"),
    _event("ledger.busy", "warning", "The ledger is locked by somebody else.", "cause detail?", rate="cause"),
    _event(
        "ledger.rebuilt",
        "critical",
        "The ledger was damaged, put aside, and built again from inboxes and documents.",
        "reason detail count moved_to?",
    ),
    _event("metrics.serving", "info", "Prometheus metrics are served over HTTP.", "address"),
    _event("metrics.failed", "warning", "Figures could not be gathered.", "cause", rate="cause"),
    _event("file.archived", "info", "A described video was moved out of its inbox.", "path moved_to"),
    _event(
        "file.not_archived",
        "warning",
        "A described video stays in its inbox, although it was to be moved.",
        "path reason detail remedy? retry_in_s?",
        rate="reason",
    ),
    _event("document.purged", "info", "Retention has deleted what is old enough.", "path document what"),
    _event(
        "document.not_purged",
        "warning",
        "Retention could not delete what is old enough; it is tried again.",
        "path document what reason detail retry_in_s",
        rate="reason",
    ),
    _event("webhook.delivered", "debug", "The webhook has a message.", "message_id kind path"),
    _event(
        "webhook.retry",
        "warning",
        "The webhook did not take a message; it is tried again.",
        "message_id kind path reason retry_in_s",
        rate="reason",
    ),
    _event(
        "webhook.failed",
        "error",
        "A message to the webhook was given up.",
        "message_id kind path reason remedy",
        rate="reason",
    ),
    _event(
        "housekeeping.failed",
        "error",
        "Work after a document met a bug; it is left alone for an hour.",
        "task cause traceback path? message_id? kind?",
        rate="task",
    ),
    _event("request.taken", "info", "The video of a request is taken; its job says the rest.", "request way path"),
    _event(
        "request.refused",
        "warning",
        "What was asked for cannot be.",
        "request way reason detail path? url?",
        rate="reason",
    ),
    _event(
        "request.failed",
        "warning",
        "What was asked for came to nothing; asked again, it may not.",
        "request way reason detail path? url?",
        rate="reason",
    ),
    _event("log.library", "warning", "A library had something to say.", "logger message level_name", rate="logger"),
    _event("log.suppressed", "warning", "Equal events were held back.", "event_name count suppressed_key?"),
    _event("log.dropped", "warning", "Log lines were lost because nobody read them.", "count"),
    _event(
        "log.unknown",
        "warning",
        "The code logged an event that is not in the vocabulary.",
        "event_name detail?",
        rate="event_name",
    ),
)

EVENTS: Mapping[str, Event] = MappingProxyType({event.name: event for event in _ALL})
"""The vocabulary by name."""

STORMS = frozenset(
    event.name for event in _ALL if event.rate_key is not None and LEVELS[event.level] >= LEVELS["warning"]
)
"""Events that may need somebody and may come in thousands: together they have a ceiling (`service.logs.limits`)."""


def problem(event: str, fields: Mapping[str, object]) -> str | None:
    """Say what is wrong with an event, or None when the vocabulary has it so."""
    known = EVENTS.get(event)
    if known is None:
        return f"unknown event {event!r}"
    missing = sorted(set(known.required) - fields.keys())
    extra = sorted(fields.keys() - known.fields)
    if missing or extra:
        return f"{event}: missing {missing}, unknown {extra}"
    return None
