"""For each alert: series in which it fires at `at`, and series like them in which it does not.

Series are in promtool's notation, one value a minute: `a+bxn` is n steps of b from a, `_` is no sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HERE = 'job="reelwatch",instance="host:9469"'
MIB = 2**20


@dataclass(frozen=True)
class Case:
    """at: when the alert is looked at, as Prometheus spells durations."""

    fires: Mapping[str, str]
    calm: Mapping[str, str]
    at: str = "2h"


def event(name: str, level: str = "warning") -> str:
    return f'reelwatch_events_total{{{HERE},event="{name}",level="{level}"}}'


def gauge(name: str, **labels: str) -> str:
    more = "".join(f',{label}="{value}"' for label, value in labels.items())
    return f"reelwatch_{name}{{{HERE}{more}}}"


UP = f"up{{{HERE}}}"
STARTED_LONG_AGO = {gauge("start_time_seconds"): "-86400x500"}
OUTPUT, STATE = gauge("free_bytes", folder="output"), gauge("free_bytes", folder="state")
LOW_WATER = {gauge("low_water_bytes"): f"{512 * MIB}x500"}
DONE, FAILED, REJECTED = event("job.done", "info"), event("job.failed", "error"), event("file.rejected", "error")
QUEUED, LAST_DONE = gauge("jobs", state="queued"), gauge("last_done_timestamp_seconds")
STUCK = event("service.stuck", "error")
SCAN, STORE = gauge("scan_seconds", root="/a"), gauge("resident_memory_bytes", process="service")

CASES: Mapping[str, Case] = {
    "ReelwatchDown": Case({UP: "1x60 0x60"}, {UP: "1x58 0 1x60"}),
    "ReelwatchRestarts": Case(
        {gauge("start_time_seconds"): "0x60 100x10 200x10 300x40"}, {gauge("start_time_seconds"): "0x60 100x60"}
    ),
    "ReelwatchHangs": Case(
        {gauge("since_loop_tick_seconds", loop="intake"): "0x60 0+60x60"},
        {gauge("since_loop_tick_seconds", loop="intake"): "299x120"},
    ),
    "ReelwatchNoHeartbeat": Case(
        STARTED_LONG_AGO | {event("heartbeat", "info"): "0+1x60 60x60"},
        STARTED_LONG_AGO | {event("heartbeat", "info"): "0+1x120"},
    ),
    "ReelwatchWorkPaused": Case({gauge("work_paused"): "0x60 1x60"}, {gauge("work_paused"): "0x117 1x3"}),
    "ReelwatchDiskLow": Case(LOW_WATER | {STATE: f"{1500 * MIB}x120"}, LOW_WATER | {STATE: f"{1600 * MIB}x120"}),
    "ReelwatchDiskFilling": Case(
        LOW_WATER | {OUTPUT: f"{90_000 * MIB}-{100 * MIB}x500"},
        LOW_WATER | {OUTPUT: f"{900_000 * MIB}-{100 * MIB}x500"},
        at="7h",
    ),
    "ReelwatchFileWaitsLong": Case(
        {gauge("oldest_settling_seconds"): "0+60x500"}, {gauge("oldest_settling_seconds"): "0+40x500"}, at="7h"
    ),
    "ReelwatchQueueOld": Case(
        {gauge("oldest_queued_seconds"): "0+60x120"}, {gauge("oldest_queued_seconds"): "0+25x120"}
    ),
    "ReelwatchQueueGrows": Case({QUEUED: "0+2x180"}, {QUEUED: "0+1x180"}, at="3h"),
    "ReelwatchNothingDone": Case(
        STARTED_LONG_AGO | {QUEUED: "3x180", LAST_DONE: "0x180"},
        STARTED_LONG_AGO | {QUEUED: "0x180", LAST_DONE: "0x180"},
        at="3h",
    ),
    "ReelwatchVideoFailed": Case({FAILED: "0x100 1x20"}, {FAILED: "1x120", DONE: "0+1x120"}),
    "ReelwatchMostVideosFail": Case(
        {REJECTED: "0+1x120", FAILED: "0x120", DONE: "0x100 0+1x20"}, {REJECTED: "0+1x120", DONE: "0+2x120"}
    ),
    "ReelwatchRetries": Case({event("job.retry"): "0+1x120"}, {event("job.retry"): "0x60 0+1x15 15x60"}),
    "ReelwatchStageFails": Case({event("stage.failed"): "0+1x120"}, {event("stage.failed"): "0x100 5x20"}),
    "ReelwatchRootLost": Case({gauge("root_up", root="/a"): "0x120"}, {gauge("root_up", root="/a"): "1x118 0x2"}),
    "ReelwatchFolderUnreadable": Case({event("file.blocked"): "0x100 1x20"}, {event("file.blocked"): "1x120"}),
    "ReelwatchWatchOverflow": Case(
        {gauge("watch_overflows_total", root="/a"): "0x60 0+1x60"},
        {gauge("watch_overflows_total", root="/a"): "0x60 2x60"},
    ),
    "ReelwatchWatchDegraded": Case({event("watch.degraded"): "0x100 1x20"}, {event("watch.degraded"): "1x120"}),
    "ReelwatchWatchesNearLimit": Case(
        {gauge("watches"): "950x120", gauge("watches_limit"): "1000x120"},
        {gauge("watches"): "890x120", gauge("watches_limit"): "1000x120"},
    ),
    "ReelwatchScanSlow": Case(
        {gauge("scan_seconds", root="/a"): "61x120"}, {gauge("scan_seconds", root="/a"): "9x120"}
    ),
    "ReelwatchActorCrashLoop": Case(
        {event("actor.died", "error"): "0x110 0+1x10"}, {event("actor.died", "error"): "0x110 1x10"}
    ),
    "ReelwatchMemoryGrows": Case(
        {STORE: f"{120 * MIB}x420 {900 * MIB}x200"}, {STORE: f"{120 * MIB}x420 {400 * MIB}x200"}, at="10h"
    ),
    "ReelwatchLedgerRebuilt": Case(
        # The service was started 90 minutes in, found the damage, and its first sample says so.
        {event("ledger.rebuilt", "critical"): "_x90 1x30", gauge("start_time_seconds"): "_x90 5400x30"},
        {event("ledger.rebuilt", "critical"): "1x120", gauge("start_time_seconds"): "0x120"},
    ),
    "ReelwatchLedgerBusy": Case({event("ledger.busy"): "0x100 0+1x20"}, {event("ledger.busy"): "0x100 1x20"}),
    "ReelwatchLogLinesDropped": Case(
        {gauge("log_dropped_lines_total"): "0x110 5x10"}, {gauge("log_dropped_lines_total"): "5x120"}
    ),
    "ReelwatchLoopStuck": Case(
        {event("service.stuck", "error"): "0x115 1x5"}, {event("service.stuck", "error"): "1x120"}
    ),
    "ReelwatchReloadFailed": Case(
        {event("service.reload_failed", "error"): "0x115 1x5"}, {event("service.reload_failed", "error"): "1x120"}
    ),
    "ReelwatchWebhookFails": Case({event("webhook.retry"): "0x100 5x20"}, {event("webhook.retry"): "0x100 2x20"}),
    "ReelwatchHousekeepingFails": Case(
        {event("document.not_purged"): "0x100 1x20"}, {event("document.not_purged"): "1x120"}
    ),
    "ReelwatchLogStorm": Case(
        {gauge("log_suppressed_lines_total"): "0+100x120"}, {gauge("log_suppressed_lines_total"): "0+10x120"}
    ),
}
