"""A measured program: `python tests/bench/foreground.py SECONDS`. Somebody's work on this host; prints what it came to.

One process on every core does as much as it can; another has a little to do every 20 ms, as what a person waits for.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
import time

PIECE = bytes(1 << 20)
_ANSWER_S, _EVERY_S = 0.005, 0.020


def work(seconds: float) -> int:
    """Return how many pieces of work were done."""
    done, end_s = 0, time.monotonic() + seconds
    while time.monotonic() < end_s:
        hashlib.sha256(PIECE).digest()
        done += 1
    return done


def answers_ms(seconds: float) -> list[float]:
    """Return how long each short task took, from when it was due until it had had its share of processor time."""
    taken, due_s = [], time.monotonic()
    end_s = due_s + seconds
    while due_s < end_s:
        time.sleep(max(0.0, due_s - time.monotonic()))
        worked_s = time.thread_time() + _ANSWER_S
        while time.thread_time() < worked_s:
            pass
        taken.append(round(1000 * (time.monotonic() - due_s), 2))
        due_s = max(due_s + _EVERY_S, time.monotonic())
    return taken


def main() -> None:
    """Print the figures as one JSON object."""
    seconds, cores = float(sys.argv[1]), len(os.sched_getaffinity(0))
    with multiprocessing.Pool(cores + 1) as pool:
        pieces = [pool.apply_async(work, (seconds,)) for _ in range(cores)]
        answers = pool.apply_async(answers_ms, (seconds,))
        done = sum(piece.get() for piece in pieces)
        print(json.dumps({"work_per_s": done / seconds, "answers_ms": answers.get()}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
