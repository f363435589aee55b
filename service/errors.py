"""The service's errors; each carries the exit code of the command it ends.

ReelwatchError
├── UsageError     2   a path or option makes no sense
├── StateLocked   75   another process holds the state directory
└── ConfigError   78   a setting is unknown, contradictory or impossible here
"""

from __future__ import annotations


class ReelwatchError(Exception):
    """An error the user can act on: the message says what, where, and what to do."""

    exit_code = 1


class UsageError(ReelwatchError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class StateLocked(ReelwatchError):  # noqa: N818 - reads as what it is
    """Another process holds the state directory (EX_TEMPFAIL)."""

    exit_code = 75


class ConfigError(ReelwatchError):
    """The configuration cannot be used (EX_CONFIG)."""

    exit_code = 78
