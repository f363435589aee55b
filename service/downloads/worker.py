"""The process of one download: `python -P -m service.downloads.worker`, its order on standard input."""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from typing import BinaryIO

from actors.pool.worker import end_with
from service.downloads.addresses import Reach
from service.downloads.fetching import fetch
from service.downloads.guard import Guard
from service.downloads.order import Order, Said, line, order

MEMORY_BYTES = 2 * 2**30
"""Several times what yt-dlp takes; a page without an end must not take more."""
SPARE_BYTES = 2**20
"""How much longer than a video a file may become before the kernel cuts it."""
_FILES = 256


def main() -> int:
    """Fetch what the order names, and say on standard output how it goes and how it ended."""
    given = order(sys.stdin.buffer.readline())
    end_with(given.parent)
    _bound(given)
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0) as out:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whatever a library prints is no word of ours
        guard = Guard(Reach.of(given.networks))
        guard.install()
        _say(out, fetch(given, guard, say=lambda progress: _say(out, progress)))
    return 0


def _say(out: BinaryIO, said: Said) -> None:
    out.write(line(said))


def _bound(given: Order) -> None:
    with suppress(OSError):  # where a sandbox forbids it: a courtesy, and no bound
        os.nice(given.niceness)
    os.umask(0o077)
    seconds = int(given.most_s) + 1
    for limit, value in (
        (resource.RLIMIT_FSIZE, given.most_bytes + SPARE_BYTES),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    sys.exit(main())
