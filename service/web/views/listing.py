"""What the library page is asked for, read from its address; what is no answer to a question is passed over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from service.ledger.library.asking import MOST_ROWS, Filters, Listing, Sort
from service.search.language import QueryError, parse

STATUSES = ("complete", "partial")
LOOKS = ("grid", "list")
SORTS = {
    Sort.NAME: "Name",
    Sort.DESCRIBED: "Described",
    Sort.POSTED: "Posted",
    Sort.DURATION: "Duration",
    Sort.WORDS: "Words",
    Sort.SHOTS: "Shots",
    Sort.VIEWS: "Views",
}
LENGTHS = {
    "15": ("up to 15 s", None, 15.0),
    "60": ("15 s to 1 min", 15.0, 60.0),
    "180": ("1 to 3 min", 60.0, 180.0),
    "long": ("over 3 min", 180.0, None),
}
"""Durations to choose from: a name, and the least and most seconds."""
SHOWN = 60
assert SHOWN <= MOST_ROWS  # noqa: S101 - the library gives no longer page
_TYPED = re.compile(r"(?:^|\s)-?\w+$")
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of the library shows, as its address says it."""

    q: str = ""
    status: str = ""
    language: str = ""
    folder: str = ""
    length: str = ""
    sort: Sort = Sort.DESCRIBED
    descending: bool = True
    look: str = "grid"

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.q or self.status or self.language or self.folder or self.length)

    @property
    def direction(self) -> str:
        """The direction as the address says it: nothing where it is as people want it."""
        return "" if self.descending == falls(self.sort) else ("desc" if self.descending else "asc")

    def listing(self) -> Listing | QueryError:
        """Return what the ledger is asked; an error where the words cannot be understood."""
        text = parse(_going_on(self.q)) if self.q else None
        if isinstance(text, QueryError):
            return text
        _, least, most = LENGTHS.get(self.length, ("", None, None))
        filters = Filters(
            status=self.status or None,
            language=(self.language,) if self.language else (),
            folder=self.folder or None,
            duration_from_s=least,
            duration_to_s=most,
        )
        return Listing(filters, text, self.sort, descending=self.descending, limit=SHOWN)

    def address(self, **changes: str) -> str:
        """Return the address of this page, or of one that differs; what is as it would be anyway is left out."""
        said = {
            "q": self.q,
            "status": self.status,
            "language": self.language,
            "folder": self.folder,
            "length": self.length,
            "sort": "" if self.sort is Sort.DESCRIBED else self.sort.value,
            "direction": self.direction,
            "look": "" if self.look == LOOKS[0] else self.look,
        } | changes
        query = urlencode({name: value for name, value in said.items() if value})
        return f"/library?{query}" if query else "/library"

    def table_address(self, form: str) -> str:
        """Return the address of these videos as a table; `form` is `csv` or `parquet`."""
        _, least, most = LENGTHS.get(self.length, ("", None, None))
        said = {
            "q": _going_on(self.q) if self.q else "",
            "status": self.status,
            "language": self.language,
            "folder": self.folder,
            "duration_from": least,
            "duration_to": most,
        }
        query = urlencode({name: value for name, value in said.items() if value not in {"", None}})
        return f"/exports/videos.{form}?{query}" if query else f"/exports/videos.{form}"

    def sorted_by(self, sort: Sort) -> str:
        """Return the address of this page sorted so, the other way round where it is already."""
        falling = not self.descending if sort is self.sort else falls(sort)
        direction = "" if falling == falls(sort) else ("desc" if falling else "asc")
        return self.address(sort=sort.value, direction=direction)


def falls(sort: Sort) -> bool:
    """Whether people want the greatest first: for all but names."""
    return sort is not Sort.NAME


def asked(query: Mapping[str, str]) -> Asked:
    """Read an address."""
    sort = next((one for one in SORTS if one.value == query.get("sort")), Sort.DESCRIBED)
    return Asked(
        q=query.get("q", "")[:_LONGEST].strip(),
        status=_one_of(query.get("status"), STATUSES),
        language=query.get("language", "")[:_LONGEST].strip(),
        folder=query.get("folder", "")[:_LONGEST].strip("/ "),
        length=_one_of(query.get("length"), LENGTHS),
        sort=sort,
        descending={"asc": False, "desc": True}.get(query.get("direction", ""), falls(sort)),
        look=_one_of(query.get("look"), LOOKS) or LOOKS[0],
    )


def _going_on(text: str) -> str:
    """Take the last word for the beginning of one: it may still be typed."""
    last = _TYPED.search(text)
    return f"{text}*" if last is not None and last.group().strip() != "OR" else text


def _one_of(value: str | None, known: Mapping[str, object] | tuple[str, ...]) -> str:
    return value if value is not None and value in known else ""
