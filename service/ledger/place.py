"""Where a ledger is kept: in a file of this host, or in a database on a PostgreSQL server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_HOST = r"(?:[\w.\-%~]*|\[[0-9A-Fa-f:.%]+\])(?::\d*)?"
_URL = re.compile(
    rf"""(?P<scheme>postgres(?:ql)?)://
    (?:(?P<user>[^:@/?\#\s]*)(?::(?P<password>[^:@/?\#\s]*))?@)?
    (?P<hosts>{_HOST}(?:,{_HOST})*)
    (?P<database>/[^@/?\#\s]*)?
    (?:\?(?P<query>[^@\#\s]*))?""",
    re.VERBOSE,
)
"""Stricter than libpq, which takes `:`, `/` and `@` in a password for what follows one, and then shows it in errors."""
_SECRET_PARAMETER = re.compile(r"(?i)\b((?:ssl)?password)=[^&]*")
UNREADABLE = "postgresql://(not shown: it cannot be read)"


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """A database on a PostgreSQL server; `str` and `repr` spell it without its password.

    url: as libpq takes it. What it leaves out (password, host, ...) comes from systemd's credential `ledger-password`,
    and else from where libpq looks, the file of passwords and its variables: https://www.postgresql.org/docs/current/libpq-envars.html.
    Raises `ValueError` for what is no such URL; the error does not repeat it.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        if _URL.fullmatch(self.url) is None:
            raise ValueError(
                "expected a URL like postgresql://user@host/database, with special characters in it, those of a "
                "password above all, written as %40 for @, %3A for :, %2F for /"
            )

    def __str__(self) -> str:
        return without_password(self.url)


Place = Path | ServerPlace


def without_password(url: str) -> str:
    """Return a URL as it may be shown: without its password, wherever in it that stands, or nothing of it."""
    found = _URL.fullmatch(url)
    if found is None:
        return UNREADABLE
    user = "" if found["user"] is None else f"{found['user']}@"
    query = "" if found["query"] is None else "?" + _SECRET_PARAMETER.sub(r"\1=...", found["query"])
    return f"{found['scheme']}://{user}{found['hosts']}{found['database'] or ''}{query}"
