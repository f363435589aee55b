"""What the library can be filtered by: counted again when it has changed, and not more often than needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexed import index

from service.clock import FakeClock
from service.ledger.ledger import open_ledger
from service.web.facets import KEPT_S, FacetsKept

if TYPE_CHECKING:
    from shelf import Shelf


def test_they_are_counted_again_after_a_change_when_their_time_is_up(shelf: Shelf) -> None:
    clock, other = FakeClock(), shelf.open()
    kept = FacetsKept(clock)
    first = kept.of(other)
    clock.advance(KEPT_S * 2)
    assert kept.of(other) is first, "nothing has changed"
    shelf.described("a.mp4")
    index(shelf)
    changed = kept.of(other)
    assert changed.documents == 1
    shelf.described("b.mp4", b"b")
    index(shelf)
    assert kept.of(other) is changed, "it changes all the time"
    clock.advance(KEPT_S)
    assert kept.of(other).documents == 2
    other.close()


def test_another_ledger_is_counted_at_once(shelf: Shelf) -> None:
    kept = FacetsKept(FakeClock())
    shelf.described("a.mp4")
    index(shelf)
    assert kept.of(shelf.ledger).documents == 1
    elsewhere = open_ledger(shelf.home / "other.sqlite3", output_root=b"/elsewhere")
    assert kept.of(elsewhere).documents == 0
    elsewhere.close()
