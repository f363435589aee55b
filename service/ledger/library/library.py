"""The library as a whole, reachable as `ledger.library`."""

from __future__ import annotations

from dataclasses import dataclass

from service.ledger.library.indexing import IndexingSide
from service.ledger.library.searching import SearchSide


@dataclass(frozen=True)
class Library(IndexingSide, SearchSide):
    """Documents listed and searched, of the output the ledger was opened for; indexing is for every output."""
