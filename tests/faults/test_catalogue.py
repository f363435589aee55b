"""Every fault has its test, every mark its fault, and the page is what the code says."""

from __future__ import annotations

from catalogue import FAULTS, uses
from catalogue_page import markdown, shown


def test_every_fault_has_a_test() -> None:
    assert sorted(set(FAULTS) - {use.fault for use in uses()}) == []


def test_every_mark_names_a_fault() -> None:
    assert [use for use in uses() if use.fault not in FAULTS] == []


def test_no_fault_stands_twice() -> None:
    assert len(FAULTS) == len(set(FAULTS))


def test_the_page_is_the_catalogue() -> None:
    assert shown() == markdown(), "python tests/faults/catalogue_page.py writes the tables anew"
