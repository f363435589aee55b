"""Files that name other files, or a server, in every way a demuxer may follow; and bombs, small ones that grow."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
import bad_files
import numpy as np

SECRET = b"the canary's own words"
BOMB_SIDE = 8192
_IN_OPEN = 0x20


@dataclass
class Canary:
    """A clip and a secret that no other file may lead to, and a server that no file may call."""

    folder: Path
    calls: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def clip(self) -> Path:
        return self.folder / "canary.mp4"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/canary.mp4"

    def make(self) -> None:
        """Put them there."""
        self.folder.mkdir()
        bad_files.clip(self.clip)
        (self.folder / "secret.txt").write_bytes(SECRET)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note whoever calls."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
            threading.Thread(target=self._note, args=(server,), daemon=True).start()
            yield

    def _note(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(2)
                    self.calls.append(connection.recv(200))


def opens(folder: Path) -> int:
    """Return a descriptor that can be read as soon as anything in the folder has been opened."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = int(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    if descriptor < 0 or libc.inotify_add_watch(descriptor, os.fsencode(folder), _IN_OPEN) < 0:
        raise OSError(ctypes.get_errno(), "opens cannot be watched")
    return descriptor


def lures(canary: Canary, model: bytes) -> dict[str, bytes]:
    """Return the files by name; `model` is an MP4."""
    path, port = str(canary.clip), canary.port
    return {
        "hls-file.mp4": playlist(path),
        "hls-url.mp4": playlist(canary.url),
        "hls-protocol.ts": playlist(f"concat:{path}|{path}"),
        "hls-subfile.mkv": playlist(f"subfile,,start,0,end,9999,,:{path}"),
        "hls-data.webm": playlist("data:video/mp4;base64,AAAAIGZ0eXBpc29t"),
        "ffconcat.mp4": f"ffconcat version 1.0\nfile '{path}'\n".encode(),
        "ffconcat-url.avi": f"ffconcat version 1.0\nfile '{canary.url}'\n".encode(),
        "dash.mp4": dash(canary.url),
        "sdp.mp4": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n".encode(),
        "asx.avi": f'<asx version="3.0"><entry><ref href="{canary.url}"/></entry></asx>'.encode(),
        "rtsp.mov": b"rtsptext\nrtsp://127.0.0.1:%d/x\n" % port,
        "reference.mov": reference_movie(path.encode()),
        "elsewhere.mp4": movie_elsewhere(model, path.encode()),
        "elsewhere-url.mp4": movie_elsewhere(model, canary.url.encode()),
    }


def playlist(target: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n".encode()


def dash(target: str) -> bytes:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" '
        f'bandwidth="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>'
    ).encode()


def reference_movie(target: bytes) -> bytes:
    """A QuickTime reference movie: it has no media, only the place of another movie."""
    place = bad_files.box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(target) + 1) + target + b"\0")
    references = bad_files.box(b"rmra", bad_files.box(b"rmda", place))
    return (
        bad_files.box(b"ftyp", b"qt  \0\0\0\0qt  ") + bad_files.box(b"moov", references) + bad_files.box(b"mdat", b"x")
    )


def movie_elsewhere(model: bytes, target: bytes) -> bytes:
    """The MP4, its samples said to lie in another file by its data reference (ISO/IEC 14496-12, 8.7.2)."""
    entry = struct.pack(">I4sI", 12 + len(target) + 1, b"url ", 0) + target + b"\0"
    fresh = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    at = model.index(b"dref") - 4
    old = int.from_bytes(model[at : at + 4])
    grown = bytearray(model[:at] + fresh + model[at + old :])
    for name in (b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        place = grown.index(name) - 4
        size = int.from_bytes(grown[place : place + 4]) + len(fresh) - old
        grown[place : place + 4] = size.to_bytes(4)
    return bytes(grown)


def png_bomb(path: Path) -> Path:
    """Some hundred kilobytes that are three pictures of 192 MiB each once decoded."""
    frame = av.VideoFrame.from_ndarray(np.zeros((BOMB_SIDE, BOMB_SIDE, 3), np.uint8), format="rgb24")
    with av.open(str(path), "w") as out:
        stream = out.add_stream("png", rate=10, options={"compression_level": "1", "pred": "none"})
        stream.width = stream.height = BOMB_SIDE
        stream.pix_fmt = "rgb24"
        frame.pts = 0
        packets = stream.encode(frame) + stream.encode()
        for number in range(3):
            for packet in packets:
                packet.pts = packet.dts = number
                out.mux(packet)
    return path


def many_streams(path: Path) -> Path:
    """A Matroska file with a hundred tracks, all but one of them empty."""
    with av.open(str(path), "w", format="matroska") as out:
        streams = [out.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(100)]
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(streams[0].encode(frame))
    return path
