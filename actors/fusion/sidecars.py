"""What files beside the video tell about its publication.

Read are, in this order of precedence, field by field: `<stem>.info.json` (yt-dlp's), `<stem>.json` (another
downloader's, or a person's), `<stem>.txt` (the caption alone). Hashtags are those of the caption, then those that are
listed (yt-dlp's `tags` are not: on YouTube they are keywords nobody sees). Nothing in a sidecar can fail a video: what
cannot be read becomes a warning `sidecar_unreadable`.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from actors.document import Counts, DocumentWarning
from actors.fusion.request import Sidecar
from actors.fusion.sidecar_fields import Facts, Value, caption_text, read_fields
from actors.fusion.text import clean_line, hashtags, unique_hashtags

MAX_SIDECAR_BYTES = 4 * 1024 * 1024
"""yt-dlp's files with every format and subtitle link stay below 1 MiB; more is comments, or an attack."""

_SUFFIXES = (".info.json", ".json", ".txt")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OWN_FIELDS = {"schema_version", "video_id", "processing"}


@dataclass(frozen=True, slots=True)
class Publication:
    """What all sidecars say together; None where they are silent."""

    platform_id: str | None
    caption: str | None
    hashtags: tuple[str, ...] | None
    author: str | None
    posted_at: str | None
    counts: Counts | None


def read_sidecars(sidecars: Sequence[Sidecar]) -> tuple[Publication, tuple[DocumentWarning, ...]]:
    """Read all sidecars; never raises for what is in them."""
    values: dict[str, Value] = {}
    listed: list[str] = []
    warnings: list[DocumentWarning] = []
    for sidecar in sorted(sidecars, key=_rank):
        try:
            facts = _read(sidecar)
        except (ValueError, RecursionError) as exc:
            warnings.append(_unreadable(sidecar, None, str(exc)))
            continue
        values = {**facts.values, **values}
        listed += facts.hashtags
        warnings += [_unreadable(sidecar, problem.field, problem.message) for problem in facts.problems]
    return _publication(values, listed), tuple(warnings)


def _rank(sidecar: Sidecar) -> tuple[int, str]:
    name = sidecar.name.lower()
    rank = next((rank for rank, suffix in enumerate(_SUFFIXES) if name.endswith(suffix)), len(_SUFFIXES))
    return rank, sidecar.name


def _read(sidecar: Sidecar) -> Facts:
    """Read one file; raises `ValueError` or `RecursionError` when nothing of it can be used."""
    if len(sidecar.content) > MAX_SIDECAR_BYTES:
        raise ValueError(f"{len(sidecar.content)} bytes are too many (at most {MAX_SIDECAR_BYTES})")
    name, text = sidecar.name.lower(), _decode(sidecar.content)
    if name.endswith(".json"):
        return _read_json(text)
    if not name.endswith(".txt"):
        raise ValueError(f"only {', '.join(_SUFFIXES)} are read")
    return Facts({"caption": caption_text(text)} if text.strip() else {})


def _read_json(text: str) -> Facts:
    data: Any = json.loads(text, parse_constant=_refuse_constant)
    if not isinstance(data, Mapping):
        raise ValueError(f"a JSON object is expected, not a {type(data).__name__}")  # noqa: TRY004 - as any wrong value
    # Where the output is the watched folder, our own document lies where a sidecar would.
    return Facts({}) if data.keys() >= _OWN_FIELDS else read_fields(data)


def _decode(content: bytes) -> str:
    """Decode UTF-8, or UTF-16 with its mark (as Windows' Notepad writes it)."""
    text = content.decode("utf-16" if content.startswith(_UTF16_MARKS) else "utf-8-sig")
    if "\x00" in text:
        raise ValueError("it holds NUL characters, so it is no text")
    return text


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _publication(values: Mapping[str, Value], listed: Sequence[str]) -> Publication:
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    counts = {name: values.get(f"counts.{name}") for name in Counts.model_fields}
    caption = texts.get("caption")
    tags = unique_hashtags([*hashtags(caption or ""), *listed])
    return Publication(
        platform_id=texts.get("platform_id"),
        caption=caption,
        hashtags=tags if caption is not None or listed else None,
        author=texts.get("author"),
        posted_at=texts.get("posted_at"),
        counts=Counts.model_validate(counts) if any(value is not None for value in counts.values()) else None,
    )


def _unreadable(sidecar: Sidecar, field: str | None, message: str) -> DocumentWarning:
    return DocumentWarning(
        code="sidecar_unreadable", field=field or "source", message=clean_line(f"{sidecar.name}: {message}")
    )
