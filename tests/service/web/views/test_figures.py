"""Numbers and times as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from service.web.views import figures


@pytest.mark.parametrize(
    ("spell", "value", "expected"),
    [
        (figures.clock, 0, "0:00"),
        (figures.clock, 59.99, "0:59"),
        (figures.clock, 3723, "1:02:03"),
        (figures.precise, 0.1 + 0.2, "0:00.3"),
        (figures.precise, 59.97, "0:59.9"),
        (figures.precise, 3661.25, "1:01:01.2"),
        (figures.moment, 12.3, "12.3"),
        (figures.moment, 12.0, "12"),
        (figures.moment, 0.1234567, "0.123"),
        (figures.grouped, 184233, "184\u202f233"),
        (figures.brief, 950, "950"),
        (figures.brief, 1000, "1k"),
        (figures.brief, 9120, "9.1k"),
        (figures.brief, 184233, "184k"),
        (figures.brief, 999_960, "1M"),
        (figures.brief, 2_300_000_000, "2.3B"),
        (figures.size, 999, "999 bytes"),
        (figures.size, 2_414_117, "2.4 MB"),
        (figures.percent, 0.6123, "61 %"),
        (figures.grouped, 950, "950"),
        (figures.day, 1764151200.0, "2025-11-26"),
        (figures.unix, "2025-11-26T10:00:00Z", 1764151200.0),
        (figures.unix, "2025-11-26", None),
        (figures.unix, "2025-02-30T99:00:00Z", None),
    ],
)
def test_spelled(spell: Any, value: Any, expected: Any) -> None:
    assert spell(value) == expected
