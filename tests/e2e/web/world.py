"""The service under test: started once, with an inbox that holds what the tests look at."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bad_files import clip
from beginnings import beginning
from loopback import free_port
from processes import Home, Service, until

from service.assets import demo_clip

SPOKEN_S = 4.2
"""What is kept of the sample clip: its first sentence, its first cut, three texts."""
WITHIN_S = 120.0
CORRUPT = "corrupt.mp4"
SETTINGS = {
    "REELWATCH_POOL__KIND": '"local"',
    "REELWATCH_POOL__NUM_CPUS": "2",
    "REELWATCH_STAGES__OBJECTS__BACKENDS": "[]",
    "REELWATCH_STAGES__AUDIO__BACKENDS": "[]",
    "REELWATCH_DOWNLOAD__ALLOW_PRIVATE_ADDRESSES": "true",
}
"""The sample's words and texts are read by real models; those whose results no test looks at stay out.

What is fetched from the web comes from this host.
"""


@dataclass
class World:
    """A running service, its folders, and where its web face is."""

    home: Home
    service: Service
    url: str

    def ask(self, path: str) -> Any:
        """Ask the API."""
        with urlopen(self.url + path, timeout=30) as answer:  # noqa: S310 - our own server
            return json.load(answer)

    def drop(self, name: str, *, seconds: float = SPOKEN_S) -> Path:
        """Put the sample's beginning into the inbox; another length has another content."""
        return beginning(demo_clip(), self.home.inbox / name, seconds=seconds)

    @property
    def spoken(self) -> str:
        """The id of the document with words, once it is there and can be found."""
        job = self.home.until_state(self.home.inbox / "spoken.mp4", "done", within_s=WITHIN_S)
        video_id = str(job.sha256)[:16]
        until(lambda: video_id in {one["video_id"] for one in self.ask("/documents")["documents"]}, "it is indexed")
        return video_id

    @property
    def corrupt(self) -> Path:
        """The video that is refused, once it was."""
        path = self.home.inbox / CORRUPT
        self.home.until_state(path, "rejected", "failed", within_s=WITHIN_S)
        return path


@contextmanager
def made_world(folder: Path, **settings: str) -> Iterator[World]:
    """Start the service with its web face in a folder; whatever happens, it has ended afterwards."""
    port = free_port()
    listen = {"REELWATCH_WEB__LISTEN": f'"127.0.0.1:{port}"'}
    home = Home(folder, SETTINGS | listen | settings)
    process = home.start("run", "--web", stdout=subprocess.DEVNULL)
    world = World(home, Service(process), f"http://127.0.0.1:{port}")
    try:
        world.drop("spoken.mp4")
        unreadable(home.inbox / CORRUPT)
        world.service.ready()
        world.service.until_event("web.listening")
        yield world
    finally:
        world.service.kill()


def unreadable(target: Path) -> Path:
    """Write an MP4 whose boxes are whole and whose pictures are none."""
    draft = clip(target.with_name(".draft.mp4"))
    content = bytearray(draft.read_bytes())
    begin = content.index(b"mdat") + 4
    size = int.from_bytes(content[begin - 8 : begin - 4], "big") - 8
    content[begin : begin + size] = b"\x55" * size
    draft.write_bytes(content)
    return draft.rename(target)
