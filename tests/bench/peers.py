"""Other programs that find shots and save their pictures, run as their documentation says, on the same clips.

They live in an environment of their own (`--peers` makes it): scenedetect wants another OpenCV than the product, and
reel-scout wants ffmpeg and a server of language models, in whose place a loopback one answers with a fixed text.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from operator import add
from pathlib import Path
from typing import Any

from clips import cache
from usage import Usage, run

PACKAGES = (
    "scenedetect==0.7.2",
    "opencv-python==4.10.0.84",
    "reel-scout==1.5.0",
    "pytesseract==0.3.13",
    "Pillow>=11",
)
PROGRAMS = ("ffmpeg", "tesseract")
_SAID = {"summary": "a clip", "description": "a picture", "text_in_frame": "", "tags": []}


def missing() -> str | None:
    """Return what a comparison with the peers lacks here, or None."""
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    if lacking:
        return f"{' and '.join(lacking)} not installed (Debian: apt-get install ffmpeg tesseract-ocr)"
    return None if _binary("reel-scout").exists() else "the peers' environment is not made (--peers makes it)"


def install() -> None:
    """Make the peers' environment beside the cached clips, where it is not there yet."""
    if not _binary("reel-scout").exists():
        home = _binary("python").parents[1]
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)


def scenedetect(clips: Sequence[Path], folder: Path, *, pictures: int | None = None) -> Usage:
    """Find shots and save pictures of each into `folder`, a process per clip; its default is three a shot."""
    return reduce(add, (_scenedetect(clip, folder, pictures) for clip in clips))


def scenedetect_start() -> Usage:
    """Start scenedetect to print its version, which loads what every run loads."""
    return run([_binary("scenedetect"), "version"])


def tesseract(folder: Path, *, one_thread: bool) -> Usage:
    """Read every picture in `folder`, a process per picture."""
    env = {"OMP_THREAD_LIMIT": "1"} if one_thread else {}
    return reduce(add, (run(["tesseract", picture, "stdout"], env=env) for picture in sorted(folder.glob("*.jpg"))))


def reel_scout(clips: Sequence[Path], *, ocr: bool) -> Usage:
    """Analyse the clips in one batch without transcription; the language model's answers cost nothing."""
    with tempfile.TemporaryDirectory() as home, _language_model() as url:
        return run(
            [_binary("reel-scout"), "analyze", "--skip-transcribe", *clips],
            env=_settings(home, url, ocr=ocr),
            cwd=Path(home),
        )


def reel_scout_start() -> Usage:
    """Start reel-scout to print its version."""
    with tempfile.TemporaryDirectory() as home:
        return run([_binary("reel-scout"), "--version"], env={"REEL_SCOUT_DATA": home}, cwd=Path(home))


def _scenedetect(clip: Path, folder: Path, pictures: int | None) -> Usage:
    count = [] if pictures is None else ["--num-images", str(pictures)]
    where = ["--quiet", "--input", clip, "--output", folder]
    return run([_binary("scenedetect"), *where, "list-scenes", "save-images", *count])


def _binary(name: str) -> Path:
    return cache() / "peers" / "bin" / name


def _settings(home: str, url: str, *, ocr: bool) -> dict[str, str]:
    return {
        "REEL_SCOUT_DATA": home,
        "VLM_BACKEND": "ollama",
        "LLM_BACKEND": "ollama",
        "OLLAMA_BASE_URL": url,
        "VLM_MODEL": "fixed",
        "LLM_MODEL": "fixed",
        "OCR_ENABLED": str(ocr).lower(),
        "OCR_ENGINE": "tesseract",
        "OCR_LANG": "eng",
        "PATH": f"{_binary('python').parent}{os.pathsep}{os.environ['PATH']}",
    }


class _FixedAnswer(BaseHTTPRequestHandler):
    """Answers every request of the Ollama interface at once with the same text."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer({"models": [{"name": "fixed"}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"response": json.dumps(_SAID), "done": True})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        """Say nothing."""

    def _answer(self, body: dict[str, Any]) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)


@contextmanager
def _language_model() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _FixedAnswer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
