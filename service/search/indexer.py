"""Brings the index in step with the documents on disk: one that may have changed, or all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from actors.fusion.published import document_names, file_mark, published
from service.ledger.errors import LedgerError
from service.ledger.library.values import Due, Entry, Indexed
from service.search.entry import entry_of

if TYPE_CHECKING:
    from service.ledger.ledger import Ledger

AT_ONCE = 50
"""Documents of one transaction of a rebuild."""
_LOOKED_AT = 500


class Change(StrEnum):
    """What a look at a document has come to."""

    ADDED = "added"
    REPLACED = "replaced"
    DROPPED = "dropped"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild has come to.

    unreadable: names of documents that the disk did not give, or that nobody thought of; what was known of them stands.
    """

    documents: int
    passages: int
    dropped: int
    unreadable: tuple[str, ...] = ()


Progress = Callable[[int], None]
"""Is told how many documents are done."""


class Indexer:
    """Reads documents, and tells the library what they say. Any process may run one beside others."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._library = ledger.library

    def look(self, due: Due) -> Change:
        """Let the index hold what lies on disk under a document's name, which may be nothing.

        Raises `OSError` when the disk does not say: what is not known to be gone stays. An output that is not there is
        a mount that is missing; only one that is used no more is taken for deleted.
        """
        root, name = due.output_root, due.document
        if not os.path.isdir(root) and root == self._ledger.output_root:  # noqa: PTH112 - bytes paths
            raise FileNotFoundError(2, "the output is not there", os.fsdecode(root))
        mark = file_mark(root, name)
        known, job = self._library.indexed(root, name), self._library.described_at(root, [name]).get(name)
        if known is not None and known.file_mark == mark and (job is None or job[0] == known.run_id):
            self._library.leave(due)
            return Change.UNCHANGED
        entry = None if mark is None else _entry(root, name, mark, described_at=None if job is None else job[1])
        if entry is None:
            dropped = self._library.drop(root, name, upto=due.number)
            return Change.DROPPED if dropped else Change.UNCHANGED
        self._library.put(root, [entry], upto=due.number)
        return Change.ADDED if known is None else Change.REPLACED

    def compare(self, after: int) -> tuple[int, int]:
        """Have documents looked at whose files are others than those that were indexed.

        Looks at some after a number; returns the last number looked at, 0 at the end, and how many were noted. What the
        disk does not say is passed over.
        """
        some = self._library.indexed_after(after, limit=_LOOKED_AT)
        changed = [(one.output_root, one.document) for one in some if _differs(one)]
        self._library.note_due(changed)
        return (some[-1].document_id if len(some) == _LOOKED_AT else 0), len(changed)

    def rebuild(self, progress: Progress = lambda _done: None) -> Rebuilt:
        """Index every document in the output anew, and drop what has none; raises `OSError` when it cannot be read."""
        root = self._ledger.output_root
        if root is None:
            raise ValueError("the ledger was opened without an output root, which this needs")
        names = list(document_names(root))
        count = passages = 0
        unreadable: list[str] = []
        for some in _batched(names, AT_ONCE):
            for entries, unread in self._indexed(root, some):
                count, passages = count + len(entries), passages + sum(len(entry.passages) for entry in entries)
                unreadable += unread
            progress(count)
        dropped = self._prune(root, frozenset(names))
        return Rebuilt(count, passages, dropped, tuple(unreadable))

    def _indexed(self, root: bytes, names: list[str]) -> Iterator[tuple[list[Entry], list[str]]]:
        """Index documents in one transaction, where that fails one by one: an odd one must not keep others out."""
        try:
            entries, unread = self._entries(root, names)
            self._library.put(root, entries)
        except LedgerError:
            raise
        except Exception:  # noqa: BLE001 - the one broad catch of a rebuild; who asked is told its name
            if len(names) == 1:
                yield [], names
            else:
                for name in names:
                    yield from self._indexed(root, [name])
        else:
            yield entries, unread

    def _entries(self, root: bytes, names: list[str]) -> tuple[list[Entry], list[str]]:
        known, found, unread = self._library.described_at(root, names), list[Entry](), list[str]()
        for name in names:
            try:
                mark = file_mark(root, name)
                at = known.get(name, ("", None))[1]
                entry = None if mark is None else _entry(root, name, mark, described_at=at)
            except OSError:
                unread.append(name)
            else:
                found += [] if entry is None else [entry]
        return found, unread

    def _prune(self, root: bytes, names: frozenset[str]) -> int:
        """Look once more at what is indexed and was not seen: the service may have published it meanwhile."""
        after, dropped = 0, 0
        while some := self._library.indexed_after(after, limit=_LOOKED_AT):
            after = some[-1].document_id
            for one in some:
                if one.output_root != root or one.document not in names:
                    dropped += self.look(Due(0, one.output_root, one.document)) is Change.DROPPED
        return dropped


def _entry(root: bytes, name: str, mark: str, *, described_at: float | None) -> Entry | None:
    found = published(root, name)
    return None if found is None else entry_of(found, file_mark=mark, described_at=described_at)


def _differs(one: Indexed) -> bool:
    try:
        return file_mark(one.output_root, one.document) != one.file_mark
    except OSError:
        return False


def _batched(names: Iterable[str], size: int) -> Iterator[list[str]]:
    left = iter(names)
    while some := list(islice(left, size)):
        yield some
