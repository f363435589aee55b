"""An example of every event, as the service says it: what the table of the vocabulary shows, and what is golden-tested.

A test drives the real service and holds what it says against these: an example has the fields that the service gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_FILE = {"root": "/srv/videos/inbox", "path": "tips/clip.mp4"}
_JOB = {"job": 7, **_FILE}
_VIDEO = {**_JOB, "video_id": "e3d895ecd339c392"}
_MESSAGE = {"message_id": "msg_0d6f7e0c9b0a4c2f8e1d3b5a79c4e6f1", "kind": "done", **_VIDEO}
_SHA256 = "e3d895ecd339c392a1f0c54d5b8e7a90d3c1b2a4f5e6d7c8b9a0f1e2d3c4b5a6"

HEARTBEAT: Mapping[str, Any] = MappingProxyType(
    {
        "seen": 214,
        "settling": 2,
        "queued": 3,
        "running": 1,
        "failed": 0,
        "oldest_settling_s": 41.5,
        "oldest_queued_s": 12.0,
        "last_done_s": 8.3,
        "scan_ms": 21.4,
        "events_per_s": 0.4,
        "overflows": 0,
        "watches": 18,
        "watches_limit": 65536,
        "roots_lost": 0,
        "pool_up": True,
        "paused": False,
        "output_free_mib": 182044,
        "state_free_mib": 20518,
        "ledger_mib": 1.2,
        "resident_mib": 118.3,
        "children_resident_mib": 1402.7,
        "log_suppressed": 0,
        "log_dropped": 0,
        "uptime_s": 86400,
    }
)

EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "service.ready": {
            "version": "0.1.0",
            "profile": "embedded",
            "inboxes": ["/srv/videos/inbox"],
            "output": "/srv/videos/described",
            "state": "/var/lib/reelwatch",
            "pid": 4242,
        },
        "host.share": {"niceness": 5, "io_class": "best-effort", "cores": 4, "cpu_quota_percent": 200.0},
        "host.refused": {"setting": "niceness", "detail": "Operation not permitted"},
        "service.draining": {"signal": "SIGTERM", "running": 1},
        "service.stopped": {"uptime_s": 86412.5},
        "service.reloading": {"signal": "SIGHUP"},
        "service.reloaded": {"changed": "intake.inboxes, log.level", "needs_restart": "output.dir"},
        "service.reload_failed": {
            "cause": "/etc/reelwatch/reelwatch.toml: intake.sweep_s = -1: expected a number above 0."
        },
        "service.stuck": {
            "loop": "driver",
            "seconds": 12.4,
            "traceback": 'File "driver.py", line 99, in step',
        },
        "service.unstuck": {"loop": "driver"},
        "service.failed": {"cause": "LedgerUnavailable: /var/lib/reelwatch/ledger.sqlite3: disk I/O error"},
        "heartbeat": {"gauges": " ".join(f"{name}={value}" for name, value in HEARTBEAT.items()), **HEARTBEAT},
        "file.seen": {**_FILE, "size_bytes": 18240},
        "file.waiting": {
            **_FILE,
            "reason": "writer",
            "detail": "a process has the file open for writing; it is taken once that is closed",
        },
        "file.stale": {
            **_FILE,
            "reason": "stale_empty",
            "detail": "the file has been empty for 24 h; write it again or remove it",
        },
        "file.settled": {**_FILE, "size_bytes": 1048576, "seconds": 2.1, "truncated": False},
        "file.incomplete": {
            **_FILE,
            "reason": "no_moov",
            "detail": "there is no index (moov) yet; it is looked at again when it changes, and from time to time",
        },
        "file.blocked": {
            **_FILE,
            "reason": "permission",
            "detail": "the service may not read the file; give its user read permission (chmod, or a shared group)",
        },
        "file.rejected": {**_FILE, "reason": "not_video", "detail": "the file begins like no container of videos"},
        "file.gone": {**_FILE},
        "file.moved": {**_FILE, "moved_to": "tips/final.mp4"},
        "file.never_settles": {
            **_FILE,
            "detail": "something keeps changing the file's times (an indexer, a writer that reserved the space?); it "
            "is taken when its content stands still and nobody has it open for writing",
        },
        "file.duplicate": {**_VIDEO, "duplicate_of": "/srv/videos/inbox/clip.mp4", "sha256": _SHA256},
        "file.sidecar_changed": {**_FILE},
        "job.claimed": {**_JOB, "attempt": 1, "queued_s": 0.012},
        "job.done": {**_VIDEO, "document": "tips/clip.json", "status": "complete", "seconds": 7.853},
        "job.retry": {**_VIDEO, "reason": "io_error", "retry_in_s": 10.0},
        "job.failed": {**_VIDEO, "reason": "bug", "traceback": "ZeroDivisionError: division by zero"},
        "job.rejected": {**_VIDEO, "reason": "undecodable", "detail": "no picture and no sound could be decoded"},
        "job.parked": {**_VIDEO, "reason": "died_twice", "detail": "the media actor died: killed by signal 11"},
        "job.superseded": {**_VIDEO, "reason": "source_changed"},
        "job.released": {**_VIDEO, "reason": "disk_full"},
        "job.recovered": {**_JOB, "from_state": "running", "reason": "crash"},
        "stage.done": {
            **_VIDEO,
            "stage": "asr",
            "backend": "asr.pocketsphinx",
            "status": "done",
            "seconds": 3.271,
            "model": "pocketsphinx 5.1.1 en-us",
        },
        "stage.cached": {**_VIDEO, "stage": "asr", "backend": "asr.pocketsphinx"},
        "stage.failed": {
            **_VIDEO,
            "stage": "captions",
            "backend": "captions.blip",
            "reason": "deadline",
            "status": "timed_out",
            "seconds": 64.0,
        },
        "stage.unavailable": {"stage": "captions", "reason": "the model cannot be loaded: no such file"},
        "actor.starting": {"actor": "speech"},
        "actor.ready": {"actor": "speech", "pid": 4311, "seconds": 1.904},
        "actor.died": {"actor": "speech", "reason": "the process was killed by signal 9"},
        "actor.killed": {"actor": "captions", "reason": "captions took longer than 64 s"},
        "node.lost": {"replica": 1, "reason": "the node of the replica set is gone"},
        "pool.stopped": {"reason": "idle"},
        "work.paused": {
            "reason": "disk_full",
            "path": "/srv/videos/described",
            "low_water_mib": 512,
            "remedy": "free space on its disk: work goes on by itself once 512 MiB are free (disk.low_water_mib)",
            "free_mib": 317,
        },
        "work.resumed": {"seconds": 310.2, "free_mib": 20518},
        "watch.degraded": {
            "root": "/srv/videos/inbox",
            "reason": "watch_limit",
            "detail": "the limit of inotify watches (8192) is reached; raise fs.inotify.max_user_watches (sysctl)",
        },
        "watch.overflow": {
            "root": "/srv/videos/inbox",
            "detail": "more files came at once than fs.inotify.max_queued_events allows; everything is scanned",
        },
        "watch.rebuilt": {"root": "/srv/videos/inbox"},
        "scan.failed": {
            "root": "/srv/videos/inbox",
            "path": "private",
            "reason": "unreadable",
            "detail": "the folder cannot be listed: Permission denied; what lies in it is not seen",
        },
        "root.lost": {"root": "/mnt/nas/reels", "reason": "root_lost", "detail": "No such file or directory"},
        "root.back": {"root": "/mnt/nas/reels", "replaced": False},
        "ledger.busy": {"cause": "/var/lib/reelwatch/ledger.sqlite3 is locked by another process"},
        "ledger.rebuilt": {
            "moved_to": "/var/lib/reelwatch/ledger.sqlite3.damaged-1",
            "reason": "damaged",
            "detail": "database disk image is malformed",
            "count": 211,
        },
        "web.listening": {"address": "127.0.0.1:8003", "token": False},
        "web.stopped": {},
        "web.ended": {"exit_code": -9, "retry_in_s": 1.0},
        "web.failed": {"method": "GET", "path": "/jobs", "cause": "KeyError: 'x'", "traceback": "Traceback …"},
        "metrics.serving": {"address": "127.0.0.1:9469"},
        "metrics.failed": {"cause": "LedgerBusy: /var/lib/reelwatch/ledger.sqlite3 is locked by another process"},
        "file.archived": {**_VIDEO, "moved_to": "/srv/videos/archive/tips/clip.mp4"},
        "file.not_archived": {
            **_VIDEO,
            "reason": "in_use",
            "detail": "a program has the file open for writing",
            "retry_in_s": 60.0,
        },
        "document.purged": {**_VIDEO, "document": "tips/clip.json", "what": ["transcript"]},
        "document.not_purged": {
            **_VIDEO,
            "document": "tips/clip.json",
            "what": ["transcript"],
            "reason": "read_only",
            "detail": "/srv/videos/described: tips/clip.json cannot be written (Read-only file system); mount it …",
            "retry_in_s": 600.0,
        },
        "document.not_indexed": {
            "document": "tips/clip.json",
            "reason": "Permission denied",
            "detail": "it cannot be read below /srv/videos/described",
            "retry_in_s": 60.0,
        },
        "webhook.delivered": {**_MESSAGE, "attempt": 1},
        "webhook.retry": {**_MESSAGE, "attempt": 1, "reason": "503", "retry_in_s": 10.4},
        "webhook.failed": {
            **_MESSAGE,
            "attempt": 77,
            "reason": "503",
            "remedy": "mend the receiver, then run `reelwatch webhook retry`",
        },
        "housekeeping.failed": {"task": "webhook", "cause": "KeyError: 'x'", "traceback": "Traceback …", **_MESSAGE},
        "request.received": {"request": 3, "way": "url", "url": "https://example.org/v/clip"},
        "request.taken": {"request": 3, "way": "url", **_JOB, "root": "/var/lib/reelwatch/received"},
        "request.refused": {
            "request": 4,
            "way": "url",
            "url": "https://example.org/list",
            "reason": "playlist",
            "detail": "the address is that of several videos. Ask for each by its own address.",
        },
        "request.failed": {
            "request": 5,
            "way": "upload",
            "path": "clip.mp4",
            "reason": "aborted",
            "detail": "the connection ended after 1048576 of 7340032 bytes",
        },
        "upload.done": {"request": 6, "path": "clip.mp4", "size_bytes": 7340032, "seconds": 2.4},
        "download.failed": {"cause": "KeyError: 'x'", "traceback": "Traceback …"},
        "download.started": {"request": 3, "url": "https://example.org/v/clip", "pid": 8124},
        "download.done": {
            "request": 3,
            "url": "https://example.org/v/clip",
            "path": "Three tips [clip].mp4",
            "size_bytes": 7340032,
            "seconds": 8.1,
        },
        "received.swept": {"count": 2},
        "log.library": {"logger": "libav.mp3", "message": "Could not update timestamps", "level_name": "warning"},
        "log.suppressed": {"event_name": "scan.failed", "suppressed_key": "private", "count": 312},
        "log.dropped": {"count": 120},
        "log.unknown": {"event_name": "job.dnoe", "detail": "unknown event 'job.dnoe': {'path': 'clip.mp4'}"},
    }
)
"""The fields of one line of each event, by the event's name."""
