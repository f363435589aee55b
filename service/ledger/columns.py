"""How values stand in columns that SQL has no type for."""

from __future__ import annotations

import json
import os
from typing import Any

from sqlalchemy import BigInteger, Dialect, String, Text, TypeDecorator

from service.ledger.states import State

_SIGN, _SPAN = 1 << 63, 1 << 64
_BY_VALUE = {state.value: state for state in State}
"""`State(value)` takes six times as long, and a start reads a hundred thousand of them."""


class Unsigned64(TypeDecorator[int]):
    """A kernel's u64 in a signed BIGINT: overlayfs and NFS do hand out inode numbers above 2**63."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Wrap as two's complement."""
        del dialect
        return value - _SPAN if value is not None and value >= _SIGN else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> int | None:
        """Unwrap."""
        del dialect
        return None if value is None else value % _SPAN


class StateName(TypeDecorator[State]):
    """A `State` by its value."""

    impl = String(16)
    cache_ok = True

    def process_bind_param(self, value: State | None, dialect: Dialect) -> str | None:
        """Spell the state."""
        del dialect
        return None if value is None else value.value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> State | None:
        """Read the state."""
        del dialect
        return None if value is None else _BY_VALUE.get(value) or State(value)


class NameList(TypeDecorator[tuple[str, ...]]):
    """A short list of stage names, as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """Write JSON."""
        del dialect
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        """Read JSON."""
        del dialect
        return None if value is None else tuple(json.loads(value))


class PathList(TypeDecorator[tuple[bytes, ...]]):
    """A short list of paths, as JSON text; bytes that are not UTF-8 are lone surrogates, which JSON escapes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[bytes, ...] | None, dialect: Dialect) -> str | None:
        """Write JSON."""
        del dialect
        return None if value is None else json.dumps([os.fsdecode(path) for path in value])

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[bytes, ...] | None:
        """Read JSON."""
        del dialect
        return None if value is None else tuple(os.fsencode(path) for path in json.loads(value))
