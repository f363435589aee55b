"""The real service, held or killed at a named moment: `python tests/faults/staged_service.py`.

    FAULT_KILL_AT="after the claim"   SIGKILL itself there, the first time it comes by; `#3` behind it: the third time
    FAULT_GATES=<folder>              stop at each gate that has a file there, until the file is removed
    FAULT_RECORD=<file>               write down there what goes to the disk, in order
    FAULT_HOST=<JSON>                 on a host such as `strange_host` describes

Settings come from the environment, as for `reelwatch run`. The product knows nothing of this: its own functions are
wrapped here, in this process only, before the service starts.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import disk_recorder
import gates
import kill_switch
import strange_host

from actors.pool.fake_pool import FakePool
from service import daemon
from service.cli.main import main


def run() -> None:
    """Arm what the environment asks for, and be `reelwatch run` over the pool in this process; ends in `SystemExit`."""
    if asked := os.environ.get("FAULT_HOST"):
        strange_host.arm(asked)
    if wanted := os.environ.get("FAULT_KILL_AT"):
        kill_switch.arm(wanted)
    if folder := os.environ.get("FAULT_GATES"):
        gates.arm(Path(folder))
    if record := os.environ.get("FAULT_RECORD"):
        disk_recorder.arm(Path(record))
    # Actors in processes of their own would not meet what is wrapped here, and take seconds to start.
    daemon.run = partial(daemon.run, pool_factory=lambda _configuration: FakePool())
    sys.argv = ["reelwatch", "run"]
    main()


if __name__ == "__main__":
    run()
