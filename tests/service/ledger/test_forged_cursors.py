"""Cursors that nobody gave, as the lists are asked with them: an answer on every database, whatever they hold."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from service.ledger.cursor import encode
from service.ledger.library.asking import Listing, Sort
from service.ledger.library.values import BadCursor, Page

if TYPE_CHECKING:
    from conftest import Bench

NUMBERS = (-(2**63), -1, 2**31 - 1, 2**31, 2**63 - 1, 2**64)
VALUES = (*NUMBERS, -1.8e308 / 2, 0.5, 1.7e308, None, "", "\U0010ffff")


@pytest.mark.parametrize("sort", Sort)
def test_a_page_of_documents(bench: Bench, sort: Sort) -> None:
    for descending, value, number in product((True, False), VALUES, NUMBERS):
        cursor = encode(f"{sort.value}{'-' if descending else '+'}", value, number)
        page = bench.ledger.library.page(Listing(sort=sort, descending=descending), cursor=cursor)
        assert isinstance(page, Page | BadCursor)
