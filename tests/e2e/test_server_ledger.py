"""The service and the commands beside it on a PostgreSQL server, which goes away in the middle of the work."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bad_files
import pytest
from postgresql_cluster import Cluster, cluster
from processes import WITHOUT_MODELS, Home, Service, until

PASSWORD = "n0t-to-be-seen"  # noqa: S105 - that is what it is


@pytest.fixture(scope="module")
def server(postgresql: Cluster) -> Iterator[Cluster]:
    """A server that a test may stop, with a role that has a password."""
    with cluster(postgresql.programs) as running:
        running.do(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'")
        running.do("CREATE DATABASE reels OWNER guarded")
        yield running


@pytest.fixture
def home(server: Cluster, tmp_path: Path) -> Home:
    url = f"postgresql://guarded:{PASSWORD}@/reels?host={server.folder}"
    return Home(tmp_path / "one", WITHOUT_MODELS | {"REELWATCH_STATE__LEDGER": url})


@pytest.mark.fault("the ledger's server goes away")
def test_a_server_that_goes_away_is_waited_for_and_nothing_is_lost(home: Home, server: Cluster) -> None:
    (home.path / "away").mkdir()
    clip = bad_files.clip(home.path / "away" / "clip.mp4").read_bytes()
    first, second = home.inbox / "first.mp4", home.inbox / "second.mp4"
    first.write_bytes(clip)
    with home.service() as service:
        home.until_state(first, "done")
        _is_the_only_one(home)
        server.stop(signal.SIGINT)
        second.write_bytes(clip + bad_files.box(b"free", b"2"))
        _waits(home, service)
        server.start()
        service.until_event("work.resumed")
        assert home.until_state(second, "done").attempts == 1
        _obeys(home, service, second)
        code, _ = service.terminate()
        assert (code, PASSWORD in service.log(), service.named("scan.failed")) == (0, False, [])
    assert sorted(path.name for path in home.output.glob("*.json")) == ["first.json", "second.json"]
    assert not (home.path / "state" / "ledger.sqlite3").exists()


def _is_the_only_one(home: Home) -> None:
    """Another host's service, with folders of its own, is told who has the ledger."""
    other = Home(home.path / "other", home.settings)
    ended = other.run("run")
    assert ended.returncode == 75, ended.stderr
    assert b"the ledger is in use by reelwatch" in ended.stderr
    assert PASSWORD.encode() not in ended.stderr


def _waits(home: Home, service: Service) -> None:
    """While the server is away it is said once what for and what to do; commands say it, too."""
    paused = service.until_event("work.paused")
    assert paused["reason"] == "server_unreachable"
    assert "start the database server" in paused["remedy"]
    ended = home.run("status")
    assert (ended.returncode, PASSWORD.encode() in ended.stderr) == (1, False)
    assert b"postgresql://guarded@/reels" in ended.stderr
    assert b"cannot be reached" in ended.stderr
    assert service.process.poll() is None
    assert len(service.named("work.paused")) == 1


def _obeys(home: Home, service: Service, video: Path) -> None:
    """Commands reach the running service through the server."""
    report = json.loads(home.run("status", "--json").stdout)
    assert (report["documents"], report["service"]["pid"]) == (2, service.process.pid)
    assert report["vitals"]["ledger_mib"] > 0
    assert b"described" in home.run("why", video).stdout
    assert home.run("reprocess", video).returncode == 0
    until(lambda: (job := home.job(video)) is not None and job.run == 1 and job.state == "done", "it is made anew")


def test_what_a_start_would_refuse_is_seen_before(home: Home) -> None:
    url = home.settings["REELWATCH_STATE__LEDGER"].replace(PASSWORD, "wrong-0ne")
    wrong = replace(home, settings=home.settings | {"REELWATCH_STATE__LEDGER": url})
    for command in (["config", "check"], ["run"]):
        ended = wrong.run(*command)
        assert ended.returncode == 78, ended.stderr
        assert b"password authentication failed" in ended.stderr
        assert b"wrong-0ne" not in ended.stderr
