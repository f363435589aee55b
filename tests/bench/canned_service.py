"""A measured program: `python tests/bench/canned_service.py HOME`. The real service over models that answer at once.

Logs JSON lines on stderr as the service does, each with `at_s`, the monotonic time of its event.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "e2e")]

from cheap_hosts import cheap_host

from actors.pool.fake_pool import FakePool
from service.configuration import load
from service.daemon import run


def _tell(event: str, /, **fields: object) -> None:
    said = {name: os.fsdecode(value) if isinstance(value, bytes) else value for name, value in fields.items()}
    sys.stderr.write(json.dumps({"event": event, "at_s": time.monotonic(), **said}, default=str) + "\n")
    sys.stderr.flush()


def main() -> int:
    """Serve until a signal comes; return the exit code."""
    home = Path(sys.argv[1])
    flags = {"pool.kind": "local", "disk.low_water_mib": 0, "pool.num_cpus": 8}
    settings = load(flags, config_path=home / "reelwatch.toml", environ={"HOME": str(home)}).configuration
    return run(settings, _tell, pool_factory=lambda _settings: FakePool(cheap_host))


if __name__ == "__main__":
    sys.exit(main())
