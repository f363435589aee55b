"""The section `[state]`: where the ledger and the lock are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from service.configuration.kinds import Directory, Section
from service.ledger.place import ServerPlace


def _server(value: object) -> ServerPlace | None:
    if isinstance(value, str):
        return ServerPlace(value) if value else None
    raise ValueError('expected a URL in quotes, or "" for a file in state.dir')


def _shown(value: ServerPlace | None) -> str:
    return "" if value is None else str(value)


Server = Annotated[
    ServerPlace | None,
    PlainValidator(_server, json_schema_input_type=str),
    PlainSerializer(_shown, return_type=str),
]
"""A database server by URL; whoever prints or compares settings does not get to see the password."""


class StateSettings(Section):
    """`ledger` is the server that has it; None: it is a file in `dir`."""

    dir: Directory
    ledger: Server
