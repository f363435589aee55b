"""Every metric the service serves: name, kind, unit by its name, labels and meaning; closed, like the log's vocabulary.

`python -m service.metrics.page` prints it as a table. Units are Prometheus' base units: seconds and bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

PREFIX = "reelwatch_"

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. name: without the prefix, a counter's without `_total`. labels: their names, in order."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as Prometheus knows it."""
        return PREFIX + self.name + ("_total" if self.kind == "counter" else "")


_ALL = (
    Metric("build_info", "gauge", "Always 1; the labels say what runs.", ("version", "profile")),
    Metric("start_time_seconds", "gauge", "When the service started, seconds since the epoch."),
    Metric(
        "since_loop_tick_seconds",
        "gauge",
        "How long ago a loop began its last round; it grows while a loop hangs.",
        ("loop",),
    ),
    Metric("jobs", "gauge", "Videos in the ledger, by the state they are in.", ("state",)),
    Metric("documents", "gauge", "Documents the ledger knows."),
    Metric("sources_missing", "gauge", "Videos with a document whose file is no longer there."),
    Metric("oldest_settling_seconds", "gauge", "How long the oldest file that is not taken yet has been known."),
    Metric("oldest_queued_seconds", "gauge", "How long the oldest queued video has been queued."),
    Metric("last_done_timestamp_seconds", "gauge", "When the last video was done, seconds since the epoch."),
    Metric("ledger_bytes", "gauge", "Size of the ledger's file with its write-ahead log."),
    Metric("file_settle_seconds", "histogram", "From the first sight of a file until it was taken."),
    Metric("job_queue_seconds", "histogram", "From the queue to the claim of a video."),
    Metric("job_seconds", "histogram", "From the claim of a video to its document."),
    Metric("stage_seconds", "histogram", "What a stage took for a video; `decode` is the reading of it.", ("stage",)),
    Metric("documents_written", "counter", "Documents written, `complete` or `partial`.", ("status",)),
    Metric("job_failures", "counter", "Videos that ended without a document.", ("state", "reason")),
    Metric("job_retries", "counter", "Attempts that failed and are made again.", ("reason",)),
    Metric("stage_failures", "counter", "Stages without a result for a video.", ("stage", "status")),
    Metric("events", "counter", "Events logged, held back or not; see the log's vocabulary.", ("event", "level")),
    Metric("log_lines", "counter", "Lines logged, by level.", ("level",)),
    Metric("log_suppressed_lines", "counter", "Lines held back by the rate limits."),
    Metric("log_dropped_lines", "counter", "Lines lost because nobody read them."),
    Metric("root_up", "gauge", "1 where an inbox can be used, 0 where it is lost.", ("root",)),
    Metric("root_watched", "gauge", "1 where the kernel tells of changes, 0 where scans do all.", ("root",)),
    Metric("scan_seconds", "gauge", "What the last full reading of an inbox took.", ("root",)),
    Metric("watch_events", "counter", "Events of the file system.", ("root",)),
    Metric("watch_overflows", "counter", "Times the kernel dropped events.", ("root",)),
    Metric("watches", "gauge", "Folders the kernel watches for this process (inotify)."),
    Metric("watches_limit", "gauge", "Watches the kernel allows this user (fs.inotify.max_user_watches)."),
    Metric("free_bytes", "gauge", "Free space on the disk of a folder.", ("folder",)),
    Metric("low_water_bytes", "gauge", "The free space below which work pauses (disk.low_water_mib)."),
    Metric("work_paused", "gauge", "1 while the host cannot take documents and no work is begun."),
    Metric("pool_up", "gauge", "1 while the models' processes are up or coming up."),
    Metric("actor_starts", "counter", "Starts of a model's process.", ("actor",)),
    Metric("actor_deaths", "counter", "Times a model's process ended by itself.", ("actor",)),
    Metric("actor_kills", "counter", "Times a model's process was ended: a deadline, a recycling.", ("actor",)),
    Metric(
        "resident_memory_bytes",
        "gauge",
        "Memory of `service`, of each model's process, and of all `other` processes below the service. Pages that "
        "processes share, such as decoded videos, count in each.",
        ("process",),
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
"""The service's metrics by name."""

_WEB = (
    Metric("ready", "gauge", "1 where a video dropped now is described, else 0; `/health` says why."),
    Metric("web_requests", "counter", "Requests answered, by the route's template.", ("route", "method", "status")),
    Metric("web_request_seconds", "histogram", "From a request to the head of its answer.", ("route",)),
    Metric("web_followers", "gauge", "Who follows the events at this moment."),
)
_SHARED = (
    "build_info",
    "start_time_seconds",
    "jobs",
    "documents",
    "sources_missing",
    "oldest_settling_seconds",
    "oldest_queued_seconds",
    "last_done_timestamp_seconds",
    "ledger_bytes",
    "work_paused",
)
WEB_METRICS: Mapping[str, Metric] = MappingProxyType(
    {name: METRICS[name] for name in _SHARED} | {metric.name: metric for metric in _WEB}
)
"""What the web face serves at `/metrics`: what the ledger knows, also while no service runs, and what it did itself."""
