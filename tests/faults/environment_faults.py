"""What may happen to the host, and what is expected then."""

from __future__ import annotations

_PAUSE = "work pauses, told once, attempts not spent; goes on by itself"
_LOST = "root.lost; nothing is marked gone, the other inbox goes on; root.back, and nothing is described twice"
_SCANS = "one warning with the sysctl and the numbers; scans find everything"
_WINDOWS = "windows are monotonic: nothing is taken or given up earlier, no retry is postponed"
_REBUILT = "put aside, built again from inboxes and documents; critical line; nothing is described twice"

ENVIRONMENT: dict[str, str] = {
    "the output's disk is full": _PAUSE,
    "the output's disk is nearly full": f"{_PAUSE}; nothing is begun, so that no write fails",
    "the state's disk is full": f"{_PAUSE}; files are watched meanwhile, and told to the ledger later",
    "the state's disk is nearly full": _PAUSE,
    "the output turns read-only": _PAUSE,
    "the output's quota is used up": _PAUSE,
    "the output is never writable": "exit 78, naming the setting",
    "the inbox is read-only": "nothing is missed: nothing is ever written there",
    "inotify's queue overflows": "one warning an episode, everything is scanned, new folders are watched",
    "inotify's watch limit is 8, with 20 folders": _SCANS,
    "inotify's watch limit is 0": _SCANS,
    "inotify's instances are used up": _SCANS,
    "inotify is missing": _SCANS,
    "an inbox is missing at the start": _LOST,
    "an inbox is renamed, or removed, and comes back": _LOST,
    "an inbox is replaced by another folder": "the new one is taken, what the old one held is kept",
    "an inbox is unmounted": _LOST,
    "something is mounted over an inbox": _LOST,
    "another file system is where an inbox was": _LOST,
    "an inbox is lost with work queued": f"{_LOST}; its jobs wait, no attempt is spent",
    "an inbox is unreadable": _LOST,
    "no inbox can be read at the start": "exit 78; one of several: it is waited for",
    "an inbox's server does not answer": "looked at again after 1 s, 2 s … 60 s; the last listing stands",
    "the clock is set back by a day": _WINDOWS,
    "the clock is set forward by a day": _WINDOWS,
    "NTP steps the clock": _WINDOWS,
    "daylight saving begins": "nothing reads local time but people",
    "the host is suspended": _WINDOWS,
    "a file's time lies in the future, or in 1970": "it says nothing",
    "the ledger is locked for 4 s": "it is waited for",
    "the ledger is locked for 60 s": "told once; nothing is begun or forgotten; goes on by itself",
    "the ledger is locked with work in hand": "what was found is kept until it can be written",
    "the ledger is locked at the start": "the start waits a minute",
    "SIGTERM while the ledger is waited for": "exit 0",
    "the ledger is damaged": _REBUILT,
    "the ledger is damaged while the service runs": f"{_REBUILT}; in the same process",
    "the ledger is on a network file system": "refused: exit 78, naming the setting",
    "two instances": "the second exits 75 and names the first; `process` too",
    "no file descriptor is left": _PAUSE,
    "no process can be started": _PAUSE,
    "the kernel ends a model's process": "a crash of that actor: the video is tried again, alone; the service lives",
    "SIGTERM while idle": "exit 0 in less than a second",
    "SIGTERM while a file settles": "exit 0; it settles anew after the next start",
    "SIGTERM in the middle of work": "what is in work is finished; exit 0",
    "SIGTERM with work that does not end": "given back, its attempt refunded; exit 0",
    "SIGTERM twice": "given back at once; exit 0",
    "SIGTERM while it starts": "exit 0",
    "the standard streams are closed": "/dev/null takes their place",
    "nobody reads the log": "the work goes on; lines that find no room are counted and told",
    "the log's reader ends": "the work goes on",
    "a locale without letters": "names are intact: in documents, in the ledger, in the log",
}
