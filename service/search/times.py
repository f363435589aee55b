"""Times as people write them."""

from __future__ import annotations

import re

_UNITS = re.compile(r"(?:(?P<h>\d{1,3})h)?(?:(?P<m>\d{1,4})m)?(?:(?P<s>\d{1,6}(?:\.\d{1,6})?)s?)?", re.ASCII)
_CLOCK = re.compile(r"(?:(?P<h>\d{1,3}):)?(?P<m>\d{1,4}):(?P<s>\d{1,2}(?:\.\d{1,6})?)", re.ASCII)


def seconds_of(text: str) -> float | None:
    """Return the seconds of `3s`, `90`, `0.5s`, `1m5s`, `1h`, `1:05`, `1:02:03.5`; None for what is no time."""
    found = _CLOCK.fullmatch(text) or _UNITS.fullmatch(text.lower())
    if found is None or not any(found.groups()):
        return None
    return float(found["h"] or 0) * 3600 + float(found["m"] or 0) * 60 + float(found["s"] or 0)


def spelled(seconds: float) -> str:
    """Spell a time as `1:05.2` or `1:02:03.4`, to a tenth of a second."""
    tenths = int(seconds * 10)
    whole, tenth = divmod(tenths, 10)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}.{tenth}" if hours else f"{minutes}:{rest:02d}.{tenth}"
