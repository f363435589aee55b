"""What each metric of the catalogue is at one moment: plain numbers per label values, whoever serves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.ledger.states import State
from service.ledger.values import Counts
from service.logs.names import readable
from service.metrics.counters import Histogram, Labels
from service.metrics.gauges import Gauges

Numbers = Mapping[Labels, float]


@dataclass(frozen=True, slots=True)
class Values:
    """Counters and gauges, and histograms, by the metric's name. What is not known has no entry, and so no sample."""

    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    histograms: Mapping[str, Mapping[Labels, Histogram]] = field(default_factory=dict)


def values(gauges: Gauges, *, version: str, profile: str) -> Values:
    """Return every metric's values."""
    numbers: dict[str, Numbers] = {
        "build_info": {(version, profile): 1},
        "start_time_seconds": _one(gauges.started_s),
        "since_loop_tick_seconds": {(loop,): age for loop, age in gauges.since_tick_s.items()},
        "ledger_bytes": _one(gauges.ledger_bytes),
        "watches": _one(gauges.watches),
        "watches_limit": _one(gauges.watches_limit),
        "free_bytes": {(folder,): free for folder, free in gauges.free_bytes.items()},
        "low_water_bytes": _one(gauges.low_water_bytes),
        "work_paused": _one(gauges.pause is not None),
        "pool_up": _one(gauges.pool_up),
        "resident_memory_bytes": {(name,): size for name, size in gauges.memory_bytes.items()},
        **({} if gauges.counts is None else ledger_values(gauges.counts, now_s=gauges.now_s)),
        **_roots(gauges),
        **_log(gauges),
        **gauges.counted.counts,
    }
    return Values(numbers, gauges.counted.histograms)


def _one(value: float | None) -> Numbers:
    return {} if value is None else {(): float(value)}


def ledger_values(counts: Counts, *, now_s: float) -> dict[str, Numbers]:
    """Return the values of what is counted in the ledger; now_s: wall clock."""
    return {
        "jobs": {(state.value,): counts.states.get(state, 0) for state in State},
        "documents": _one(counts.documents),
        "sources_missing": _one(counts.source_missing),
        "oldest_settling_seconds": _age(counts.oldest_settling_at, now_s),
        "oldest_queued_seconds": _age(counts.oldest_queued_at, now_s),
        "last_done_timestamp_seconds": _one(counts.last_done_at),
    }


def _age(since_s: float | None, now_s: float) -> Numbers:
    return _one(None if since_s is None else max(0.0, now_s - since_s))


def _roots(gauges: Gauges) -> dict[str, Numbers]:
    named = {(readable(root.path),): root for root in gauges.roots}
    return {
        "root_up": {name: float(root.lost is None) for name, root in named.items()},
        "root_watched": {name: float(root.watched) for name, root in named.items()},
        "scan_seconds": {name: root.sweep_s for name, root in named.items() if root.sweep_s is not None},
        "watch_events": {name: root.events for name, root in named.items()},
        "watch_overflows": {name: root.overflows for name, root in named.items()},
    }


def _log(gauges: Gauges) -> dict[str, Numbers]:
    log = gauges.log
    if log is None:
        return {}
    return {
        "log_lines": {(level,): number for level, number in log.lines.items()},
        "log_suppressed_lines": _one(log.suppressed),
        "log_dropped_lines": _one(log.dropped),
    }
