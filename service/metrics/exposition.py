"""The metrics as Prometheus reads them: a collector for a registry of one's own, never the library's global one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from service.metrics.catalogue import METRICS, PREFIX, Metric
from service.metrics.counters import Histogram, Labels
from service.metrics.values import Values


class Exposition(Collector):
    """Hands a registry what `gather` returns, at every scrape."""

    def __init__(self, gather: Callable[[], Values], metrics: Mapping[str, Metric]) -> None:
        self._gather = gather
        self._metrics = metrics

    def collect(self) -> Iterator[Family]:
        """Yield every metric; one without a known value has no sample."""
        values = self._gather()
        for metric in self._metrics.values():
            if metric.kind == "histogram":
                yield _histogram(metric, values.histograms.get(metric.name, {}))
            else:
                yield _numbers(metric, values.numbers.get(metric.name, {}))

    def describe(self) -> Iterable[Family]:
        """Return nothing: the registry would gather to find the names, which are the catalogue's."""
        return ()


def registry_of(gather: Callable[[], Values], metrics: Mapping[str, Metric] = METRICS) -> CollectorRegistry:
    """Return a registry that serves what `gather` returns of these metrics and nothing else."""
    registry = CollectorRegistry()
    registry.register(Exposition(gather, metrics))
    return registry


def _numbers(metric: Metric, found: Mapping[Labels, float]) -> Family:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(PREFIX + metric.name, metric.meaning, labels=metric.labels)
    for labels, value in found.items():
        family.add_metric(list(labels), value)
    return family


def _histogram(metric: Metric, found: Mapping[Labels, Histogram]) -> Family:
    family = HistogramMetricFamily(PREFIX + metric.name, metric.meaning, labels=metric.labels)
    for labels, histogram in found.items():
        family.add_metric(list(labels), list(_buckets(histogram)), sum_value=histogram.total)
    return family


def _buckets(histogram: Histogram) -> Iterator[tuple[str, float]]:
    """Yield cumulative counts, as Prometheus has them."""
    below = 0
    for bound, count in zip((*map(str, histogram.bounds), "+Inf"), histogram.counts, strict=True):
        below += count
        yield bound, below
