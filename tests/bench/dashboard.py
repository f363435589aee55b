"""What an open dashboard costs a busy service: `python tests/bench/dashboard.py [--quick] [--out FOLDER]`.

The real service over 2,000 known videos takes a new one every second; the web face runs beside it. Windows without a
page, with the queue open and with the system page open take turns; what is counted is the CPU of the service's own
process and of the web face. The browser is the visitor's, and the models' processes do the same either way.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

import report
from known_files import make_known
from serving import DEMO_CLIP, ROOT, Service, drop, unlike
from usage import ProgramFailed, process_cpu_s, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KNOWN, EVERY_S, WINDOW_S, TURNS = 2_000, 1.0, 15.0, 5
BOUND_PERCENT = 3.0
PAGES = {"queue": "/", "system": "/system"}
CHROMIUM = "/usr/bin/chromium"
_MODELS = ("vad", "asr", "diarization", "captions", "objects", "ocr", "audio", "frames")
_SETTINGS = '[pool]\nkind = "local"\n' + "".join(f"[stages.{name}]\nbackends = []\n" for name in _MODELS)
_LIMIT_S = 60.0
_SETTLED_WITHIN_S, _CALM_S = 600.0, 3.0
CALM_PERCENT = 2.0


@dataclass
class Cost:
    """Percent of a core in each window: of service and web face together, by the page that was open, None for none."""

    percent: dict[str | None, list[float]] = field(default_factory=dict)

    def more(self, page: str) -> list[float]:
        """What a page cost in each turn, over the window of the same turn without one."""
        return [with_it - without for with_it, without in zip(self.percent[page], self.percent[None], strict=True)]


def measure(*, known: int, window_s: float, turns: int) -> list[report.Figure]:
    """Return a line for each page."""
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        make_known(home, known, documents=False)
        with Service(home, settings=_SETTINGS) as service, _web(home) as (web, address):
            _settle(service.pid, window_s=min(_CALM_S, window_s))
            with _dropping(service):
                service.until("job.done", count=2)
                cost = _watched([service.pid, web.pid], address, window_s=window_s, turns=turns)
    return [figure(name, cost, known=known, window_s=window_s) for name in PAGES]


def figure(page: str, cost: Cost, *, known: int, window_s: float) -> report.Figure:
    """Return the line of a page."""
    extra = round(statistics.median(cost.more(page)), 1)  # judged as it is told
    without = statistics.median(cost.percent[None])
    return report.Figure(
        f"the {page} open on a service that takes a video a second, {known:,} known ({window_s:.0f} s, in turns)",
        f"< {BOUND_PERCENT:g} % of a core",
        f"{extra} % of a core more than the {without:.1f} % without a page",
        met=extra < BOUND_PERCENT,
        values={
            "extra_percent": [round(value, 2) for value in cost.more(page)],
            "percent": {str(name): [round(value, 2) for value in found] for name, found in cost.percent.items()},
        },
    )


def _settle(pid: int, *, window_s: float) -> None:
    """Wait until a service that has begun over files it knows has looked at all of them, and at their documents."""
    end_s = time.monotonic() + _SETTLED_WITHIN_S
    while _percent([pid], window_s) > CALM_PERCENT:
        if time.monotonic() > end_s:
            raise ProgramFailed(f"the service is not calm within {_SETTLED_WITHIN_S:g} s")


def _watched(pids: Sequence[int], address: str, *, window_s: float, turns: int) -> Cost:
    from playwright.sync_api import sync_playwright

    cost = Cost()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for turn, page in itertools.product(range(turns), (None, *PAGES)):
            with _opened(browser, None if page is None else address + PAGES[page]):
                percent = _percent(pids, window_s)
            cost.percent.setdefault(page, []).append(percent)
            say(f"  {turn + 1}/{turns} {page or 'no page'}: {percent:.2f} % of a core")
        browser.close()
    return cost


@contextmanager
def _opened(browser: Browser, address: str | None) -> Iterator[None]:
    """Have a page open for the block, live; its first second is a visit, not an open page."""
    if address is None:
        yield
        return
    page = browser.new_page()
    try:
        page.goto(address)
        page.wait_for_selector('#signal[data-state="live"]', timeout=1000 * _LIMIT_S)
        time.sleep(1.0)
        yield
    finally:
        page.close()


def _percent(pids: Sequence[int], window_s: float) -> float:
    before_s, began_s = sum(map(process_cpu_s, pids)), time.monotonic()
    time.sleep(window_s)
    return 100 * (sum(map(process_cpu_s, pids)) - before_s) / (time.monotonic() - began_s)


@contextmanager
def _web(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the web face beside the service; yields its process and address once it answers."""
    config = home / "reelwatch.toml"
    command = [sys.executable, "-m", "service.cli.main", "web", "--config", str(config), "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        yield process, _address(process)
    finally:
        process.terminate()
        process.wait(_LIMIT_S)
        assert process.stderr is not None
        process.stderr.close()


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"Reelwatch is at "):
            address = line.split()[-1].decode().rstrip("/")
            _await(address)
            return address
    raise ProgramFailed("the web face did not start")


def _await(address: str) -> None:
    end_s = time.monotonic() + _LIMIT_S
    while time.monotonic() < end_s:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()  # noqa: S310 - our own server
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return
    raise ProgramFailed("the web face does not answer")


@contextmanager
def _dropping(service: Service) -> Iterator[None]:
    """Put a new video into the inbox every `EVERY_S` while the block runs."""
    ended = threading.Event()

    def work() -> None:
        for number in itertools.count():
            drop(service.inbox, f"new{number}.mp4", unlike(DEMO_CLIP))
            if ended.wait(EVERY_S):
                return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few videos and seconds: whether it runs")
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    known, window_s, turns = (200, 3.0, 1) if given.quick else (KNOWN, WINDOW_S, TURNS)
    found = measure(known=known, window_s=window_s, turns=turns)
    report.write("web_dashboard", found, folder=given.out)
    report.write_web_fragment(folder=given.out)
    report.tell(found)


if __name__ == "__main__":
    main()
