"""The vocabulary is whole and closed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from service.logs import Recorder
from service.logs.examples import EXAMPLES
from service.logs.fields import FIELDS, is_of_kind
from service.logs.page import markdown
from service.logs.render import plain
from service.logs.vocabulary import EVENTS, LEVELS, STORMS, problem

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_every_event_is_documented(event: object) -> None:
    assert event.level in LEVELS
    assert event.sentence.endswith(".")
    assert event.fields <= FIELDS.keys()
    assert not set(event.required) & set(event.optional)
    assert event.rate_key is None or event.rate_key in event.fields


def test_the_examples_are_the_vocabularys() -> None:
    assert EXAMPLES.keys() == EVENTS.keys()


@pytest.mark.parametrize(("event", "fields"), EXAMPLES.items(), ids=EXAMPLES.keys())
def test_every_example_is_a_line_of_its_event(event: str, fields: dict[str, object]) -> None:
    assert problem(event, fields) is None
    assert {name: value for name, value in fields.items() if not is_of_kind(name, plain(value))} == {}


def test_storms_are_what_is_limited_and_may_need_somebody() -> None:
    assert {"scan.failed", "file.incomplete", "root.lost", "work.paused", "log.library"} <= STORMS
    assert not STORMS & {"file.waiting", "watch.rebuilt", "job.failed"}


def test_every_field_is_used() -> None:
    used = set().union(*(event.fields for event in EVENTS.values()))
    assert FIELDS.keys() == used


WRONG = {
    "unknown event": ("job.dnoe", {}, "unknown event 'job.dnoe'"),
    "missing field": ("job.done", {"path": b"a"}, "missing ['document', 'seconds', 'status']"),
    "unknown field": ("pool.stopped", {"colour": 1}, "unknown ['colour']"),
}


@pytest.mark.parametrize(("event", "fields", "message"), WRONG.values(), ids=WRONG.keys())
def test_the_recorder_refuses(event: str, fields: dict[str, object], message: str) -> None:
    record = Recorder()
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is compared below, brackets and all
        record(event, **fields)
    assert message in str(refused.value)
    assert record.events == []


def test_the_recorder_keeps() -> None:
    record = Recorder()
    record("pool.stopped", reason="idle")
    assert record.names == ["pool.stopped"]
    assert record.named("pool.stopped") == [{"reason": "idle"}]


def test_the_tables_hold_every_event_and_field() -> None:
    table = markdown()
    assert all(f"| `{name}` |" in table for name in EVENTS)
    assert all(f"| {name} |" in table for name in FIELDS)


def test_every_event_is_logged_by_somebody() -> None:
    """An event that nobody logs would be a promise in the documentation."""
    own = (
        *("vocabulary.py", "service/logs/examples.py", "service/metrics/counters.py"),
        *("service/cli/demo.py", "service/demo/running.py"),
    )
    paths = [path for path in ROOT.glob("service/**/*.py") if not str(path).endswith(own)]
    source = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    assert [event for event in EVENTS if f'"{event}"' not in source] == []


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_no_event_promises_a_field_that_nobody_gives(event: object) -> None:
    """Where an event's name stands as a literal, its optional fields are named, too."""
    own = {"vocabulary.py", "web_vocabulary.py", "examples.py", "fields.py", "counters.py"}
    sources = [path.read_text(encoding="utf-8") for path in ROOT.glob("service/**/*.py") if path.name not in own]
    giving = "\n".join(source for source in sources if f'"{event.name}"' in source)
    assert [f for f in event.optional if f"{f}=" not in giving and f'"{f}"' not in giving] == []


def calls() -> dict[str, tuple[str, set[str], bool]]:
    """Every call in the product that logs a literal event: where, which, and its literal fields."""
    found = {}
    for path in sorted([*ROOT.glob("service/**/*.py"), *ROOT.glob("actors/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _logs(node):
                fields = {keyword.arg for keyword in node.keywords if keyword.arg}
                partly = any(keyword.arg is None for keyword in node.keywords)
                found[f"{path.relative_to(ROOT)}:{node.lineno}"] = (node.args[0].value, fields, partly)
    return found


def _logs(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    literal = bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    return name in {"emit", "_emit"} and literal


CALLS = calls()


@pytest.mark.parametrize(("event", "fields", "partly"), CALLS.values(), ids=CALLS.keys())
def test_the_product_logs_only_what_the_vocabulary_has(event: str, fields: set[str], partly: bool) -> None:  # noqa: FBT001 - a table
    assert event in EVENTS
    unknown = fields - EVENTS[event].fields
    assert not unknown
    if not partly:
        assert problem(event, dict.fromkeys(fields)) is None
