"""What the service leaves to others: what is asked of the kernel, and what becomes of a refusal."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service.configuration.host import HostSettings
from service.host import LinuxSystem, group_quota_percent, take_share

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class FakeSystem:
    """Notes what it is asked for; refuses what it is told to refuse."""

    refuses: tuple[str, ...] = ()
    quota: float | None = None
    on: frozenset[int] = frozenset(range(4))
    asked: list[tuple[str, object]] = field(default_factory=list)

    def _ask(self, what: str, value: object) -> None:
        if what in self.refuses:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        self.asked.append((what, value))

    def add_niceness(self, increment: int) -> None:
        self._ask("nice", increment)

    def set_io_class(self, name: str) -> None:
        self._ask("io", name)

    def cores(self) -> frozenset[int]:
        return self.on

    def set_cores(self, cores: Collection[int]) -> None:
        self._ask("cores", sorted(cores))
        self.on = frozenset(cores)

    def cpu_quota_percent(self) -> float | None:
        return self.quota


def settings(*, niceness: int = 10, io_class: str = "none", quota: int = 0) -> HostSettings:
    return HostSettings(niceness=niceness, io_class=io_class, cpu_quota_percent=quota)


@pytest.mark.parametrize(
    ("given", "system", "asked"),
    [
        pytest.param(settings(), FakeSystem(), [("nice", 5)], id="half of the niceness is the service's own"),
        pytest.param(settings(niceness=0), FakeSystem(), [("nice", 0)], id="none"),
        pytest.param(settings(io_class="idle"), FakeSystem(), [("nice", 5), ("io", "idle")], id="class of disk access"),
        pytest.param(settings(quota=250), FakeSystem(), [("nice", 5), ("cores", [0, 1])], id="whole cores, never more"),
        pytest.param(
            settings(quota=900), FakeSystem(), [("nice", 5), ("cores", [0, 1, 2, 3])], id="more than there are"
        ),
        pytest.param(settings(quota=250), FakeSystem(quota=200.0), [("nice", 5)], id="the unit's bound is tighter"),
        pytest.param(settings(quota=150), FakeSystem(quota=400.0), [("nice", 5), ("cores", [0])], id="it is wider"),
    ],
)
def test_what_the_kernel_is_asked_for(given: HostSettings, system: FakeSystem, asked: list[tuple[str, object]]) -> None:
    share = take_share(given, system)
    assert system.asked == asked
    assert share.refused == ()
    assert share.cores == len(system.on)


def test_what_is_refused_is_told_and_not_claimed() -> None:
    system = FakeSystem(refuses=("nice", "io", "cores"))
    share = take_share(settings(io_class="idle", quota=100), system)
    assert (share.niceness, share.io_class, share.cores) == (0, "none", 4)
    assert share.refused == tuple(
        (setting, "Operation not permitted") for setting in ("niceness", "io_class", "cpu_quota_percent")
    )


def test_less_than_a_core_is_said_to_be_out_of_reach() -> None:
    share = take_share(settings(quota=50), FakeSystem())
    assert share.cores == 1
    ((setting, why),) = share.refused
    assert setting == "cpu_quota_percent"
    assert "not 50 %: CPUQuota=" in why


def test_both_halves_make_the_whole() -> None:
    given = settings(niceness=19)
    assert given.own_niceness + given.model_niceness == 19


@pytest.mark.parametrize(
    ("groups", "percent"),
    [
        pytest.param({}, None, id="no control groups"),
        pytest.param({"a/b": "max 100000"}, None, id="no bound"),
        pytest.param({"a/b": "150000 100000"}, 150.0, id="its own"),
        pytest.param({"a": "50000 100000", "a/b": "max 100000"}, 50.0, id="of one above"),
        pytest.param({"a": "50000 100000", "a/b": "25000 100000"}, 25.0, id="the tightest"),
        pytest.param({"a/b": "nonsense"}, None, id="unreadable"),
    ],
)
def test_the_bound_of_a_control_group(tmp_path: Path, groups: dict[str, str], percent: float | None) -> None:
    for name, content in groups.items():
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "cpu.max").write_text(content + "\n")
    assert group_quota_percent("/a/b", root=tmp_path) == percent


def test_the_kernel_does_it_and_children_inherit() -> None:
    """In a process of its own: niceness is never given back."""
    program = (
        "import json, os, subprocess, sys\n"
        "from service.configuration.host import HostSettings\n"
        "from service.host import take_share\n"
        "share = take_share(HostSettings(niceness=8, io_class='idle', cpu_quota_percent=100))\n"
        "child = 'import json, os; print(json.dumps([os.nice(0), len(os.sched_getaffinity(0))]))'\n"
        "found = subprocess.run([sys.executable, '-c', child], capture_output=True, check=True).stdout\n"
        "import ctypes; print(json.dumps([*json.loads(found), ctypes.CDLL(None).syscall(252, 1, 0), share.refused]))\n"
    )
    before = os.nice(0)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True)
    niceness, cores, io, refused = json.loads(done.stdout)
    assert refused == []
    assert (niceness, cores) == (min(19, before + 4), 1)
    if os.uname().machine == "x86_64":  # 252 is ioprio_get there
        assert io >> 13 == 3


def test_a_machine_whose_system_calls_are_not_known_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(OSError, match="not known how on vax"):
        LinuxSystem().set_io_class("idle")
