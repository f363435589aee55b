"""ffmpeg recording in real time, in place, in each kind of container."""

from __future__ import annotations

import signal
from collections.abc import Callable

from writers.scene import Scene, Writer, found, sha256

SECONDS = 6


def _ffmpeg(scene: Scene, options: tuple[str, ...], *, seconds: float = SECONDS) -> tuple[str, ...]:
    pictures = f"testsrc2=size=320x180:rate=25:duration={seconds:g}"
    encoding = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p")
    named = ("-metadata", f"title={scene.writer.name}", *options, str(scene.target))
    return (
        str(found("ffmpeg")),
        "-nostdin",
        "-loglevel",
        "error",
        "-y",
        "-re",
        "-f",
        "lavfi",
        "-i",
        pictures,
        *encoding,
        *named,
    )


def _recorder(*options: str) -> Callable[[Scene], None]:
    def record(scene: Scene) -> None:
        scene.run(*_ffmpeg(scene, options))
        scene.sha256 = sha256(scene.target)

    return record


def killed(scene: Scene) -> None:
    """What a recorder leaves when it dies has no index; the next recording has the same name."""
    scene.broken_off(*_ffmpeg(scene, ()), when=lambda: _begun(scene), with_signal=signal.SIGKILL)
    scene.wait_for_refusal()
    _recorder()(scene)


def _begun(scene: Scene) -> bool:
    return scene.target.exists() and scene.target.stat().st_size > 0


_FFMPEG = ("ffmpeg",)
WRITERS = (
    Writer("ffmpeg, mp4", _recorder(), "its index is written last", needs=_FFMPEG),
    Writer("ffmpeg, mp4, killed and begun again", killed, "its index is written last", needs=_FFMPEG, aborts=True),
    Writer("ffmpeg, mp4 +faststart", _recorder("-movflags", "+faststart"), "the second pass closes it", needs=_FFMPEG),
    Writer(
        "ffmpeg, fragmented mp4",
        _recorder("-movflags", "+frag_keyframe+empty_moov"),
        "its trailer is written last",
        needs=_FFMPEG,
    ),
    Writer("ffmpeg, mkv", _recorder(), "its size is filled in last", needs=_FFMPEG, suffix=".mkv"),
    Writer("ffmpeg, ts", _recorder(), "it is closed, and quiet for a while", needs=_FFMPEG, suffix=".ts"),
)
