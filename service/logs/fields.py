"""The fields that events of the log carry, and what each means: the same in every event."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CONTEXT = frozenset({"job", "video_id", "attempt", "run_id", "root"})
"""Fields any event may carry."""

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "actor": "the process that holds a model",
        "attempt": "which try this is, from 1",
        "attempts": "how many tries are allowed",
        "backend": "the backend that ran, `<stage>.<name>`",
        "cause": "the error that led to it, in a few words",
        "count": "how many",
        "detail": "a sentence for people",
        "device": "what a model runs on: cpu, cuda:0",
        "document": "the document's path, relative to the output folder",
        "duplicate_of": "the path whose content is the same",
        "event_name": "the event that was meant or held back",
        "failed": "jobs that failed, were rejected or parked",
        "free_mib": "free space on the disk, in MiB",
        "from_state": "the state a job was in",
        "gauges": "how the service is doing, in one line",
        "inboxes": "the watched folders",
        "job": "the job's number in the ledger",
        "last_done_s": "seconds since the last document",
        "level_name": "the level a library gave its message",
        "limit": "the bound that was met",
        "logger": "the library that spoke",
        "low_water_mib": "the free space below which work pauses, in MiB",
        "message": "what a library said",
        "model": "the model with its version",
        "moved_to": "where a damaged file was put aside",
        "oldest_queued_s": "how long the oldest queued job has waited, in seconds",
        "oldest_waiting_s": "how long the oldest file has waited to settle, in seconds",
        "output": "the output folder",
        "path": "the file or folder, relative to its inbox where there is one",
        "pid": "a process's number",
        "profile": "the profile in use",
        "queued": "jobs that wait for a model",
        "reason": "a short stable code for why",
        "remedy": "what would mend it",
        "replaced": "whether another folder is at the inbox's place than before",
        "replica": "the number of the replica set: all models once, in one place",
        "resident_mib": "memory of this process, in MiB",
        "retry_in_s": "seconds until the next try",
        "root": "the inbox the file is in",
        "run_id": "the job and its run, `<job>.<run>`",
        "running": "jobs being worked on",
        "scan_ms": "how long the last full reading of the inboxes took, in milliseconds",
        "seconds": "how long it took, in seconds",
        "sha256": "the content's SHA-256",
        "signal": "the signal that asked for it",
        "size_bytes": "the file's size",
        "stage": "the stage",
        "state": "the state folder",
        "status": "how it ended: a stage's status, or `complete` or `partial` for a document",
        "suppressed_key": "the file, folder or process the held-back events were about",
        "traceback": "where in the code it happened",
        "truncated": "whether the file never became whole and is taken as it is",
        "uptime_s": "seconds since the service started",
        "version": "reelwatch's version",
        "video_id": "the first 16 hex digits of the content's SHA-256",
        "waiting": "files that are not taken yet",
    }
)
"""What each field means; a field means the same in every event."""
