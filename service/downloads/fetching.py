"""One video by yt-dlp: looked at first, fetched only when it is one, of a kind we take, and small enough."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from service.downloads.guard import Guard
from service.downloads.order import Fetched, NotFetched, Order, Progress

FORMAT = "b[protocol~='^https?$']"
"""The best single file with picture and sound over plain HTTP: what would have to be put together from parts needs a
program of its own (ffmpeg), and a download starts none."""
SOCKET_S = 20.0
VIDEO, SIDECAR = "video", "about.json"
_LEFT_OUT = frozenset(
    {
        *(
            "formats",
            "thumbnails",
            "subtitles",
            "automatic_captions",
            "heatmap",
            "fragments",
            "http_headers",
            "cookies",
        ),
        *("url", "manifest_url", "requested_formats", "requested_downloads", "requested_subtitles", "filename"),
    }
)
"""What a description of a video has no use for: lists of other files, and addresses that hold keys."""
_LONGEST_DETAIL = 300


class _TooLargeError(Exception):
    """The video is larger than it may be."""


def fetch(order: Order, guard: Guard, *, say: Callable[[Progress], None]) -> Fetched | NotFetched:
    """Fetch what an order names into its folder. The guard is installed."""
    import yt_dlp  # noqa: PLC0415 - heavy, and an extra

    try:
        with yt_dlp.YoutubeDL(_options(order, say)) as downloader:
            found = downloader.extract_info(order.url, download=False)
            refusal = _refused(found, order.extensions)
            if refusal is not None:
                return refusal
            ended = downloader.process_ie_result(found, download=True)
            return _landed(order, downloader.sanitize_info(ended, remove_private_keys=True))
    except _TooLargeError:
        return too_large(order.most_bytes)
    except (yt_dlp.utils.YoutubeDLError, yt_dlp.networking.exceptions.RequestError, OSError) as exc:
        if guard.refused:
            refused = guard.refused[-1]
            return NotFetched(refused.reason, refused.detail, final=True)
        if _size_bytes(order.folder) > order.most_bytes:  # the kernel has cut it
            return too_large(order.most_bytes)
        return _not_fetched(exc)


def too_large(most_bytes: int) -> NotFetched:
    """Say that a video is larger than it may be."""
    limits = f"{most_bytes // 2**20} MiB (download.most_mib, media.max_file_mib)"
    return NotFetched("too_large", f"it is larger than {limits}", final=True)


def _options(order: Order, say: Callable[[Progress], None]) -> dict[str, Any]:
    """Return yt-dlp's options; what its own files of settings say is not read."""

    def noted(state: Mapping[str, Any]) -> None:
        done, total = state.get("downloaded_bytes") or 0, state.get("total_bytes")
        if max(done, total or 0) > order.most_bytes:
            raise _TooLargeError
        say(Progress(int(done), None if total is None else int(total)))

    return {
        "format": FORMAT,
        "outtmpl": {"default": str(Path(order.folder, f"{VIDEO}.%(ext)s"))},
        "noplaylist": True,
        "extract_flat": "in_playlist",
        "playlist_items": "0",
        "progress_hooks": [noted],
        "socket_timeout": SOCKET_S,
        "retries": 3,
        "file_access_retries": 0,
        "proxy": "",
        "cachedir": False,
        "fixup": "never",
        "updatetime": False,
        "nopart": True,
        "continuedl": False,
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "logger": _Silence(),
    }


class _Silence:
    """What yt-dlp tells nobody: errors come as exceptions."""

    def debug(self, message: str) -> None:
        """Say nothing."""

    def warning(self, message: str) -> None:
        """Say nothing."""

    def error(self, message: str) -> None:
        """Say nothing."""


def _refused(found: Mapping[str, Any], extensions: tuple[str, ...]) -> NotFetched | None:
    if found.get("_type", "video") != "video":
        detail = "the address is that of several videos. Ask for each by its own address."
        return NotFetched("playlist", detail, final=True)
    if found.get("is_live") or found.get("live_status") in {"is_live", "is_upcoming", "post_live"}:
        return NotFetched("live", "it is, or is to be, broadcast live. Ask for it when it is over.", final=True)
    extension = f".{found.get('ext')}".lower()
    if extension not in extensions:
        known = " ".join(extensions)
        return NotFetched("no_format", f"it is a {extension} file, and only {known} are taken", final=True)
    return None


def _size_bytes(folder: str) -> int:
    return max((path.stat().st_size for path in Path(folder).glob(f"{VIDEO}.*")), default=0)


def _landed(order: Order, about: Mapping[str, Any]) -> Fetched | NotFetched:
    folder = Path(order.folder)
    found = next(folder.glob(f"{VIDEO}.*"), None)
    if found is None or not found.stat().st_size:
        return NotFetched("nothing", "the address gave no bytes", final=False)
    kept = {name: value for name, value in about.items() if name not in _LEFT_OUT and not name.startswith("_")}
    (folder / SIDECAR).write_text(json.dumps(kept, ensure_ascii=True), encoding="ascii")
    return Fetched(found.name, SIDECAR, _named(about) + found.suffix)


def _named(about: Mapping[str, Any]) -> str:
    """Return what the file is to be called, as yt-dlp does by default; the reception cleans it."""
    title, number = str(about.get("title") or "video").replace("/", "_"), str(about.get("id") or "").replace("/", "_")
    return f"{title[:100]} [{number}]" if number and number != title else title


def _not_fetched(error: BaseException) -> NotFetched:
    from yt_dlp.networking.exceptions import HTTPError, TransportError  # noqa: PLC0415 - heavy, and an extra
    from yt_dlp.utils import UnsupportedError  # noqa: PLC0415 - as above

    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, HTTPError):
            return NotFetched(f"http_{cause.status}", f"the server answered {cause.status}", final=False)
        if isinstance(cause, UnsupportedError):
            return NotFetched("unsupported", "no video was found at this address", final=True)
    if any(isinstance(cause, TransportError | TimeoutError | ConnectionError) for cause in causes):
        return NotFetched("unreachable", _said(error), final=False)
    if "format is not available" in str(error):
        detail = "there is no single file with picture and sound over HTTP. Download it yourself, into an inbox."
        return NotFetched("no_format", detail, final=True)
    if f"[Errno {errno.ENOSPC}]" in str(error):
        return NotFetched("disk_full", "the disk is full where downloads land. Free space there.", final=False)
    return NotFetched("not_available", _said(error), final=False)


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return an error with what led to it; yt-dlp keeps that in places of its own."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        info = getattr(error, "exc_info", None)
        error = (info[1] if info else None) or getattr(error, "cause", None) or error.__cause__ or error.__context__
    return found


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split()).removeprefix("ERROR: ").partition("; please report this issue")[0]
    return "".join(filter(str.isprintable, text))[:_LONGEST_DETAIL] or type(error).__name__
