"""What the library can be filtered by, kept for a moment: counting takes longer than the page that shows it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.clock import Clock
    from service.ledger.ledger import Ledger
    from service.ledger.library.values import Facets

KEPT_S = 5.0
"""While the ledger changes all the time; counts of what may be chosen can be as old as that, lists never are."""


@dataclass(frozen=True, slots=True)
class _Kept:
    ledger: Ledger
    version: int
    at_s: float
    facets: Facets


@dataclass
class FacetsKept:
    """The facets of all documents, counted again when the ledger has changed, every `KEPT_S` at most."""

    clock: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: _Kept | None = None

    def of(self, ledger: Ledger) -> Facets:
        """Return them; raises `LedgerError` where the ledger cannot be read."""
        with self._lock:
            kept, now, version = self._kept, self.clock.monotonic(), ledger.data_version()
            fresh = kept is not None and kept.ledger is ledger and (kept.version == version or now - kept.at_s < KEPT_S)
            if kept is None or not fresh:
                # The version first: what changes while it is counted is counted again.
                kept = self._kept = _Kept(ledger, version, now, ledger.library.facets())
            return kept.facets
