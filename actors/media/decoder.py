"""The one pass over a file: packets are read once, pictures and sound go to their tracks as they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import cv2

from actors.backend import Payloads, SourceRef
from actors.errors import BadInput
from actors.media.audio import SoundTrack
from actors.media.container import Opened, encrypted, open_container, undecodable
from actors.media.options import DecodeOptions
from actors.media.source import DescriptorReader
from actors.media.video import PictureTrack, tiled
from actors.models.memory import is_out_of_memory
from actors.results import Media, Warned

_MOST_READ_ERRORS = 32
"""In a row; a demuxer that fails at every packet would be asked for ever."""
_ENCRYPTION_PACKETS = 8
_SHORTER = 0.9


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one pass gives: the durable result and the large values."""

    media: Media
    payloads: Payloads


def decode(fd: int, ref: SourceRef, *, options: DecodeOptions, wants: frozenset[str]) -> Decoded:
    """Decode the file behind `fd` once.

    Time 0 is the earliest presentation time of what was decoded of the chosen streams, which is where players start:
    a clip whose clock begins at 1.07 s or at 3900 s begins at 0, and a stream that starts later than the other
    keeps its distance. Edit lists are applied by the demuxer.

    Raises `BadInput` (`undecodable`, `too_large`, `memory_limit`; see `open_container`); OSError when reading fails.
    """
    opened = open_container(
        DescriptorReader(fd, ref.size),
        max_streams=options.max_streams,
        max_pixels=options.max_pixels,
        threads=options.threads,
    )
    with opened.container:
        try:
            one_pass = _Pass(opened, options=options, wants=wants)
            one_pass.run()
            return one_pass.result(size_bytes=ref.size)
        except (MemoryError, cv2.error) as exc:
            if not options.memory_mib or not is_out_of_memory(exc):
                raise
            message = f"decoding asks for more memory than media.memory_mib = {options.memory_mib} allows"
            raise BadInput("memory_limit", message) from exc


class _Pass:
    """The state of one pass."""

    def __init__(self, opened: Opened, *, options: DecodeOptions, wants: frozenset[str]) -> None:
        self._opened = opened
        self._options = options
        self._wants = wants
        self._broken = 0
        self._warnings = list(opened.warnings)
        jumps = opened.discontinuous
        self._pictures = (
            None
            if opened.video is None
            else PictureTrack(opened.video, options=options, wants=wants, discontinuous=jumps)
        )
        self._sound = None if opened.audio is None else SoundTrack(max_media_s=options.max_media_s, discontinuous=jumps)
        tracks = ((opened.video, self._pictures), (opened.audio, self._sound))
        self._tracks: dict[int, PictureTrack | SoundTrack] = {
            stream.index: track for stream, track in tracks if stream is not None and track is not None
        }

    def run(self) -> None:
        """Read and decode everything, up to the limits."""
        for number, packet in enumerate(self._packets()):
            if number < _ENCRYPTION_PACKETS and encrypted(packet):
                raise BadInput("encrypted", "the media is encrypted and cannot be read without its key")
            # Not packet.stream_index: the packets that flush carry 0 there, whatever their stream.
            track = self._tracks[packet.stream.index]
            if not track.finished:
                for frame in self._frames(packet):
                    track.feed(frame)
            elif all(t.finished for t in self._tracks.values()):
                break
        for track in self._tracks.values():
            track.finish()

    def result(self, *, size_bytes: int) -> Decoded:
        """Put together what was found; raises `BadInput` when nothing was decoded."""
        pictures = self._pictures if self._pictures is not None and self._pictures.first_s is not None else None
        sound = self._sound if self._sound is not None and self._sound.first_s is not None else None
        if pictures is None and sound is None:
            raise self._nothing()
        zero = self._zeros(pictures, sound)
        duration_s = max(t.end_s - zero[t] for t in (pictures, sound) if t is not None)
        self._warn(pictures, sound, duration_s=duration_s)
        frames, times_s = (None, []) if pictures is None else pictures.frames()
        jpegs = tuple(s.jpeg for s in pictures.shots if s.jpeg is not None) if pictures is not None else ()
        media = Media(
            **_stream_facts(self._opened, pictures, sound),
            duration_s=round(duration_s, 6),
            size_bytes=size_bytes,
            bit_rate=round(8 * size_bytes / duration_s) if duration_s > 0 else None,
            shots=() if pictures is None else tiled(pictures.shots, origin_s=zero[pictures], duration_s=duration_s),
            frame_times_s=tuple(round(t - zero[pictures], 6) for t in times_s),
            warnings=tuple(self._warnings),
        )
        payloads = Payloads(
            audio=sound.samples(origin_s=zero[sound]) if sound is not None and "audio" in self._wants else None,
            frames=frames,
            keyframes=jpegs if "keyframes" in self._wants and pictures is not None else None,
        )
        return Decoded(media, payloads)

    def _zeros(self, *tracks: PictureTrack | SoundTrack | None) -> dict[PictureTrack | SoundTrack | None, float]:
        """Return, per track, which time of its clock is time 0: the earliest start of all.

        A track that starts beyond `max_media_s` after the other runs on a clock of its own (a
        damaged header does that); it is taken to start with the other.
        """
        starts = {track: track.first_s for track in tracks if track is not None and track.first_s is not None}
        origin_s = min(starts.values())
        far = {track for track, start_s in starts.items() if start_s - origin_s > self._options.max_media_s}
        if far:
            self._say("clocks_disagree", "picture and sound start absurdly far apart; both are taken to start at 0")
        return {track: start_s if track in far else origin_s for track, start_s in starts.items()}

    def _packets(self) -> Iterator[Any]:
        """Yield the packets of the chosen streams, over damaged stretches, and the empty ones that flush decoders."""
        streams = [s for s in (self._opened.video, self._opened.audio) if s is not None]
        failures = 0
        while streams:
            try:
                for packet in self._opened.container.demux(*streams):
                    failures = 0
                    yield packet
            except av.error.MemoryError:
                raise  # no damage: what remains would be skipped piece by piece and the rest be called whole
            except av.error.FFmpegError:
                self._broken += 1
                failures += 1
                if failures < _MOST_READ_ERRORS:
                    continue
            return

    def _frames(self, packet: Any) -> list[Any]:
        """Decode one packet; a broken one is counted and skipped."""
        try:
            frames = list(packet.decode())
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError:
            self._broken += 1
            return []
        self._broken += int(packet.is_corrupt)
        return frames

    def _nothing(self) -> BadInput:
        video = self._opened.video
        if video is not None and (video.width or 0) * (video.height or 0) > self._options.max_pixels:
            return BadInput(
                "too_large",
                f"the picture is {video.width}x{video.height}; max_pixels allows {self._options.max_pixels} pixels",
            )
        return BadInput("undecodable", f"not one frame of the {self._opened.name} file could be decoded")

    def _warn(self, pictures: PictureTrack | None, sound: SoundTrack | None, *, duration_s: float) -> None:
        if self._pictures is not None and pictures is None:
            self._warnings.append(undecodable("video", "not one picture of the video stream could be decoded"))
        if self._sound is not None and sound is None:
            self._warnings.append(undecodable("audio", "nothing of the sound track could be decoded"))
        if pictures is not None and pictures.facts is not None:
            self._warnings += pictures.facts.warnings
        refused = pictures.refused if pictures is not None else 0
        if self._broken:
            self._say("broken_packets", f"{self._broken} packets were damaged and skipped")
        if refused:
            self._say("frames_out_of_order", f"{refused} frames were not later than their predecessors and skipped")
        claimed_s = self._opened.claimed_s
        if any(t.finished for t in self._tracks.values()):
            self._say("cut_off", f"only the first {self._options.max_media_s:g} s were looked at (max_media_s)")
        elif claimed_s is not None and duration_s < _SHORTER * claimed_s - 1:
            self._say("shorter_than_claimed", f"the header claims {claimed_s:.1f} s, {duration_s:.1f} s decode")

    def _say(self, code: str, message: str) -> None:
        self._warnings.append(Warned(code=code, field="media", message=message))


def _stream_facts(opened: Opened, pictures: PictureTrack | None, sound: SoundTrack | None) -> dict[str, Any]:
    """Return the fields of `Media` that describe the streams."""
    facts: dict[str, Any] = {
        "container": opened.name,
        "has_video": pictures is not None,
        "has_audio": sound is not None,
        "audio_codec": _codec(opened.audio) if sound is not None else None,
        "loudness_lufs": sound.loudness_lufs if sound is not None else None,
    }
    if pictures is None or pictures.facts is None:
        return facts
    geometry = pictures.facts.geometry
    width, height = geometry.displayed_size
    rate = pictures.rate
    return facts | {
        "codec": _codec(opened.video),
        "pixel_format": pictures.facts.pixel_format,
        "hdr": pictures.facts.hdr,
        "width": width,
        "height": height,
        "rotation": geometry.orientation.rotation,
        "mirrored": geometry.orientation.mirrored,
        "frame_rate": rate.per_second,
        "variable_frame_rate": rate.variable,
        "frames_decoded": pictures.frames_decoded,
    }


def _codec(stream: Any) -> str:
    """Return the codec's name, not the decoder's (`av1`, not `libdav1d`)."""
    return str(stream.codec_context.codec.canonical_name)
