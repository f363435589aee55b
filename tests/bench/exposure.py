"""How much of the host the units leave open to the processes in them, as `systemd-analyze security` counts it.

    python tests/bench/exposure.py        # writes results/operation_exposure.json and the table in systemd/README.md

Offline, from the unit files: nothing needs to be installed, and no systemd to run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from report import Figure, write

UNITS = ROOT / "systemd"
PAGE = UNITS / "README.md"
SERVICE, SYNC, WEB = "reelwatch.service", "reelwatch-sync@.service", "reelwatch-web.service"
MOST = 1.6
"""The bound: what a service reaches that has the network's families and makes machine code at run time."""
TOGETHER = "with all three"
VARIANTS: dict[str, tuple[str, Sequence[str]]] = {
    "the service": (SERVICE, ()),
    "with `--gpu`": (SERVICE, ("gpu",)),
    "with `--lease`": (SERVICE, ("lease",)),
    "with `--network`": (SERVICE, ("network",)),
    TOGETHER: (SERVICE, ("gpu", "lease", "network")),
    "the web unit": (WEB, ()),
    "the web unit with `--network`": (WEB, ("network",)),
    "the sync unit": (SYNC, ()),
}


def exposure(unit: str, drop_ins: Sequence[str] = ()) -> float:
    """Return the exposure of a unit with drop-ins, 0.0 (none) to 10.0."""
    with tempfile.TemporaryDirectory() as folder:
        laid_out = lay_out(Path(folder), unit, drop_ins)
        said = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", laid_out], check=True, capture_output=True, text=True
        ).stdout
    found = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", said)
    assert found is not None, said
    return float(found[1])


def lay_out(folder: Path, unit: str, drop_ins: Sequence[str] = ()) -> Path:
    """Copy a unit alone, with the drop-ins asked for, and return its path: those beside it would be read too."""
    shutil.copy(UNITS / unit, folder)
    for name in drop_ins:
        (folder / f"{unit}.d").mkdir(exist_ok=True)
        shutil.copy(UNITS / "drop-ins" / f"{name}.conf", folder / f"{unit}.d")
    return folder / unit


def version() -> str:
    """Return systemd's version."""
    said = subprocess.run(["systemd-analyze", "--version"], check=True, capture_output=True, text=True).stdout
    return said.split()[1]


def table(found: dict[str, float]) -> str:
    """Return the page's table."""
    rows = [f"| {name} | {value} |" for name, value in found.items()]
    said = f"Exposure by `systemd-analyze security` of systemd {version()}, from 0 to 10 (Syncthing's unit has 2.3):"
    return "\n".join([said, "", "| | exposure |", "|---|---|", *rows]) + "\n"


def main() -> None:
    """Measure, and write the results and the table."""
    found = {name: exposure(unit, drop_ins) for name, (unit, drop_ins) in VARIANTS.items()}
    worst = max(value for name, value in found.items() if name != TOGETHER)
    figure = Figure(
        what="exposure of the units (systemd-analyze security)",
        bound=f"<= {MOST}",
        measured=f"{found['the service']} ({found['with `--gpu`']} with a card); any one drop-in at most {worst}, "
        f"all three {found[TOGETHER]}",
        met=worst <= MOST,
        note=f"systemd {version()}, offline; Syncthing's unit has 2.3",
        values={"systemd": version(), **found},
    )
    write("operation_exposure", [figure])
    before, start, rest = PAGE.read_text(encoding="utf-8").partition("<!-- exposure -->\n")
    _, end, after = rest.partition("<!-- /exposure -->")
    PAGE.write_text(f"{before}{start}{table(found)}{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
