"""The fields that events of the log carry, and what each means: the same in every event."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CONTEXT = frozenset({"job", "video_id", "attempt", "run_id", "root"})
"""Fields any event may carry."""

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "actor": "the process that holds a model",
        "address": "where it listens, `host:port`",
        "attempt": "which try this is, from 1",
        "backend": "the backend that ran, `<stage>.<name>`",
        "cause": "the error that led to it, in a few words",
        "changed": "the settings that were changed, and apply from now on",
        "children_resident_mib": "memory of all processes below the service: the models' and Ray's",
        "cores": "processor cores the service may run on",
        "count": "how many",
        "cpu_quota_percent": "the most processor time its control group allows, in percent of one core",
        "detail": "a sentence for people",
        "document": "the document's path, relative to the output folder",
        "duplicate_of": "the path whose content is the same",
        "event_name": "the event that was meant or held back",
        "events_per_s": "events of the file system in a second, on average since the last heartbeat",
        "exit_code": "how a process ended; negative: by that signal",
        "failed": "jobs that failed, were rejected or parked",
        "free_mib": "free space on the disk",
        "from_state": "the state a job was in",
        "gauges": "how the service is doing, in one line",
        "inboxes": "the watched folders",
        "io_class": "the class of disk access that was set",
        "job": "the job's number in the ledger",
        "kind": "what a message to the webhook tells: the state a video came to",
        "last_done_s": "how long ago the last document was written",
        "ledger_mib": "size of the ledger with its write-ahead log",
        "level_name": "the level a library gave its message",
        "log_dropped": "log lines lost since the start because nobody read them",
        "log_suppressed": "log lines held back by the rate limits since the start",
        "logger": "the library that spoke",
        "loop": "the loop of the service: intake, driver, ledger, log, start",
        "low_water_mib": "the free space below which work pauses",
        "message": "what a library said",
        "message_id": "a webhook message's id, the same at every attempt",
        "method": "the method of a request",
        "model": "the model with its version",
        "moved_to": "where a file was moved: a damaged ledger, a renamed or an archived video",
        "niceness": "what was added to the service's own niceness",
        "needs_restart": "the settings that were changed, and apply only after a restart",
        "oldest_queued_s": "how long the oldest queued job has waited",
        "oldest_settling_s": "how long ago the file that has waited longest to be taken was first seen",
        "output": "the output folder",
        "output_free_mib": "free space on the output's disk",
        "overflows": "times since the start that the kernel dropped events",
        "path": "the file or folder, relative to its inbox where there is one",
        "paused": "whether work is paused",
        "pid": "a process's number",
        "pool_up": "whether the models' processes are up or coming up",
        "profile": "the profile in use",
        "queued": "jobs that wait for a model",
        "queued_s": "how long the job was queued",
        "reason": "a short stable code for why",
        "remedy": "what would mend it",
        "replaced": "whether another folder is at the inbox's place than before",
        "replica": "the number of the replica set: all models once, in one place",
        "request": "the number of a request to the web face",
        "resident_mib": "memory of the service's own process",
        "retry_in_s": "how long until the next try",
        "root": "the inbox the file is in",
        "roots_lost": "inboxes that cannot be used at present",
        "run_id": "the job and its run, `<job>.<run>`",
        "running": "jobs being worked on",
        "scan_ms": "how long the last full reading took, of the inbox where it took longest",
        "seconds": "how long it took",
        "seen": "videos the ledger knows, whatever their state, superseded and gone ones left out",
        "settling": "files that are not taken yet: waiting, incomplete or blocked",
        "setting": "the setting, without its section",
        "sha256": "the content's SHA-256",
        "signal": "the signal that asked for it",
        "size_bytes": "the file's size",
        "stage": "the stage",
        "state": "the state folder",
        "state_free_mib": "free space on the disk of the state folder",
        "status": "how it ended: a stage's status, or `complete` or `partial` for a document",
        "suppressed_key": "the file, folder or process the held-back events were about",
        "task": "the kind of work after a document: archive, retention, webhook",
        "token": "whether a token is asked for",
        "traceback": "where in the code it happened",
        "truncated": "whether the file never became whole and is taken as it is",
        "uptime_s": "how long the service has run",
        "url": "an address on the web, without its query",
        "version": "reelwatch's version",
        "video_id": "the first 16 hex digits of the content's SHA-256",
        "way": "how a video was asked for: path, upload or url",
        "what": "what was deleted: keyframes, transcript, document",
        "watches": "folders that the kernel watches for this process (inotify)",
        "watches_limit": "watches that the kernel allows this user (fs.inotify.max_user_watches)",
    }
)
"""What each field means; a field means the same in every event."""

_WHOLE = frozenset(
    {
        *("attempt", "cores", "count", "failed", "exit_code", "job", "log_dropped", "log_suppressed"),
        *("niceness", "overflows", "pid", "queued", "replica", "request", "roots_lost", "running", "seen", "settling"),
        *("watches", "watches_limit"),
    }
)
_YES_OR_NO = frozenset({"paused", "pool_up", "replaced", "token", "truncated"})
_LISTS = frozenset({"inboxes", "what"})
_UNITS = {
    "_ms": "milliseconds",
    "_mib": "MiB",
    "_percent": "percent",
    "_bytes": "bytes",
    "_per_s": "a second",
    "_s": "seconds",
}


def kind(field: str) -> str:
    """Return a field's type, as JSON has it, with its unit: by its name, or text."""
    if field in _WHOLE:
        return "whole number"
    if field in _YES_OR_NO:
        return "true or false"
    if field in _LISTS:
        return "list of texts"
    if field == "seconds":
        return "number, seconds"
    unit = next((unit for ending, unit in _UNITS.items() if field.endswith(ending)), None)
    return "text" if unit is None else f"number, {unit}"


def is_of_kind(field: str, value: object) -> bool:
    """Say whether a rendered value has its field's type."""
    name, is_bool = kind(field), isinstance(value, bool)
    if name == "true or false":
        return is_bool
    if name == "list of texts":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if name == "text":
        return isinstance(value, str)
    return not is_bool and isinstance(value, int if name == "whole number" else (int, float))
