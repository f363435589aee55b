"""Connections to a PostgreSQL server as a ledger needs them, and the advisory locks that they hold."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import StrDumper

from service.ledger.dialects.base import Access
from service.ledger.errors import LedgerRefused
from service.ledger.place import ServerPlace

Session = psycopg.Connection[tuple[Any, ...]]

CREDENTIAL = "ledger-password"
"""The name of systemd's credential: LoadCredential= of the unit."""
OLDEST_SERVER = 13
"""`pg_current_xact_id` came with it."""
SERVICE, WRITE = 0x5265656C, 0x5265656D
"""The upper halves of the keys of our advisory locks ("Reel", and the next); the lower one is the schema's number."""
_DEFAULTS: dict[str, Any] = {
    "connect_timeout": 10,
    # A server that is gone without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SETTINGS = """SELECT
    set_config('lock_timeout', %(lock_ms)s, false),
    set_config('default_transaction_read_only', CASE WHEN %(read_only)s
        THEN 'on' ELSE current_setting('default_transaction_read_only') END, false),
    -- A server may be told to confirm what is not on disk yet: not to us, unless what we write is expendable.
    set_config('synchronous_commit', CASE WHEN %(durable)s
        THEN replace(current_setting('synchronous_commit'), 'off', 'on') ELSE 'off' END, false),
    -- A service whose host is gone without a word must not keep its locks.
    set_config('tcp_keepalives_idle', '20', false),
    set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '4', false)"""
_ABOUT = """SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),
    (SELECT oid::bigint FROM pg_namespace WHERE nspname = current_schema())"""
_HOLDER = """SELECT application_name, coalesce(host(client_addr), 'the server''s own host')
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint = %s AND objid::bigint = %s"""


def connected(place: ServerPlace, access: Access, *, connect_s: int | None = None) -> tuple[Session, int]:
    """Return a new connection and the number of the schema that the ledger is in.

    connect_s: how long reaching one host may take, whatever is set elsewhere. psycopg begins no transactions on it
    (autocommit). Raises `LedgerRefused` for a server, or a database, that cannot hold a ledger.
    """
    bound = {} if connect_s is None else {"connect_timeout": connect_s}
    session = psycopg.connect(place.url, autocommit=True, **(_defaults(place.url) | bound))
    try:
        session.adapters.register_dumper(str, _TextDumper)
        lock_ms = max(1, round(access.busy_timeout_s * 1000))  # 0 would be for ever
        given = {"lock_ms": str(lock_ms), "read_only": access.read_only, "durable": access.durable}
        session.execute(_SETTINGS, given)
        version, encoding, schema = session.execute(_ABOUT).fetchone() or (0, "", None)
        return session, _usable(place, version=version, encoding=encoding, schema=schema)
    except BaseException:
        session.close()
        raise


def lock(session: Session, kind: int, schema: int) -> None:
    """Take an advisory lock for as long as the session lasts; raises `LockNotAvailable` when another keeps it."""
    session.execute("SELECT pg_advisory_lock(%s)", (key(kind, schema),))


def unlock_all(session: Session) -> None:
    """Let go of what `lock` took. A server notices late that a client has left."""
    session.execute("SELECT pg_advisory_unlock_all()")


def key(kind: int, schema: int) -> int:
    """Return an advisory lock's key; the schema's number is an oid, of 32 bits."""
    return kind << 32 | schema


def holder(session: Session, kind: int, schema: int) -> tuple[str, str]:
    """Return the name and the host of the session that has an advisory lock."""
    found = session.execute(_HOLDER, (kind, schema)).fetchone()
    return ("another service", "a host that is not known") if found is None else (str(found[0]), str(found[1]))


class _TextDumper(StrDumper):
    """Writes text; NUL, of which PostgreSQL can hold none, as the character for what cannot be shown."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


def _usable(place: ServerPlace, *, version: int, encoding: str, schema: int | None) -> int:
    if version < OLDEST_SERVER:
        raise LedgerRefused(f"{place}: PostgreSQL {version} is too old: {OLDEST_SERVER} or a later one is needed.")
    if encoding != "UTF8":
        raise LedgerRefused(
            f"{place}: the database's encoding is {encoding}, which cannot hold every text. Make one with "
            "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0."
        )
    if schema is None:
        raise LedgerRefused(
            f"{place}: no schema of the search path is there, or may be used. Make it with CREATE SCHEMA ... "
            "AUTHORIZATION ..., or correct state.ledger."
        )
    return schema


def _credential(folder: str | None) -> str | None:
    """Return the password that systemd hands to the service, None where it hands none.

    A file of passwords (PGPASSFILE) will not do for that: credentials may be readable for a group, which libpq refuses.
    """
    if folder is None:
        return None
    try:
        return (Path(folder) / CREDENTIAL).read_text(encoding="utf-8").rstrip("\n")
    except FileNotFoundError:
        return None


def _defaults(url: str) -> dict[str, Any]:
    """Return what libpq is asked for where neither the URL nor the environment says otherwise."""
    given = conninfo_to_dict(url)
    found = {name: value for name, value in _DEFAULTS.items() if name not in given}
    if "PGCONNECT_TIMEOUT" in os.environ:
        found.pop("connect_timeout", None)
    if "password" not in given and (secret := _credential(os.environ.get("CREDENTIALS_DIRECTORY"))) is not None:
        found["password"] = secret
    name = f"reelwatch {os.getpid()} on {socket.gethostname()}"
    return found | {"client_encoding": "UTF8", "fallback_application_name": name[:63]}
