"""Downloads over HTTP: wget, curl, aria2c, Chromium and Firefox, from a server that is slow and drops connections."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from processes import until
from writers.plain import ON_CLOSE
from writers.scene import Scene, Writer
from writers.servers import Servers, end
from writers.with_rsync import ON_RENAME

_PIECE = 64 * 1024
SLOW = 700_000
"""Bytes a second, at which a download takes longer than the quiet windows of local files."""


class Slow(BaseHTTPRequestHandler):
    """Serves any file by its path. `rate`: bytes a second. `drop`: share after which the first answer is cut off."""

    dropped: set[str]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        path, given = Path(asked.path), parse_qs(asked.query)
        content = path.read_bytes()
        first, last = _range(self.headers.get("Range"), len(content))
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Disposition", f'attachment; filename="{given["name"][0]}"')
        self.send_header("Content-Length", str(last - first))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"1"')
        if "Range" in self.headers:
            self.send_header("Content-Range", f"bytes {first}-{last - 1}/{len(content)}")
        self.end_headers()
        end_at = last
        if "drop" in given and self.path not in self.dropped:
            self.dropped.add(self.path)
            end_at = int(first + (last - first) * float(given["drop"][0]))
        self._send(content[first:end_at], rate=float(given["rate"][0]))
        self.close_connection = True

    def _send(self, content: bytes, *, rate: float) -> None:
        try:
            for start in range(0, len(content), _PIECE):
                self.wfile.write(content[start : start + _PIECE])
                time.sleep(_PIECE / rate)
        except OSError:
            return  # the client has gone

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _range(header: str | None, size: int) -> tuple[int, int]:
    if header is None:
        return 0, size
    first, _, last = header.removeprefix("bytes=").partition("-")
    return int(first), int(last) + 1 if last else size


def start(servers: Servers) -> int:
    """Start the server; return its port."""
    handler = type("Handler", (Slow,), {"dropped": set()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    servers.stack.callback(server.server_close)
    servers.stack.callback(server.shutdown)
    return int(server.server_address[1])


def _url(scene: Scene, *, rate: int = 2_000_000, drop: float | None = None) -> str:
    ending = f"&drop={drop}" if drop is not None else ""
    port = scene.servers.get("http")
    return f"http://127.0.0.1:{port}{quote(str(scene.source))}?name={scene.target.name}&rate={rate}{ending}"


def wget(scene: Scene) -> None:
    """The connection is lost half way; wget asks for the rest by itself."""
    scene.run("wget", "-q", "--tries=3", "--waitretry=2", "-O", scene.target, _url(scene, drop=0.5))


def wget_killed(scene: Scene) -> None:
    command = ("wget", "-q", "-c", "-O", scene.target, _url(scene, rate=SLOW))
    scene.broken_off(*command, when=scene.grown, with_signal=signal.SIGTERM)
    scene.wait_for_refusal()
    scene.run(*command)


def curl(scene: Scene) -> None:
    scene.run("curl", "-s", "-R", "-o", scene.target, _url(scene))


def curl_cut_off(scene: Scene) -> None:
    command = ("curl", "-s", "-C", "-", "-o", scene.target, _url(scene, drop=0.5))
    partial_file = 18  # curl(1), EXIT CODES
    assert subprocess.run(command, check=False, timeout=60).returncode == partial_file
    scene.wait_for_refusal()
    scene.run(*command)


def _aria2c(scene: Scene, *options: str, rate: int = 500_000) -> tuple[str | Path, ...]:
    parallel = ("-x4", "-s4", "-k1M", "--auto-file-renaming=false", "-q")
    return ("aria2c", *parallel, *options, "-d", scene.folder, "-o", scene.target.name, _url(scene, rate=rate))


def aria2c(scene: Scene) -> None:
    scene.run(*_aria2c(scene, "--file-allocation=none"))


def aria2c_killed(scene: Scene) -> None:
    """All of the space is reserved from the start; a file beside it says that it is not complete."""
    command = _aria2c(scene, "--file-allocation=prealloc", "--auto-save-interval=1", rate=150_000)
    control = scene.folder / f"{scene.target.name}.aria2"
    scene.broken_off(*command, when=control.exists, with_signal=signal.SIGKILL)
    scene.wait_for_refusal()
    scene.run(*command)


def chromium(scene: Scene) -> None:
    profile = scene.away / "profile"
    (profile / "Default").mkdir(parents=True)
    chosen = {"download": {"default_directory": str(scene.folder), "prompt_for_download": False}}
    (profile / "Default" / "Preferences").write_text(json.dumps(chosen))
    quiet = ("--headless=new", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-background-networking")
    browser = scene.servers.daemon("chromium", *quiet, f"--user-data-dir={profile}", _url(scene, rate=SLOW))
    try:
        until(lambda: list(scene.folder.glob("*.crdownload")), f"the download begins {scene.servers.logs()}")
        until(lambda: scene.grown(share=1.0) and not list(scene.folder.glob("*.crdownload")), "the download ends")
    finally:
        end(browser)


def firefox(scene: Scene) -> None:
    """An empty file has the final name for as long as the download takes."""
    profile = scene.away / "profile"
    profile.mkdir()
    chosen = {
        "browser.download.folderList": 2,
        "browser.download.dir": str(scene.folder),
        "browser.download.always_ask_before_handling_new_types": False,
        "browser.shell.checkDefaultBrowser": False,
        "app.normandy.enabled": False,
        "app.update.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "services.settings.server": "http://127.0.0.1:1",
    }
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in chosen.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = ("firefox-esr", "--headless", "--no-remote", "--profile", profile, _url(scene, rate=SLOW))
    browser = scene.servers.daemon(*command, env={**os.environ, "HOME": str(scene.away)})
    try:
        until(lambda: list(scene.folder.glob("*.part")), f"the download begins {scene.servers.logs()}", within_s=120)
        until(lambda: scene.grown(share=1.0) and not list(scene.folder.glob("*.part")), "the download ends")
    finally:
        end(browser)


WRITERS = (
    Writer("wget, connection lost", wget, ON_CLOSE, needs=("wget",), server="http"),
    Writer(
        "wget -c, killed and resumed",
        wget_killed,
        f"{ON_CLOSE}, and its container is closed",
        needs=("wget",),
        server="http",
        aborts=True,
    ),
    Writer("curl", curl, ON_CLOSE, needs=("curl",), server="http"),
    Writer(
        "curl -C -, cut off and resumed",
        curl_cut_off,
        f"{ON_CLOSE}, and its container is closed",
        needs=("curl",),
        server="http",
        aborts=True,
    ),
    Writer("aria2c, four connections", aria2c, "its .aria2 file is gone", needs=("aria2c",), server="http"),
    Writer(
        "aria2c, killed and resumed",
        aria2c_killed,
        "its .aria2 file is gone",
        needs=("aria2c",),
        server="http",
        aborts=True,
    ),
    Writer("Chromium", chromium, ON_RENAME, needs=("chromium",), server="http"),
    Writer(
        "Firefox", firefox, f"{ON_RENAME}; its empty placeholder is never taken", needs=("firefox-esr",), server="http"
    ),
)
