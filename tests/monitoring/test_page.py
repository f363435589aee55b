"""What the page on monitoring promises: the table of metrics, and one-liners for those who have only the log."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from service.assets import asset
from service.logs.examples import EXAMPLES, HEARTBEAT
from service.logs.fields import FIELDS
from service.logs.page import example
from service.logs.vocabulary import EVENTS
from service.metrics.page import markdown

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "config/monitoring/README.md").read_text(encoding="utf-8")
_BLOCK = PAGE.partition("<!-- log alerts -->")[2].partition("<!-- /log alerts -->")[0]
LINES = [line for line in _BLOCK.splitlines() if line.startswith("journalctl")]
PROGRAMS = [(found.group(1), found.group(2)) for line in LINES if (found := re.search(r"jq (.*?)'(.+?)'", line))]
SICK: dict[str, Any] = {
    **HEARTBEAT,
    "paused": True,
    "reason": "disk_full",
    "queued": 3,
    "oldest_settling_s": 30_000.0,
    "oldest_queued_s": 4_000.0,
    "last_done_s": 9_000.0,
    "output_free_mib": 300,
    "roots_lost": 1,
    "watches": 65_000,
    "scan_ms": 61_000.0,
}
FOREIGN = ("Starting reelwatch.service - Reelwatch: describes videos…", "reelwatch.service: Deactivated successfully.")
"""What stands in a unit's journal beside what the unit says."""


def test_the_table_is_the_catalogue() -> None:
    between = PAGE.partition("<!-- metrics -->\n")[2].partition("<!-- /metrics -->")[0]
    assert between == markdown(), "python -m service.metrics.page prints the table anew"


def jq(options: str, program: str, lines: list[str]) -> str:
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    ended = subprocess.run(
        ["jq", *options.split(), program], input="\n".join(lines), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def heartbeat(figures: dict[str, Any]) -> str:
    head = json.loads(example("heartbeat"))
    return json.dumps({name: head[name] for name in ("time", "level", "event")} | figures)


@pytest.mark.parametrize(("options", "program"), PROGRAMS, ids=[program for _, program in PROGRAMS])
def test_each_one_liner_finds_its_trouble_and_nothing_in_a_calm_log(options: str, program: str) -> None:
    calm = [*FOREIGN, heartbeat(dict(HEARTBEAT)), example("job.done"), example("file.settled")]
    trouble = [*FOREIGN, *(example(event) for event in EXAMPLES if event != "heartbeat"), heartbeat(SICK)]
    if "-n" in options:
        trouble = [*FOREIGN, example("job.done")]
    if "@tsv" not in program:  # that one shows a course, whatever it is
        assert jq(options, program, calm) == ""
    assert jq(options, program, trouble) != ""


def test_the_one_liners_name_what_the_log_has() -> None:
    programs = "\n".join(program for _, program in PROGRAMS)
    assert set(re.findall(r'"((?:\w+)\.(?:\w+))"', programs)) <= EVENTS.keys()
    strings_away = re.sub(r'"[^"]*"', "", programs)
    assert set(re.findall(r"\.(\w*[a-z]\w*)", strings_away)) - {"event", "time", "level"} <= FIELDS.keys()


def test_the_pipelines_example_is_toml_and_reads_our_unit() -> None:
    vector = tomllib.loads((ROOT / "config/monitoring/vector.toml").read_text(encoding="utf-8"))
    assert vector["sources"]["journal"]["include_units"] == ["reelwatch.service"]
    assert (ROOT / "systemd/reelwatch.service").exists()
    assert {name for transform in vector["transforms"].values() for name in transform["inputs"]} <= {
        *vector["sources"],
        *vector["transforms"],
        "events.dropped",
    }


def test_an_installed_reelwatch_has_them() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert wheel["force-include"]["config"] == "service/_share/config"
    assert asset("config/monitoring/alerts.yml").read_bytes() == (ROOT / "config/monitoring/alerts.yml").read_bytes()


def test_every_file_is_on_the_page() -> None:
    files = {path.name for path in (ROOT / "config/monitoring").iterdir()} - {"README.md"}
    assert {name for name in files if f"({name})" not in PAGE} == set()
