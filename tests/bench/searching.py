"""Search and library over 10,000 documents: `python tests/bench/searching.py [--documents N] [--out FOLDER]`.

In process, as the web face asks: a query is read, searched, and its page of twenty hits made with the places of what
matched. Writes `web_search.json` and the table for README.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]
sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "support")]
import made_documents
import report
from postgresql_cluster import cluster, installed
from report import Figure

from service.ledger.ledger import Ledger, open_ledger
from service.ledger.library.asking import Filters, Listing, Sort, TextQuery
from service.ledger.library.library import Library
from service.ledger.library.values import Due, Page
from service.ledger.place import Place
from service.search.indexer import Indexer, Rebuilt
from service.search.language import parse
from service.search.search import Hits, Videos, hits, videos
from service.state import LEDGER_FILE

DOCUMENTS = 10_000
QUERIES = 300
SEARCH_P95_MS, PAGE_P95_MS = 100.0, 20.0


@dataclass(frozen=True)
class Times:
    """Milliseconds that calls took, in order: on the clock, and of CPU, whatever else runs on the host."""

    taken: Sequence[float]
    cpu: Sequence[float]

    @property
    def p95(self) -> float:
        return _p95(self.taken)

    def __str__(self) -> str:
        spent = f"p50 {statistics.median(self.taken):.1f} ms, p95 {self.p95:.1f} ms, slowest {max(self.taken):.0f} ms"
        return f"{spent}; of CPU p95 {_p95(self.cpu):.1f} ms"


def _p95(taken: Sequence[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]


def queries(count: int, *, seed: int = 7) -> list[str]:
    """Return what people might type: words of every frequency, phrases, beginnings, filters, in either language."""
    chance = random.Random(seed)
    words = [made_documents.vocabulary("no"), made_documents.vocabulary("en")]
    forms: list[Callable[[], str]] = [
        lambda: _word(words, chance),
        lambda: _word(words, chance),
        lambda: f"{_word(words, chance)} {_word(words, chance)}",
        lambda: f'"{_word(words, chance)} {_word(words, chance)}"',
        lambda: f"{_word(words, chance)[:4]}*",
        lambda: f"{_word(words, chance)} OR {_word(words, chance)} -{_word(words, chance)}",
        lambda: f"{_word(words, chance)} kind:{chance.choice(('speech', 'overlay', 'caption,sidecar'))}",
        lambda: f"{_word(words, chance)} before:{chance.choice(('3s', '10s'))}",
        lambda: f"{_word(words, chance)} lang:{chance.choice(('no', 'en'))}",
        lambda: f"{_word(words, chance)} in:kampanje",
        lambda: '"link in bio" kind:overlay before:3s',
        lambda: "kind:overlay before:3s",
    ]
    return [chance.choice(forms)() for _ in range(count)]


def _word(words: Sequence[made_documents.Vocabulary], chance: random.Random) -> str:
    """Draw a word by the logarithm of its rank: rarer ones than are said, and frequent ones too."""
    of = chance.choice(words).words
    return of[int(len(of) ** chance.random()) - 1]


def timed(actions: Iterable[Callable[[], object]]) -> Times:
    """Time calls, one after another."""
    taken, cpu = [], []
    for action in actions:
        began_s, spent_s = time.perf_counter(), time.process_time()
        action()
        taken.append((time.perf_counter() - began_s) * 1000)
        cpu.append((time.process_time() - spent_s) * 1000)
    return Times(taken, cpu)


def understood(text: str) -> TextQuery:
    query = parse(text)
    assert isinstance(query, TextQuery), (text, query)
    return query


def search(library: Library, text: str) -> Hits:
    found = hits(library, understood(text))
    assert isinstance(found, Hits)
    return found


def grouped(library: Library, text: str) -> Videos:
    found = videos(library, understood(text))
    assert isinstance(found, Videos)
    return found


def page(library: Library, listing: Listing) -> Page:
    found = library.page(listing)
    assert isinstance(found, Page)
    return found


def measure_index(ledger: Ledger, output: Path, *, bytes_read: int) -> list[Figure]:
    """Make the index and say how fast and how large; then what one more document takes."""
    before = ledger.database.size_bytes() or 0
    began_s, cpu_s = time.perf_counter(), time.process_time()
    rebuilt: Rebuilt = Indexer(ledger).rebuild()
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    while ledger.library.tidy(begin=False):
        pass
    ledger.library.scrub()
    size = (ledger.database.size_bytes() or 0) - before
    names = [row.document for row in page(ledger.library, Listing(limit=100)).rows]
    indexer, root = Indexer(ledger), os.fsencode(output)
    for name in names:
        ledger.library.drop(root, name)
    one = timed((lambda name=name: indexer.look(Due(0, root, name))) for name in names)  # type: ignore[misc]
    rate = rebuilt.documents / wall_s
    return [
        Figure(
            f"`reelwatch index` over {rebuilt.documents:,} documents",
            "none",
            f"{rate:.0f} documents a second ({wall_s:.0f} s, {cpu_s:.0f} s of CPU)",
            values={"documents": rebuilt.documents, "passages": rebuilt.passages, "wall_s": wall_s, "cpu_s": cpu_s},
        ),
        Figure(
            "room that the index takes in the ledger",
            "none",
            f"{size / 2**20:.0f} MiB, {size / rebuilt.documents / 1024:.1f} KiB a document, "
            f"{size / bytes_read:.0%} of the documents",
            values={"index_bytes": size, "documents_bytes": bytes_read},
        ),
        Figure("one document more, read, indexed and on disk", "none", str(one), values={"ms": list(one.taken)}),
    ]


def measure_search(library: Library, count: int, *, where: str = "") -> list[Figure]:
    """Search for many things, once to warm what a running service has warm, and once for the figures."""
    texts = queries(count)
    for text in texts[:20]:
        search(library, text)
    totals = [search(library, text).total for text in texts]
    flat = timed((lambda text=text: search(library, text)) for text in texts)  # type: ignore[misc]
    by_video = timed((lambda text=text: grouped(library, text)) for text in texts)  # type: ignore[misc]
    slowest = sorted(zip(flat.taken, texts, strict=True), reverse=True)[:5]
    return [
        _figure(f"search{where}, {count} different queries", SEARCH_P95_MS, flat, slowest=slowest, totals=totals),
        _figure(f"the same{where}, grouped by video", SEARCH_P95_MS, by_video),
    ]


def measure_pages(library: Library, *, where: str = "") -> list[Figure]:
    """Ask for the first page of fifty in every order, and through filters."""
    first = [Listing(sort=sort, descending=down) for sort in Sort for down in (True, False)]
    filtered = [
        *(Listing(Filters(language=("no",)), sort=sort) for sort in Sort),
        *(Listing(Filters(folder="kampanje", has_words=True), sort=sort) for sort in Sort),
        *(Listing(Filters(tags=("kaffe",)), sort=sort) for sort in Sort),
    ]
    found = []
    for what, listings in (("first page of the library", first), ("the same through a filter", filtered)):
        times = timed((lambda one=one: page(library, one)) for one in listings * 10)  # type: ignore[misc]
        found.append(_figure(f"{what}{where}, {len(listings)} kinds", PAGE_P95_MS, times))
    times = timed((library.facets) for _ in range(20))
    found.append(Figure(f"what it can be filtered by{where}", "none", str(times), values={"ms": list(times.taken)}))
    return found


def _figure(what: str, bound_ms: float, times: Times, **values: object) -> Figure:
    niceness = os.nice(0)
    return Figure(
        what,
        f"p95 < {bound_ms:.0f} ms",
        str(times),
        met=times.p95 < bound_ms,
        note=f"taken at niceness {niceness}, beside other work" if niceness < 0 else "",
        values={"ms": list(times.taken), "cpu_ms": list(times.cpu), **values},
    )


def measure(
    folder: Path,
    *,
    documents: int,
    count: int = QUERIES,
    place: Place | None = None,
    settle: Callable[[], None] = lambda: None,
) -> list[Figure]:
    """Make documents, index them, and measure. place: the ledger's, if not a file beside them.

    settle: does, once all is indexed, what a server would do in a quiet minute.
    """
    output = folder / "output"
    size = made_documents.write(output, documents)
    ledger = open_ledger(place or folder / LEDGER_FILE, output_root=os.fsencode(output))
    where = "" if place is None else " on PostgreSQL"
    try:
        made = measure_index(ledger, output, bytes_read=size)
        settle()
        library = ledger.library
        return [*measure_search(library, count, where=where), *measure_pages(library, where=where), *made]
    finally:
        ledger.close()


def on_postgresql(folder: Path, *, documents: int) -> list[Figure]:
    """Measure search and pages on a server of this bench's own; nothing where none is installed."""
    programs = installed()
    if programs is None:
        return []
    with cluster(programs, autovacuum="on", shared_buffers="128MB") as server:
        server.do("CREATE SCHEMA bench")
        place = server.place(schema="bench")
        found = measure(folder, documents=documents, place=place, settle=lambda: server.do("ANALYZE"))
    return [figure for figure in found if figure.bound != "none"]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own, too; three minutes more")
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), documents=given.documents)
    if given.postgresql:
        with tempfile.TemporaryDirectory() as folder:
            figures += on_postgresql(Path(folder), documents=given.documents)
    report.tell(figures)
    report.write("web_search", figures, folder=given.out)
    report.write_web_fragment(folder=given.out)


if __name__ == "__main__":
    main()
