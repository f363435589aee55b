"""Numbers and times as people read them; the templates' filters. Unknown stays None: pages say why, never 0."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from markupsafe import Markup, escape
from pydantic import JsonValue

from service.search.links import moment
from service.web.views.stages import stage_name

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1000
_JOINT = re.compile(r"([_.])(?=[^_.])")


def clock(seconds: float) -> str:
    """Spell a place in a video to the second, as players do: `0:05`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def precise(seconds: float) -> str:
    """Spell a place to the tenth of a second: `0:05.2`."""
    tenths = int(seconds * 10 + 1e-6)
    return f"{clock(tenths // 10)}.{tenths % 10}"


def grouped(number: int) -> str:
    """Group the digits by a narrow blank that is not broken, which nobody takes for a decimal sign: `184 233`."""
    return f"{number:,}".replace(",", "\u202f")


def brief(number: int) -> str:
    """Round a large count to what fits a card: `950`, `9.1k`, `184k`, `2.3M`."""
    for size, unit in ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
        # 999.6k is 1M: what rounds to four digits belongs to the unit above.
        if number >= size * 0.9995:
            scaled = number / size
            return f"{scaled:.1f}{unit}".replace(".0", "") if scaled < 10 else f"{scaled:.0f}{unit}"  # noqa: PLR2004 - one digit before the point
    return str(number)


def size(number: int) -> str:
    """Spell bytes: `2.4 MB`."""
    scaled, unit = float(number), 0
    while scaled >= _STEP and unit < len(_UNITS) - 1:
        scaled, unit = scaled / _STEP, unit + 1
    return f"{number} bytes" if unit == 0 else f"{scaled:.1f} {_UNITS[unit]}"


def percent(share: float) -> str:
    """Spell a share: `61 %`."""
    return f"{share * 100:.0f} %"


def day(wall_s: float) -> str:
    """Spell a Unix time as a day, in UTC: `2025-10-04`."""
    return datetime.fromtimestamp(wall_s, UTC).strftime("%Y-%m-%d")


def lasting(seconds: float) -> str:
    """Spell how long something has taken or lies back, as roughly as one says it: `45 s`, `3 min`, `2 h`, `5 d`."""
    for name, length_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length_s or (name == "min" and seconds >= length_s):
            return f"{seconds / length_s:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"


def instant(wall_s: float) -> str:
    """Spell a Unix time to the minute, in UTC: `2025-10-04 13:05 UTC`; scripts put the browser's own in its place."""
    return datetime.fromtimestamp(wall_s, UTC).strftime("%Y-%m-%d %H:%M UTC")


def stamp(wall_s: float) -> str:
    """Spell a Unix time for a `datetime` attribute: `2025-10-04T13:05:07Z`."""
    return datetime.fromtimestamp(wall_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix(told: str) -> float | None:
    """Read a document's time; None for a day, which is one everywhere, and for what the calendar does not know."""
    try:
        return datetime.strptime(told, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def capitalize_first(text: str) -> str:
    """Begin a sentence with a capital; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def spelled(value: JsonValue) -> str:
    """Spell any JSON in a line; it is escaped like any text (Jinja's own `tojson` spells `<` as a number)."""
    return json.dumps(value, ensure_ascii=False)


def breakable(name: str) -> Markup:
    """Let a file's name be broken where people would break it, at underscores and points."""
    return Markup(_JOINT.sub(r"\1<wbr>", str(escape(name))))  # noqa: S704 - escaped before


FILTERS = (
    clock,
    precise,
    moment,
    grouped,
    brief,
    size,
    percent,
    day,
    lasting,
    instant,
    stamp,
    unix,
    capitalize_first,
    stage_name,
    spelled,
    breakable,
)
"""Functions that templates find under their own names."""
