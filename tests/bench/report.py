"""What the benches found, as values, as JSON for programs and as the Markdown tables that README shows."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
SPEED_TOPICS = ("speed", "driver_time", "server_ledger", "latency")
"""The results that make the fragment `speed.md`, in this order."""
OPERATION_TOPICS = {
    "writers": "tests/e2e/writers",
    "faults": "tests/faults",
    "kills": "tests/e2e/kill_rounds.py",
    "latency": "tests/bench/latency.py",
    "start": "tests/bench/starting.py",
    "idle": "tests/bench/idle.py",
    "memory": "tests/bench/memory.py",
    "host": "tests/bench/beside.py",
    "fuzz": "tests/e2e/fuzz_rounds.py",
    "exposure": "systemd-analyze",
}
"""The results `operation_<topic>` that make `operation.md`, in this order, and what takes them."""
WEB_TOPICS = {
    "pages": "tests/bench/pages.py",
    "search": "tests/bench/searching.py",
    "dashboard": "tests/bench/dashboard.py",
}
"""The results `web_<topic>` that make `web.md`, likewise."""
_LIBRARIES = ("av", "ray", "scenedetect-headless", "opencv-python-headless", "onnxruntime", "sqlalchemy")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was measured against which bound, and the figures behind it.

    met: whether the bound holds; None where there is none, or where it could not be measured (then `note` says why).
    """

    what: str
    bound: str
    measured: str
    met: bool | None = None
    note: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The verdict in a word."""
        if self.met is None:
            return "-"
        return "met" if self.met else "**missed**"


def write(topic: str, figures: Sequence[Figure], *, folder: Path = RESULTS) -> Path:
    """Write a topic's figures with the machine they were taken on to `<folder>/<topic>.json`; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{topic}.json"
    document = {"topic": topic, "machine": machine(), "figures": [asdict(figure) for figure in figures]}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(topic: str, *, folder: Path = RESULTS) -> tuple[dict[str, Any], list[Figure]]:
    """Return the machine and the figures of a topic's last run; both empty where there was none."""
    path = folder / f"{topic}.json"
    if not path.exists():
        return {}, []
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["machine"], [Figure(**figure) for figure in document["figures"]]


def write_speed_fragment(*, folder: Path = RESULTS) -> Path:
    """Write `speed.md` from what the JSON results hold; return the file."""
    found = [read(topic, folder=folder) for topic in SPEED_TOPICS]
    figures = [figure for _, mine in found for figure in mine]
    machines = [machine for machine, _ in found if machine]
    lines = table(
        ("what", "bound", "measured", "verdict"),
        ((f.what, f.bound, f.measured, f.verdict + (f": {f.note}" if f.note else "")) for f in figures),
    )
    path = folder / "speed.md"
    path.write_text("\n".join([*lines, "", *_origin(machines)]) + "\n", encoding="utf-8")
    return path


def write_operation_fragment(*, folder: Path = RESULTS) -> Path:
    """Write `operation.md` from what the JSON results hold; what was not taken yet is named below the table."""
    return _write_fragment("operation", OPERATION_TOPICS, folder)


def write_web_fragment(*, folder: Path = RESULTS) -> Path:
    """Write `web.md`, likewise."""
    return _write_fragment("web", WEB_TOPICS, folder)


def _write_fragment(name: str, topics: Mapping[str, str], folder: Path) -> Path:
    written = sorted(path.stem.removeprefix(f"{name}_") for path in folder.glob(f"{name}_*.json"))
    others = [topic for topic in written if topic not in topics]
    found = {topic: read(f"{name}_{topic}", folder=folder) for topic in [*topics, *others]}
    figures = [figure for _, mine in found.values() for figure in mine]
    lines = table(
        ("what", "bound", "measured", "verdict"),
        ((f.what, f.bound, f.measured, f.verdict + (f": {f.note}" if f.note else "")) for f in figures),
    )
    missing = [f"{topic} (`{by}`)" for topic, by in topics.items() if not found[topic][1]]
    absent = [f"Not taken yet: {', '.join(missing)}.", ""] if missing else []
    path = folder / f"{name}.md"
    origin = _origin([machine for machine, _ in found.values() if machine])
    path.write_text("\n".join([*lines, "", *absent, *origin]) + "\n", encoding="utf-8")
    return path


def tell(figures: Iterable[Figure]) -> None:
    """Print figures for whoever ran the bench."""
    for figure in figures:
        print(f"{figure.what}: {figure.measured} ({figure.bound}): {figure.verdict} {figure.note}")  # noqa: T201


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def machine() -> dict[str, Any]:
    """Return what figures depend on: the machine, how busy it was, versions, and the commit."""
    return {
        "taken_at": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": _commit(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _origin(machines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say on what the figures were taken, once per machine and load."""
    said = {
        f"{m['cores']} cores of {m['cpu']}, load {m['load']}, Python {m['python']}, {m['taken_at']}" for m in machines
    }
    return [f"Taken on {one}." for one in sorted(said)]


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
