"""Times that documents have, as calendars know them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from varied import GOLDEN, published

from service.exports import VIDEOS, columns

TIMES = {
    None: (None, None),
    "2025-10-04T18:30:00Z": (datetime(2025, 10, 4, 18, 30, tzinfo=UTC), date(2025, 10, 4)),
    "2025-10-04": (None, date(2025, 10, 4)),
    "2025-02-30": (None, None),
    "2025-10-04T24:61:00Z": (None, date(2025, 10, 4)),
    "0000-01-01T00:00:00Z": (None, None),
}


@pytest.mark.parametrize(("text", "found"), TIMES.items())
def test_a_day_alone_is_no_time(text: str | None, found: tuple[datetime | None, date | None]) -> None:
    assert (columns.moment(text), columns.day(text)) == found


@pytest.mark.parametrize(("views", "cell"), [(0, 0), (None, None), (2**63 - 1, 2**63 - 1), (2**63, None)])
def test_a_count_is_never_made_up(views: int | None, cell: int | None) -> None:
    source = GOLDEN["source"] | {"counts": GOLDEN["source"]["counts"] | {"views": views}}
    (row,) = VIDEOS.rows(published(source=source))
    assert dict(zip([c.name for c in VIDEOS.columns], row, strict=True))["views"] == cell
