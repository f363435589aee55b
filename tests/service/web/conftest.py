"""What the tests of the web face start from: real folders, a real ledger, and the app over them, asked in-process."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.configuration import load
from service.ledger.ledger import open_ledger
from service.logs import Recorder
from service.web.app import make_app
from service.web.site import make_site

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "housekeeping")]

from shelf import MakeClient, Shelf  # noqa: E402 - it lies beside this file


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated ledger without rows, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "l.sqlite3"
    open_ledger(path).close()
    return path


@pytest.fixture
def shelf(tmp_path: Path, empty_ledger: Path) -> Iterator[Shelf]:
    (tmp_path / "state").mkdir()
    shutil.copy(empty_ledger, tmp_path / "state" / "ledger.sqlite3")
    made = Shelf(tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture
def make_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeClient]:
    """Makes clients of a site on the folders of `shelf`; keywords are settings of `[web]`, `token` makes its file."""
    monkeypatch.delenv("REELWATCH_CONFIG", raising=False)
    sites = []

    def make(*, token: str | None = None, base_url: str = "http://localhost:8003", **web: Any) -> TestClient:
        if token is not None:
            (tmp_path / "token").write_text(token + "\n")
            web["token_file"] = tmp_path / "token"
        settings = {"state.dir": tmp_path / "state", "output.dir": tmp_path / "out", "profile": "embedded"}
        loaded = load(settings | {f"web.{name}": value for name, value in web.items()})
        site = make_site(loaded.configuration, emit=Recorder())
        sites.append(site)
        return TestClient(make_app(site), base_url=base_url, raise_server_exceptions=False, follow_redirects=False)

    yield make
    for site in sites:
        site.close()


@pytest.fixture
def client(shelf: Shelf, make_client: MakeClient) -> TestClient:
    """A client of a site without a token, on loopback."""
    del shelf
    return make_client()
