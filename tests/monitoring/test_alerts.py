"""The alert rules: whole, about metrics that exist, with a remedy; each fires when it should and not before."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from alert_cases import CASES
from metric_names import anchors, unknown_names

from service.logs.vocabulary import EVENTS

ROOT = Path(__file__).resolve().parents[2]
RULES = {
    rule["alert"]: rule
    for group in yaml.safe_load((ROOT / "config/monitoring/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}


def test_prometheus_can_read_them(monitoring: Path, promtool: Callable[..., str]) -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", monitoring / "alerts.yml")
    assert "valid prometheus config" in promtool("check", "config", monitoring / "prometheus.yml")


def test_every_alert_is_tested() -> None:
    assert RULES.keys() == CASES.keys()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_an_alert_says_what_it_is_and_what_to_do(rule: Mapping[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].endswith(".")
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "RUNNING.md"
    assert anchor in anchors(ROOT / "systemd" / "RUNNING.md")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_an_alert_asks_for_what_is_served(rule: Mapping[str, Any]) -> None:
    assert unknown_names(rule["expr"]) == set()
    named = re.findall(r'event=~?"([^"]+)"', rule["expr"])
    assert {event for one in named for event in one.split("|")} <= EVENTS.keys()


def firing(alert: str, series: Mapping[str, str], *, fires: bool, at: str) -> dict[str, Any]:
    expression = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) > 0 or vector(0)'
    expected = [{"labels": "{}", "value": 1 if fires else 0}]
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": expression, "eval_time": at, "exp_samples": expected}],
    }


def test_each_fires_and_is_calm(tmp_path: Path, promtool: Callable[..., str]) -> None:
    """One promtool for all, and each rule in a file of its own: all rules over all cases would take 20 s of CPU."""
    for alert, case in CASES.items():
        rules, tests = tmp_path / f"{alert}.rules.yml", tmp_path / f"{alert}.yml"
        rules.write_text(yaml.safe_dump({"groups": [{"name": "one", "rules": [RULES[alert]]}]}))
        cases = [firing(alert, case.fires, fires=True, at=case.at), firing(alert, case.calm, fires=False, at=case.at)]
        tests.write_text(yaml.safe_dump({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": cases}))
    promtool("test", "rules", *(tmp_path / f"{alert}.yml" for alert in CASES))
