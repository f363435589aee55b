"""The fields a sidecar may have, under the names downloaders give them, and what their values must look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actors.fusion.text import clean, clean_line

MAX_CAPTION_CHARS = 100_000
"""The longest any platform allows is 63,206 (Facebook); more is some other text."""
MAX_HASHTAGS = 1000
"""Of a longer list the first; the most a platform shows are 60 (YouTube), and a document is no place for a dump."""
_MAX_NAME_CHARS = 512
_MAX_COUNT = 2**53 - 1  # the largest whole number every JSON reader keeps
_MILLISECONDS_FROM = 10**11  # as seconds this is the year 5138; as milliseconds, 1973

Value = str | int


@dataclass(frozen=True, slots=True)
class Problem:
    """A field that is there but cannot be used: its path in the document, and what is wrong with it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What one sidecar says: values by field of the document's `source`, listed hashtags, and what was unusable."""

    values: Mapping[str, Value]
    hashtags: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_fields(data: Mapping[str, Any]) -> Facts:
    """Read the known fields of a sidecar's JSON object; of several names for one field the first usable wins."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for field, (names, parse) in _FIELDS.items():
        for name, raw in _candidates(data, names):
            try:
                values[field] = parse(raw)
                break
            except (ValueError, OverflowError, OSError) as exc:
                problems.append(Problem(f"source.{field}", f"{name}: {exc}"))
    unusable = tuple(p for p in problems if p.field.removeprefix("source.") not in values)
    return Facts(values, _listed_hashtags(data), unusable)


def _candidates(data: Mapping[str, Any], names: tuple[str, ...]) -> list[tuple[str, Any]]:
    """Return the fields that are there and not empty, at the top or among the counters."""
    nested = [data.get(group) for group in ("counts", "stats", "statistics")]
    places = [data, *(group for group in nested if isinstance(group, Mapping))]
    found = [(name, place[name]) for name in names for place in places if name in place]
    return [(name, value) for name, value in found if value is not None and value not in ("", [], {})]


def caption_text(raw: Any) -> str:
    """Return a caption; raises `ValueError` when it is none."""
    text = clean(_string(raw))
    if len(text) > MAX_CAPTION_CHARS:
        raise ValueError(f"{len(text)} characters are too many for a caption (at most {MAX_CAPTION_CHARS})")
    return text


def _name(raw: Any) -> str:
    """Return a name or an id; TikTok's own JSON nests the author's names."""
    if isinstance(raw, Mapping):
        nested = (raw.get(key) for key in ("uniqueId", "unique_id", "username", "nickname", "name"))
        raw = next((value for value in nested if value), None)
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    text = clean_line(_string(raw))
    if len(text) > _MAX_NAME_CHARS:
        raise ValueError(f"{len(text)} characters are too many (at most {_MAX_NAME_CHARS})")
    return text


def _count(raw: Any) -> int:
    """Return a counter as a whole number."""
    if isinstance(raw, str) and raw.strip().isascii() and raw.strip().isdigit():
        raw = int(raw)
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= _MAX_COUNT:
        raise ValueError(f"{_shown(raw)} is no count")
    return raw


def _when(raw: Any) -> str:
    """Return a time in UTC, or a date where only that is told: epoch seconds or milliseconds, YYYYMMDD, ISO 8601."""
    if isinstance(raw, str) and not (raw.isascii() and raw.isdigit() and len(raw) != len("YYYYMMDD")):
        return _written_time(raw.strip())
    if isinstance(raw, bool) or not isinstance(raw, int | float | str) or float(raw) <= 0:
        raise ValueError(f"{_shown(raw)} is no time")
    epoch_s = float(raw) / 1000 if float(raw) >= _MILLISECONDS_FROM else float(raw)
    return _utc(datetime.fromtimestamp(epoch_s, UTC))


def _written_time(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if len(text) <= len("YYYY-MM-DD"):
        return moment.date().isoformat()
    # A clock time without a zone may be half a day off either way: the date is all that is told.
    return _utc(moment) if moment.tzinfo else moment.date().isoformat()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _string(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"{_shown(raw)} is no text")  # noqa: TRY004 - a sidecar's wrong type is a wrong value
    if not clean(raw):
        raise ValueError("no text is left without control characters")
    return raw


def _shown(raw: Any) -> str:
    """Show a stranger's value shortly and harmlessly."""
    return ascii(raw)[:60] if isinstance(raw, str | int | float) else f"a {type(raw).__name__}"


def _listed_hashtags(data: Mapping[str, Any]) -> tuple[str, ...]:
    listed = data.get("hashtags")
    entries = listed.replace(",", " ").split() if isinstance(listed, str) else listed
    if not isinstance(entries, list):
        return ()
    texts = [clean_line(entry) for entry in entries[:MAX_HASHTAGS] if isinstance(entry, str)]
    return tuple(text for text in texts if text and " " not in text and len(text) <= _MAX_NAME_CHARS)


_FIELDS: dict[str, tuple[tuple[str, ...], Callable[[Any], Value]]] = {
    "platform_id": (("platform_id", "id", "video_id", "aweme_id"), _name),
    # yt-dlp cuts TikTok's caption to 72 characters for `title`; `description` has it whole.
    "caption": (("caption", "description", "desc", "text", "title"), caption_text),
    "author": (("author", "uploader", "username", "channel", "creator", "uploader_id"), _name),
    "posted_at": (("posted_at", "timestamp", "create_time", "createTime", "upload_date"), _when),
    "counts.views": (("view_count", "play_count", "playCount", "views"), _count),
    "counts.likes": (("like_count", "digg_count", "diggCount", "likes"), _count),
    # yt-dlp's `comments` is the list of comments, where they were asked for.
    "counts.comments": (("comment_count", "commentCount", "comments"), _count),
    "counts.shares": (("repost_count", "share_count", "shareCount", "shares"), _count),
    "counts.saves": (("save_count", "collect_count", "collectCount", "saves"), _count),
}
"""Names by field, the more reliable first: yt-dlp's, then TikTok's own, then plain ones."""
