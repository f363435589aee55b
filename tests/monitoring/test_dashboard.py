"""The Grafana dashboard: panels that lie well, and expressions that Prometheus can read about metrics that exist.

Grafana does not run here: its schema's fields are checked as far as they are named in its documentation.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from metric_names import served_names, unknown_names

from service.metrics.catalogue import METRICS

DASHBOARD = json.loads((Path(__file__).resolve().parents[2] / "config/monitoring/dashboard.json").read_text())
PANELS = {panel["id"]: panel for panel in DASHBOARD["panels"]}
TARGETS = [target for panel in PANELS.values() for target in panel.get("targets", ())]
EXPRESSIONS = [target["expr"] for target in TARGETS]
WIDTH = 24


def test_it_has_what_grafana_asks_of_a_dashboard() -> None:
    assert {"uid", "title", "schemaVersion", "templating", "panels", "time", "refresh"} <= DASHBOARD.keys()
    assert len(PANELS) == len(DASHBOARD["panels"]), "ids are unique"
    variables = {variable["name"]: variable["type"] for variable in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "job": "query", "instance": "query"}


@pytest.mark.parametrize("panel", PANELS.values(), ids=lambda panel: panel["title"])
def test_every_panel_is_whole(panel: dict[str, Any]) -> None:
    assert panel["type"] in {"row", "stat", "timeseries"}
    assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= WIDTH
    if panel["type"] != "row":
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0


def test_no_panel_lies_over_another() -> None:
    for one, other in itertools.combinations([panel["gridPos"] for panel in PANELS.values()], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target["expr"])
def test_every_expression_names_metrics_and_labels_that_are_served(target: dict[str, Any]) -> None:
    assert unknown_names(target["expr"]) == set()
    named = [m for m in METRICS.values() if re.search(rf"\b{m.full_name}(_bucket|_sum|_count)?\b", target["expr"])]
    labels = {"job", "instance", "le", *itertools.chain(*(metric.labels for metric in named))}
    by = re.findall(r"by \(([^)]*)\)", target["expr"])
    shown = re.findall(r"{{(\w+)}}", target["legendFormat"])
    assert {label.strip() for one in by for label in one.split(",")} | set(shown) <= labels


def test_every_metric_that_can_be_shown_is_shown() -> None:
    shown = {name for name in served_names() if any(re.search(rf"\b{name}\b", expr) for expr in EXPRESSIONS)}
    told = {name for name in shown if name.endswith(("_bucket", "_sum"))}
    served = {m.full_name for m in METRICS.values() if m.full_name + "_bucket" not in told} - shown
    assert served == {
        "reelwatch_build_info",  # the variables ask for it
        "reelwatch_start_time_seconds",
        "reelwatch_documents",
        "reelwatch_sources_missing",
        "reelwatch_events_total",
        "reelwatch_root_watched",
    } | {f"reelwatch_{m.name}" for m in METRICS.values() if m.kind == "histogram" and f"reelwatch_{m.name}_sum" in told}


def test_prometheus_can_read_every_expression(tmp_path: Path, promtool: Callable[..., str]) -> None:
    filled = [
        expression.replace("$__rate_interval", "5m").replace("$job", "reelwatch").replace("$instance", ".*")
        for expression in EXPRESSIONS
    ]
    rules = [{"record": f"checked:{number}", "expr": expr} for number, expr in enumerate(filled)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", tmp_path / "rules.yml")
