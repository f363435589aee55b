"""Is there something to do, and has it been done: intake, ledger, scheduling, driver and command line."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("reelwatch")
except PackageNotFoundError:  # a source tree on the path without an installation
    __version__ = "0.0.0"
