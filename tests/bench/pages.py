"""The pages over a library of 10,000 videos: `python tests/bench/pages.py [--documents N] [--out FOLDER]`.

A real `reelwatch web` over made documents, asked over loopback: what is timed is all of an answer, with the way to it
and back. A static file from the same server is the measure of what the way alone takes. Interactive is a page once its
modules have run, in Chromium.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

import made_documents
import report
import searching
from report import Figure

from service.ledger.ledger import open_ledger
from service.search.indexer import Indexer
from service.state import LEDGER_FILE

DOCUMENTS, TURNS, QUERIES = 10_000, 40, 300
ANSWER_MS, INTERACTIVE_MS = 100.0, 1_000.0
CHROMIUM = Path("/usr/bin/chromium")
STATIC = "/static/base.css"
LISTS = {
    "first page of the library": ["/library", "/library?look=list&sort=duration&direction=asc", "/library?sort=words"],
    "the same as JSON": ["/documents?limit=50", "/documents?limit=50&sort=name&direction=asc"],
}
_INTERACTIVE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
_LIMIT_S = 60.0


def measure(folder: Path, *, documents: int, turns: int, queries: int) -> list[Figure]:
    """Make a library, serve it, and ask."""
    output, state = folder / "output", folder / "state"
    made_documents.write(output, documents)
    state.mkdir(mode=0o700)
    ledger = open_ledger(state / LEDGER_FILE, output_root=os.fsencode(output))
    try:
        Indexer(ledger).rebuild()
    finally:
        ledger.close()
    with served(state, output) as port:
        plain_ms = asked(port, [STATIC] * turns)
        found = [
            _figure(f"{what}, {documents:,} videos", asked(port, addresses * turns), plain_ms)
            for what, addresses in LISTS.items()
        ]
        words = [f"/search?q={quote(text)}" for text in searching.queries(queries)]
        found.append(_figure(f"search of {documents:,} documents, {queries} queries", asked(port, words), plain_ms))
        return [*found, *interactive(port, documents, turns=max(1, turns // 8))]


@contextmanager
def served(state: Path, output: Path) -> Iterator[int]:
    """Run the web face over the folders; yields its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "service.cli.main", "web", "--port", str(port)]
    process = subprocess.Popen([*command, "--state", state, "--output", output], stderr=subprocess.DEVNULL)
    try:
        end_s = time.monotonic() + _LIMIT_S
        while True:
            try:
                asked(port, ["/health/live"])
                break
            except ConnectionError:
                if time.monotonic() > end_s:
                    raise
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(_LIMIT_S)


def asked(port: int, addresses: Sequence[str]) -> list[float]:
    """Ask for each over one connection; return what each took, in milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_LIMIT_S)
    taken = []
    try:
        for address in addresses:
            began_s = time.perf_counter()
            connection.request("GET", address)
            answer = connection.getresponse()
            answer.read()
            taken.append((time.perf_counter() - began_s) * 1000)
            if answer.status != 200:
                raise RuntimeError(f"{address}: {answer.status}")
    finally:
        connection.close()
    return taken


def interactive(port: int, documents: int, *, turns: int) -> list[Figure]:
    """Say how long until a page's modules have run; nothing where there is no Chromium."""
    if not CHROMIUM.exists():
        return []
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        taken: dict[str, list[float]] = {"/library": [], "/login": []}
        for _ in range(turns):
            for address, times in taken.items():
                page = browser.new_context().new_page()  # nothing is in its cache
                page.goto(f"http://127.0.0.1:{port}{address}")
                times.append(page.evaluate(_INTERACTIVE))
                page.context.close()
        browser.close()
    return [_until_interactive(taken["/library"], taken["/login"], documents=documents)]


def _until_interactive(library_ms: Sequence[float], plain_ms: Sequence[float], *, documents: int) -> Figure:
    middle, worst = statistics.median(library_ms), max(library_ms)
    return Figure(
        f"first page of the library, {documents:,} videos, until it is interactive in Chromium",
        f"median < {INTERACTIVE_MS:.0f} ms",
        f"median {middle:.0f} ms, slowest of {len(library_ms)} {worst:.0f} ms; a page with nothing on it "
        f"{statistics.median(plain_ms):.0f} ms",
        met=middle < INTERACTIVE_MS,
        note=_note(),
        values={"ms": list(library_ms), "plain_ms": list(plain_ms)},
    )


def _figure(what: str, taken_ms: Sequence[float], plain_ms: Sequence[float]) -> Figure:
    p95, middle, plain = _p95(taken_ms), statistics.median(taken_ms), statistics.median(plain_ms)
    return Figure(
        f"{what}, over HTTP",
        f"p95 < {ANSWER_MS:.0f} ms",
        f"median {middle:.1f} ms, p95 {p95:.1f} ms; {middle / plain:.1f} times a static file ({plain:.1f} ms)",
        met=p95 < ANSWER_MS,
        note=_note(),
        values={"ms": list(taken_ms), "static_ms": list(plain_ms)},
    )


def _note() -> str:
    niceness = os.nice(0)
    return f"taken at niceness {niceness}, beside other work" if niceness < 0 else ""


def _p95(taken_ms: Sequence[float]) -> float:
    return sorted(taken_ms)[int(len(taken_ms) * 0.95)]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), documents=given.documents, turns=TURNS, queries=QUERIES)
    report.tell(figures)
    report.write("web_pages", figures, folder=given.out)
    report.write_web_fragment(folder=given.out)


if __name__ == "__main__":
    main()
