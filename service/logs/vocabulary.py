"""Every event the service can log: one name per change of state, with its level, its fields and what it means.

The table is closed: a name or field that is not here is refused in tests and marked as unknown in production.
`python -m service.logs.page` prints it as Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from service.logs.event import LEVELS, Event, Level, event
from service.logs.web_vocabulary import WEB_EVENTS

__all__ = ["EVENTS", "LEVELS", "STORMS", "Event", "Level", "problem"]

_ALL = (
    event("service.ready", "info", "The service watches its inboxes.", "version profile inboxes output state pid"),
    event("host.share", "info", "What the service takes of the host.", "niceness io_class cores cpu_quota_percent?"),
    event("host.refused", "warning", "A bound of [host] is not in force as it was set.", "setting detail"),
    event("service.draining", "info", "The service stops: it takes nothing new and lets go.", "signal? running?"),
    event("service.stopped", "info", "The service has stopped.", "uptime_s reason?"),
    event("service.reloading", "info", "The settings are read again.", "signal"),
    event("service.reloaded", "info", "The settings that were changed are in force.", "changed? needs_restart?"),
    event("service.reload_failed", "error", "The settings cannot be used: those before stay in force.", "cause"),
    event("service.stuck", "error", "A loop stands still; the watchdog is not fed.", "loop seconds traceback?"),
    event("service.unstuck", "info", "A loop that stood still goes on.", "loop"),
    event("service.failed", "critical", "The service cannot go on and stops.", "cause traceback?"),
    event(
        "heartbeat",
        "info",
        "How the service is doing, every minute.",
        "gauges uptime_s seen? settling? queued? running? failed? oldest_settling_s? oldest_queued_s? last_done_s? "
        "scan_ms? events_per_s? overflows? watches? watches_limit? roots_lost? pool_up? paused? reason? "
        "output_free_mib? state_free_mib? ledger_mib? resident_mib? children_resident_mib? "
        "log_suppressed? log_dropped?",
    ),
    event("file.seen", "debug", "A file that may be a video was found for the first time.", "path size_bytes?"),
    event("file.waiting", "debug", "A file is not taken yet; the gate says why.", "path reason detail?", rate="path"),
    event("file.stale", "info", "A file has been empty for a day.", "path reason detail?"),
    event(
        "file.settled",
        "info",
        "A file is complete and was handed to the ledger.",
        "path size_bytes? seconds? truncated?",
    ),
    event("file.incomplete", "warning", "A file is quiet but not whole.", "path reason detail?", rate="path"),
    event("file.blocked", "warning", "A file cannot be read.", "path reason detail?", rate="path"),
    event("file.rejected", "error", "A file is no video, or none that can be decoded.", "path reason detail?"),
    event("file.gone", "info", "A file has disappeared; a document that it has stands.", "path from_state?"),
    event("file.moved", "info", "A file was renamed; its job followed.", "path moved_to"),
    event("file.never_settles", "warning", "A file changes again and again.", "path detail?", rate="path"),
    event("file.duplicate", "info", "The same content has a document already.", "path duplicate_of sha256?"),
    event("file.sidecar_changed", "info", "A sidecar came or changed; its document is fused again.", "path"),
    event("job.claimed", "info", "Work on a video begins; the attempt counts from here.", "path queued_s?"),
    event("job.done", "info", "The document is on disk.", "path document status seconds"),
    event("job.retry", "warning", "An attempt failed in a way that may pass.", "path reason detail? retry_in_s"),
    event("job.failed", "error", "All attempts failed.", "path reason traceback?"),
    event("job.rejected", "error", "The bytes of a video are at fault; it is not tried again.", "path reason detail?"),
    event(
        "job.parked",
        "error",
        "A video took a model's process, or the service, down again and again.",
        "path reason detail?",
    ),
    event("job.superseded", "info", "The file has new content; its successor is new work.", "path reason? detail?"),
    event("job.released", "info", "A claimed job was given back; its attempt was refunded.", "path reason?"),
    event("job.recovered", "warning", "A job was left running by a crash.", "path from_state reason"),
    event(
        "stage.done",
        "debug",
        "A stage has a result for a video.",
        "stage status seconds path? backend? model? reason?",
    ),
    event("stage.cached", "debug", "A stage's earlier result was used.", "stage path? backend?"),
    event(
        "stage.failed",
        "warning",
        "A stage has no result for a video.",
        "stage status reason path? backend? seconds? traceback?",
    ),
    event("stage.unavailable", "warning", "A stage cannot run here.", "stage reason", rate="stage"),
    event("actor.starting", "debug", "A model's process is being started.", "actor"),
    event("actor.ready", "info", "A model is loaded.", "actor seconds pid?"),
    event("actor.died", "error", "A model's process ended by itself.", "actor reason", rate="actor"),
    event("actor.killed", "warning", "A model's process was ended: a deadline, a recycling.", "actor reason"),
    event("node.lost", "error", "A replica set has no node; its videos are given back.", "replica reason"),
    event("pool.stopped", "info", "The models' processes have ended.", "reason"),
    event(
        "work.paused",
        "critical",
        "The host cannot carry work at present; no attempt is spent.",
        "reason path low_water_mib remedy free_mib? detail?",
        rate="reason",
    ),
    event("work.resumed", "info", "Work goes on.", "seconds reason? free_mib?"),
    event(
        "watch.degraded",
        "warning",
        "Events of an inbox cannot be relied on; it is scanned instead.",
        "reason detail",
        rate="reason",
    ),
    event("watch.overflow", "warning", "The kernel dropped events; everything is scanned.", "detail?", rate="root"),
    event("watch.rebuilt", "info", "The watch on an inbox was set up again.", rate="root"),
    event("scan.failed", "warning", "A folder cannot be read.", "path reason detail? cause?", rate="path"),
    event(
        "root.lost", "error", "An inbox is not there, or another file system is.", "root reason? detail?", rate="root"
    ),
    event("root.back", "info", "An inbox is there again.", "root replaced"),
    event("ledger.busy", "warning", "The ledger is locked by somebody else.", "cause detail?", rate="cause"),
    event(
        "ledger.rebuilt",
        "critical",
        "The ledger was damaged, put aside, and built again from inboxes and documents.",
        "reason detail count moved_to?",
    ),
    event("metrics.serving", "info", "Prometheus metrics are served over HTTP.", "address"),
    event("metrics.failed", "warning", "Figures could not be gathered.", "cause", rate="cause"),
    event("file.archived", "info", "A described video was moved out of its inbox.", "path moved_to"),
    event(
        "file.not_archived",
        "warning",
        "A described video stays in its inbox, although it was to be moved.",
        "path reason detail remedy? retry_in_s?",
        rate="reason",
    ),
    event("document.purged", "info", "Retention has deleted what is old enough.", "path document what"),
    event(
        "document.not_purged",
        "warning",
        "Retention could not delete what is old enough; it is tried again.",
        "path document what reason detail retry_in_s",
        rate="reason",
    ),
    event(
        "document.not_indexed",
        "warning",
        "A document could not be read to be found by search; it is tried again.",
        "document reason detail retry_in_s",
        rate="reason",
    ),
    event("webhook.delivered", "debug", "The webhook has a message.", "message_id kind path"),
    event(
        "webhook.retry",
        "warning",
        "The webhook did not take a message; it is tried again.",
        "message_id kind path reason retry_in_s",
        rate="reason",
    ),
    event(
        "webhook.failed",
        "error",
        "A message to the webhook was given up.",
        "message_id kind path reason remedy",
        rate="reason",
    ),
    event(
        "housekeeping.failed",
        "error",
        "Work after a document met a bug; it is left alone for an hour.",
        "task cause traceback path? message_id? kind? document?",
        rate="task",
    ),
    *WEB_EVENTS,
    event("log.library", "warning", "A library had something to say.", "logger message level_name", rate="logger"),
    event("log.suppressed", "warning", "Equal events were held back.", "event_name count suppressed_key?"),
    event("log.dropped", "warning", "Log lines were lost because nobody read them.", "count"),
    event(
        "log.unknown",
        "warning",
        "The code logged an event that is not in the vocabulary.",
        "event_name detail?",
        rate="event_name",
    ),
)

EVENTS: Mapping[str, Event] = MappingProxyType({each.name: each for each in _ALL})
"""The vocabulary by name."""

STORMS = frozenset(each.name for each in _ALL if each.rate_key is not None and LEVELS[each.level] >= LEVELS["warning"])
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
