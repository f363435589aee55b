"""Inbox, output and ledger where the configuration of the tests' clients says they are."""

from __future__ import annotations

import os
from collections.abc import Callable

from places import Site as Places
from starlette.testclient import TestClient

from service.ledger.ledger import Ledger, open_ledger
from service.web.security.token import Token

TOKEN = "t0ken-" * 6
COOKIE = Token(TOKEN.encode()).cookie

MakeClient = Callable[..., TestClient]


class Shelf(Places):
    """Described videos: see `places`, from which it differs by where the ledger lies."""

    def open(self) -> Ledger:
        (self.home / "state").mkdir(exist_ok=True)
        path = self.home / "state" / "ledger.sqlite3"
        return open_ledger(path, output_root=os.fsencode(self.output), clock=self.clock)
