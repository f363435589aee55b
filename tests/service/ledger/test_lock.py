"""One process per state directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.errors import StateLocked
from service.ledger.lock import LOCK_FILE, lock_holder, state_lock

HOLD = """
import sys, time
from pathlib import Path
from service.ledger.lock import state_lock
with state_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_holder_is_named_while_it_holds(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert lock_holder(state) is None
    with state_lock(state):
        assert lock_holder(state) == os.getpid()
    assert lock_holder(state) is None
    assert (state / LOCK_FILE).exists()


def test_a_second_holder_is_refused_with_the_first_one_s_number(tmp_path: Path) -> None:
    with state_lock(tmp_path), pytest.raises(StateLocked, match=f"in use by process {os.getpid()}") as caught:  # noqa: SIM117 - the second raises
        with state_lock(tmp_path):
            pass
    assert caught.value.exit_code == 75


def test_the_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(StateLocked, match=str(holder.pid)), state_lock(tmp_path):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with state_lock(tmp_path):
        assert lock_holder(tmp_path) == os.getpid()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe", b"12 34"])
def test_what_the_file_says_is_not_trusted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LOCK_FILE).write_bytes(content)
    assert lock_holder(tmp_path) is None
    with state_lock(tmp_path):
        assert lock_holder(tmp_path) == os.getpid()
