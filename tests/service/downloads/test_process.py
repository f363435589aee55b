"""The process of one download against a real server: what it fetches, and how it ends when it must."""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from endings import gone
from media_server import LARGE_BYTES, VIDEO, MediaServer, serving

from service.clock import SystemClock
from service.downloads.fetching import _refused
from service.downloads.order import Fetched, NotFetched, Order, Progress
from service.downloads.process import DownloadProcess

MOST_BYTES = 4 * 2**20
THIS = ("127.0.0.1/32",)


@dataclass
class Ended:
    """How a download ended, and what it left in its folder."""

    how: Fetched | NotFetched | None
    folder: Path
    progress: list[Progress]
    pid: int


def fetched(server: MediaServer, folder: Path, path: str, **changed: object) -> Ended:
    folder.mkdir(parents=True)
    host = changed.pop("host", "127.0.0.1")
    order = Order(server.url(path, str(host)), str(folder), MOST_BYTES, 120.0, (".mp4",), THIS, 0, os.getpid())
    progress: list[Progress] = []
    process = DownloadProcess(replace(order, **changed), clock=SystemClock())  # type: ignore[arg-type]
    return Ended(process.follow(progress.append), folder, progress, process.pid)


CASES: dict[str, tuple[str, dict[str, object], str | None]] = {
    "a video": ("/clip.mp4?key=secret", {}, None),
    "a page with one": ("/one", {}, None),
    "a name that is this host": ("/clip.mp4", {"host": "localhost", "networks": ()}, "private_address"),
    "a redirect to a private address": ("/to/127.0.0.2/x", {}, "private_address"),
    "a redirect to FTP": ("/to-ftp", {}, "bad_url"),
    "a page that leads to FTP": ("/refresh-ftp", {}, "bad_url"),
    "a video over FTP": ("/video-ftp", {}, "no_format"),
    "several videos": ("/list", {}, "playlist"),
    "no video": ("/page", {}, "unsupported"),
    "not there": ("/nothing", {}, "http_404"),
    "nobody listens": ("/clip.mp4", {"url": "http://127.0.0.1:9/clip.mp4"}, "unreachable"),
    "too large by its own word": ("/large.mp4", {}, "too_large"),
    "without an end": ("/endless.mp4", {}, "too_large"),
    "too slow": ("/slow.mp4", {"most_s": 5.0}, "timed_out"),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """All cases at once: each takes a second or two of a core to begin."""
    assert MOST_BYTES < LARGE_BYTES
    home = tmp_path_factory.mktemp("downloads")
    with serving() as server, ThreadPoolExecutor(4) as pool:
        under_way = {
            name: pool.submit(fetched, server, home / str(number), path, **changed)
            for number, (name, (path, changed, _)) in enumerate(CASES.items())
        }
        found = {name: each.result() for name, each in under_way.items()}
        assert not server.is_ftp_asked()
        return found


@pytest.mark.parametrize("case", CASES)
def test_how_it_ends(ended: dict[str, Ended], case: str) -> None:
    found, reason = ended[case], CASES[case][2]
    if reason is None:
        assert isinstance(found.how, Fetched), found.how
    else:
        assert isinstance(found.how, NotFetched), found.how
        assert (found.how.reason, bool(found.how.detail)) == (reason, True), found.how
    assert gone(found.pid)


FOUND: dict[str, tuple[dict[str, object], str | None]] = {
    "a video": ({"ext": "mp4"}, None),
    "in capitals": ({"ext": "MP4", "_type": "video"}, None),
    "several": ({"_type": "playlist", "entries": []}, "playlist"),
    "several parts": ({"_type": "multi_video"}, "playlist"),
    "live": ({"ext": "mp4", "is_live": True}, "live"),
    "to be live": ({"ext": "mp4", "live_status": "is_upcoming"}, "live"),
    "was live": ({"ext": "mp4", "live_status": "was_live"}, None),
    "a program": ({"ext": "unknown_video"}, "no_format"),
    "no extension": ({}, "no_format"),
}


@pytest.mark.parametrize(("found", "reason"), FOUND.values(), ids=FOUND)
def test_what_is_found_is_looked_at_before_it_is_fetched(found: dict[str, object], reason: str | None) -> None:
    refused = _refused(found, (".mp4",))
    assert (refused and (refused.reason, refused.final)) == (reason and (reason, True))


def test_the_video_is_whole_and_described(ended: dict[str, Ended]) -> None:
    found = ended["a video"]
    assert found.how == Fetched("video.mp4", "about.json", "clip.mp4")
    assert sorted(path.name for path in found.folder.iterdir()) == ["about.json", "video.mp4"]
    assert (found.folder / "video.mp4").read_bytes() == VIDEO
    about = json.loads((found.folder / "about.json").read_text())
    assert (about["id"], about["ext"], about["extractor"]) == ("clip", "mp4", "generic")
    assert not {"formats", "url", "http_headers", "requested_downloads"} & about.keys()
    assert found.progress[-1] == Progress(len(VIDEO), len(VIDEO))
    assert (found.folder / "video.mp4").stat().st_mode & 0o077 == 0


def test_nothing_grows_beyond_its_bound(ended: dict[str, Ended]) -> None:
    for found in ended.values():
        assert sum(path.stat().st_size for path in found.folder.rglob("*")) <= 2 * MOST_BYTES


def test_a_kill_from_another_thread_ends_it(tmp_path: Path) -> None:
    with serving() as server:
        order = Order(server.url("/slow.mp4"), str(tmp_path), MOST_BYTES, 120.0, (".mp4",), THIS, 0, os.getpid())
        process = DownloadProcess(order, clock=SystemClock())
        began, killer = threading.Event(), threading.Thread(target=lambda: (began.wait(60), process.kill()))
        killer.start()
        how = process.follow(lambda _progress: began.set())
        killer.join()
    assert how is None
    assert gone(process.pid)


def test_a_word_of_the_follower_ends_it(tmp_path: Path) -> None:
    full = NotFetched("disk_full", "no room", final=False)
    with serving() as server:
        order = Order(server.url("/slow.mp4"), str(tmp_path), MOST_BYTES, 120.0, (".mp4",), THIS, 0, os.getpid())
        process = DownloadProcess(order, clock=SystemClock())
        began_s = time.monotonic()
        assert process.follow(lambda _progress: full) == full
    assert time.monotonic() - began_s < 60
    assert gone(process.pid)
