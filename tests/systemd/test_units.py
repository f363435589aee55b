"""The shipped units: systemd finds nothing wrong with them, they leave little open, and they fit the program."""

from __future__ import annotations

import configparser
import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from actors.pool.base import CLOSE_S as POOL_CLOSE_S
from actors.pool.ray_options import RayOptions, prepare
from service.configuration import load
from service.errors import ConfigError
from service.installation.host import CLOSE_MARGIN_S, LEAST_STOP_S
from service.intake_loop import LONGEST_PAUSE_S
from service.ledger.engine import Patience
from service.ledger_trouble import START_WITHIN_S
from service.pulse import LOG_LIMIT_S, LOOP_LIMIT_S, SCAN_LIMIT_S
from service.reload import ERRAND_S
from service.supervisor import EXTENSION_S, LOOK_S, PINGS
from service.watched_pool import START_S
from service.web.security.token import CREDENTIAL
from service.web.server import PARTING_S

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "bench")]
bench = importlib.import_module("exposure")

analyses = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
DROP_INS = sorted(path.stem for path in (ROOT / "systemd" / "drop-ins").iterdir())
VARIANTS = [(bench.SERVICE, ()), *((bench.SERVICE, (name,)) for name in DROP_INS), (bench.SYNC, ()), (bench.WEB, ())]


class Unit(configparser.RawConfigParser):
    """A unit file, of whose repeated settings the last one counts; `every` returns all."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",), interpolation=None)
        self.optionxform = str  # type: ignore[assignment,method-assign] # settings are told apart by case
        self._lines = path.read_text(encoding="utf-8").splitlines()
        self.read(path, encoding="utf-8")

    def every(self, name: str) -> list[str]:
        return [line.partition("=")[2] for line in self._lines if line.startswith(f"{name}=")]

    def seconds(self, name: str) -> float:
        return float(self["Service"][name])


@pytest.fixture(scope="module")
def unit() -> Unit:
    return Unit(ROOT / "systemd" / bench.SERVICE)


def environment(unit: Unit) -> dict[str, str]:
    pairs = [pair for line in unit.every("Environment") for pair in line.split()]
    return dict(pair.partition("=")[::2] for pair in pairs)


@analyses
@pytest.mark.parametrize(("name", "drop_ins"), VARIANTS, ids=[" ".join((unit, *more)) for unit, more in VARIANTS])
def test_systemd_finds_nothing_wrong(tmp_path: Path, name: str, drop_ins: Sequence[str]) -> None:
    path = bench.lay_out(tmp_path, name, drop_ins)
    shutil.copy(ROOT / "systemd" / "reelwatch-sync@.timer", tmp_path)
    for program in ("/opt/reelwatch/bin/reelwatch", "/usr/bin/rclone"):  # what is there on a host, /bin/true is here
        path.write_text(path.read_text().replace(program, "/bin/true"))
    found = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


@analyses
@pytest.mark.parametrize(("name", "drop_ins"), VARIANTS, ids=[" ".join((unit, *more)) for unit, more in VARIANTS])
def test_little_is_left_open(tmp_path: Path, name: str, drop_ins: Sequence[str]) -> None:
    path = bench.lay_out(tmp_path, name, drop_ins)
    threshold = ["systemd-analyze", "security", "--offline=true", f"--threshold={round(bench.MOST * 10)}", path]
    found = subprocess.run(threshold, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@analyses
def test_the_published_figures_are_these() -> None:
    (figure,) = importlib.import_module("report").read("operation_exposure")[1]
    if figure.values["systemd"] != bench.version():
        pytest.skip(f"published for systemd {figure.values['systemd']}, here is {bench.version()}")
    found = {name: bench.exposure(*variant) for name, variant in bench.VARIANTS.items()}
    assert {name: figure.values[name] for name in found} == found
    assert bench.table(found) in bench.PAGE.read_text(encoding="utf-8")


def test_it_tells_systemd_itself(unit: Unit) -> None:
    service = unit["Service"]
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert service["ExecReload"].split() == ["/bin/kill", "-HUP", "$MAINPID"]
    assert service["KillMode"] == "mixed"


def test_a_drain_ends_before_systemd_loses_patience(unit: Unit) -> None:
    drain_s = load({}, environ={"HOME": "/nonexistent"}).configuration.pool.drain_s
    stop_s = unit.seconds("TimeoutStopSec")
    assert stop_s == LEAST_STOP_S
    assert drain_s + CLOSE_MARGIN_S <= stop_s
    assert 2 * POOL_CLOSE_S < CLOSE_MARGIN_S
    assert LOOK_S < EXTENSION_S, "a longer drain asks for more before what it was given is over"


def test_a_start_is_given_the_time_it_takes(unit: Unit) -> None:
    start_s, patience = unit.seconds("TimeoutStartSec"), Patience()
    last_try_s = patience.tries * (patience.busy_timeout_s + 1.5 * patience.pause_s)
    assert START_WITHIN_S + last_try_s < start_s
    assert start_s > LOOK_S, "the first request for more time comes in time"


def test_the_watchdog_ends_what_hangs_and_nothing_that_waits(unit: Unit) -> None:
    watchdog_s, patience = unit.seconds("WatchdogSec"), Patience()
    assert watchdog_s >= LOOK_S * PINGS
    longest_write_s = patience.tries * (patience.busy_timeout_s + 1.5 * patience.pause_s)
    assert 2 * longest_write_s < LOOP_LIMIT_S, "one thread waits for the lock behind another that waits for it"
    assert 2 * LONGEST_PAUSE_S < SCAN_LIMIT_S
    assert ERRAND_S < LOOP_LIMIT_S, "a reload waits for the errand under way"
    start_deadline_s = load({}, environ={"HOME": "/nonexistent"}).configuration.pool.start_deadline_s
    assert start_deadline_s <= START_S, "loading has a deadline of its own, kept by the scheduler"
    assert LOG_LIMIT_S > 3 * 60, "journald is ended by its own watchdog before, and mended with it"


def test_the_web_face_finds_its_token_and_reads_the_same_state(unit: Unit) -> None:
    web = Unit(ROOT / "systemd" / bench.WEB)
    assert web["Service"]["LoadCredential"] == f"{CREDENTIAL}:reelwatch.{CREDENTIAL}", "relative: it may be missing"
    for name in ("User", "Group", "StateDirectory", "ConfigurationDirectory", "RestartPreventExitStatus"):
        assert web["Service"][name] == unit["Service"][name]
    assert web.seconds("TimeoutStopSec") > PARTING_S


def test_only_exit_codes_that_may_pass_are_tried_again(unit: Unit) -> None:
    service = unit["Service"]
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", str(ConfigError.exit_code))
    tries = int(unit["Unit"]["StartLimitBurst"])
    assert tries * unit.seconds("RestartSec") < float(unit["Unit"]["StartLimitIntervalSec"]), "the limit can be reached"


def test_ray_finds_what_it_reads(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    said = environment(unit)
    for name in list(said):
        monkeypatch.delenv(name, raising=False)
    token = Path("/var/lib/reelwatch/ray-auth-token")
    monkeypatch.setattr("actors.pool.ray_options.make_token", lambda _path: None)
    prepare(RayOptions(num_cpus=1, object_store_mib=80, auth_token=token))
    import os

    assert said["RAY_AUTH_TOKEN_PATH"].replace("%S", "/var/lib") == os.environ["RAY_AUTH_TOKEN_PATH"]
    session = "ray/session_2026-11-26_10-00-00_000000_1234567/sockets/plasma_store.10"
    assert len(f"{said['RAY_TMPDIR']}/{session}") < 107, "AF_UNIX"
    assert unit["Service"]["PrivateTmp"] == "yes"


def test_what_libraries_keep_lies_in_the_cache(unit: Unit) -> None:
    said = environment(unit)
    caches = {name for name, value in said.items() if value.startswith("%C/reelwatch")}
    assert caches >= {
        "NUMBA_CACHE_DIR",
        "MPLCONFIGDIR",
        "HF_HOME",
        "TORCH_HOME",
        "XDG_CACHE_HOME",
        "PADDLE_PDX_CACHE_HOME",
    }
    assert said["HOME"] == "%S/reelwatch"
    assert said["HF_HUB_OFFLINE"] == "1"


def test_what_models_need_is_not_taken_away(unit: Unit) -> None:
    names = {line.partition("=")[0] for line in unit._lines if "=" in line and not line.startswith("#")}
    assert not names & {"MemoryDenyWriteExecute", "PrivateUsers", "PrivateNetwork", "ProcSubset"}
    assert set(unit["Service"]["RestrictAddressFamilies"].split()) == {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"}
    assert (unit["Service"]["IPAddressDeny"], unit["Service"]["IPAddressAllow"]) == ("any", "localhost")
    assert "setpriority" in unit.every("SystemCallFilter")[-1]


def test_its_folders_are_its_own(unit: Unit) -> None:
    service = unit["Service"]
    for kind in ("State", "Cache", "Runtime"):
        assert (service[f"{kind}Directory"], service[f"{kind}DirectoryMode"]) == ("reelwatch", "0700")
    assert service["ConfigurationDirectory"] == "reelwatch"
    assert int(service["ConfigurationDirectoryMode"], 8) & 0o005 == 0o005, "it is root's, and the service reads it"
    assert "ReadWritePaths" not in service, "the output alone, by 10-host.conf"


def test_a_sync_never_deletes() -> None:
    command = " ".join(Unit(ROOT / "systemd" / bench.SYNC)["Service"]["ExecStart"].split())
    assert command.split()[:2] == ["/usr/bin/rclone", "copy"]
    assert not re.search(r"--(delete|inplace|partial-suffix)", command)
    assert command.endswith("-- ${SOURCE} ${INBOX}")


def test_its_user_may_write_the_inbox_and_the_service_may_not() -> None:
    users = (ROOT / "systemd/sysusers.d/reelwatch.conf").read_text().splitlines()
    made = [line.split()[1] for line in users if line.startswith("u ")]
    sync = Unit(ROOT / "systemd" / bench.SYNC)["Service"]
    assert made == ["reelwatch", "reelwatch-sync"]
    assert (sync["User"], sync["Group"]) == ("reelwatch-sync", "reelwatch")
    assert not int(sync["UMask"], 8) & 0o040, "the group may read what is written"
