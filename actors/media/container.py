"""Opening a container from a descriptor: a closed list of formats, no nested files, no network, the best streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import av
from av.stream import Disposition

from actors.errors import BadInput
from actors.media.source import DescriptorReader
from actors.results import Warned

FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,ivf,dv,rm,mxf,"
    "wav,w64,mp3,flac,aac,ac3,eac3,amr,aiff,caf,h264,hevc,m4v"
)
"""Demuxers that read this one file and nothing else. Playlists (hls, dash, concat) open what they name; pictures,
subtitles and teletype art would make media out of any text."""
_READ_BYTES = 1 << 20
_DISCONTINUOUS = {"mpegts", "mpeg"}
"""Formats whose clock may jump (AVFMT_TS_DISCONT)."""
_SIGNATURES: tuple[tuple[int, bytes], ...] = (
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (4, b"moof"),
    (4, b"styp"),
    (4, b"wide"),
    (0, b"\x1aE\xdf\xa3"),
    (0, b"RIFF"),
    (0, b"OggS"),
    (0, b"fLaC"),
    (0, b"FLV\x01"),
    (0, b"\x30\x26\xb2\x75"),
    (0, b"\x00\x00\x01\xba"),
)
_ENCRYPTION_MARKS = (b"encv", b"enca", b"tenc")
"""ISO/IEC 23001-7: protected sample entries and their track encryption box."""
_HEAD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Opened:
    """An open container with the streams that will be decoded; close `container` when done."""

    container: Any
    name: str
    video: Any | None
    audio: Any | None
    discontinuous: bool
    claimed_s: float | None
    """The duration the header claims; it limits nothing."""
    warnings: tuple[Warned, ...] = ()


def open_container(reader: DescriptorReader, *, max_streams: int, max_pixels: int, threads: int) -> Opened:
    """Open and choose streams.

    Raises `BadInput`: `not_media`, `undecodable` (a known container that cannot be opened), `encrypted`, `no_streams`,
    `absurd_header`; OSError from the reader.
    """
    try:
        container = av.open(
            reader,
            mode="r",
            options={"max_pixels": str(max_pixels)},
            container_options={"format_whitelist": FORMATS, "max_streams": str(max_streams)},
            # Tags in legacy encodings are common; the default of PyAV is to fail on them.
            metadata_errors="replace",
            buffer_size=_READ_BYTES,
            io_open=_refuse_nested,
        )
    except av.error.MemoryError as exc:
        message = f"the header asks for more than {max_streams} streams (max_streams) or for absurd amounts of memory"
        raise BadInput("absurd_header", message) from exc
    except av.error.FFmpegError as exc:
        raise _refusal(reader) from exc
    try:
        return _choose(container, max_pixels=max_pixels, threads=threads)
    except BaseException:
        container.close()
        raise


def encrypted(packet: Any) -> bool:
    """Whether the packet is encrypted (ISO Common Encryption)."""
    return bool(packet.has_sidedata("encryption_info"))


def _refuse_nested(url: str, *_: object) -> None:
    raise PermissionError(f"a media file may not open another one: {url!r}")


def _choose(container: Any, *, max_pixels: int, threads: int) -> Opened:
    if not container.streams.video and not container.streams.audio:
        raise BadInput("no_streams", "the container holds neither picture nor sound")
    warnings: list[Warned] = []
    video = _decodable(_best_video(container), warnings)
    # FFmpeg passes over streams that it cannot decode; they are there all the same, and the document says so.
    audio = _decodable(container.streams.best("audio", video) or _first(container.streams.audio), warnings)
    if video is not None:
        video.thread_type = "AUTO"
        video.thread_count = threads
        # The limit holds for the size a bitstream really has, which may grow mid-stream.
        video.codec_context.options = {"max_pixels": str(max_pixels)}
    duration = container.duration
    name = _container_name(container)
    return Opened(
        container=container,
        name=name,
        video=video,
        audio=audio,
        discontinuous=name in _DISCONTINUOUS,
        claimed_s=duration / av.time_base if duration and duration > 0 else None,
        warnings=tuple(warnings),
    )


def _best_video(container: Any) -> Any | None:
    moving = [s for s in container.streams.video if Disposition.attached_pic not in Disposition(s.disposition)]
    best = container.streams.best("video")
    return best if best in moving else _first(moving)


def _first(streams: Sequence[Any]) -> Any | None:
    return streams[0] if streams else None


def _decodable(stream: Any | None, warnings: list[Warned]) -> Any | None:
    """Return the stream when the library has a decoder for it, else None and a warning."""
    if stream is None or stream.codec_context is not None:
        return stream
    kind = "audio" if stream.type == "audio" else "video"
    what = "sound" if kind == "audio" else "picture"
    warnings.append(undecodable(kind, f"no decoder here understands the {what} of stream {stream.index}"))
    return None


def undecodable(kind: str, message: str) -> Warned:
    """Return the warning for a stream that is there but cannot be decoded; kind is `audio` or `video`."""
    return Warned(code=f"{kind}_undecodable", field=f"media.has_{kind}", message=message)


def _container_name(container: Any) -> str:
    """Return the container's usual name: FFmpeg's names are lists (`mov,mp4,m4a,3gp,3g2,mj2`)."""
    name = str(container.format.name)
    if name.startswith("mov,"):
        return "mov" if container.metadata.get("major_brand", "").strip() == "qt" else "mp4"
    return name.split(",", maxsplit=1)[0]


def _refusal(reader: DescriptorReader) -> BadInput:
    reader.seek(0)
    head = reader.read(_HEAD_BYTES)
    if not any(head[offset:].startswith(magic) for offset, magic in _SIGNATURES):
        return BadInput("not_media", "the content is no video or sound format that is read here")
    if any(mark in head for mark in _ENCRYPTION_MARKS):
        return BadInput("encrypted", "the media is encrypted (Common Encryption) and cannot be read without its key")
    return BadInput("undecodable", "the container is damaged or not finished: its index is missing or makes no sense")
