"""`reelwatch search`: what was said, shown and written, over all documents."""

from __future__ import annotations

import dataclasses
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from service.cli import common, services
from service.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.configuration import Configuration
    from service.ledger.ledger import Ledger
    from service.ledger.library.asking import TextQuery
    from service.search.search import Hit, Hits

_KINDS = ("speech", "overlay", "caption", "object", "sidecar", "file")  # as `KINDS`, which takes 0.2 s to import
_TIME = 9
"""Characters of a time on a line."""
_SHOWN = 160
"""Characters of a text on a line."""


@click.command(short_help="Find what was said, shown and written.")
@click.argument("words", metavar="QUERY…", nargs=-1, required=True)
@click.option("--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="Look only there; may be repeated.")
@click.option("--limit", default=20, type=click.IntRange(1, 200), show_default=True, help="How many results.")
@click.option("--cursor", metavar="TEXT", help="Go on where a page of --json ended (its next_cursor).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the places of what matched.")
@common.takes_settings(output=True)
@click.pass_context
def search(
    context: click.Context,
    *,
    words: tuple[str, ...],
    kinds: tuple[str, ...],
    limit: int,
    cursor: str | None,
    as_json: bool,
    settings: common.Settings,
) -> None:
    """Find videos by what is said, shown or written in them.

    Prints time, kind, text and the document's path, and below them a link that plays the video from there: to the web
    face at web.listen, while `reelwatch web` or `run --web` runs.

    All words must occur in a video. "Phrases" (quoted again for the shell), -not, this OR that, begin*; kind:overlay,
    before:3s, after:1:05, lang:no, author:kari, tag:recipe or #recipe, in:folder, status:partial. Put -- before a query
    that begins with -. Exits as grep does: 0 found, 1 nothing found, 2 a query that cannot be understood.

    \b
    Examples:
      reelwatch search coffee
      reelwatch search '"link in bio" kind:overlay before:3s'
      reelwatch search 'oppskrift OR recipe lang:no -reklame' --json
    """  # noqa: D301 - click's mark is a real backspace
    loaded = settings.load()
    query = _query(" ".join(words), kinds)
    start = services.last_start(loaded.configuration)
    root = services.documents_folder(loaded.configuration, loaded.origins["output.dir"], start)
    from service.ledger.library.values import BadCursor  # noqa: PLC0415 - keeps --help fast
    from service.search.search import hits  # noqa: PLC0415 - as above

    with _reading(loaded.configuration, root) as ledger:
        found = hits(ledger.library, query, limit=limit, cursor=cursor)
    if isinstance(found, BadCursor):
        raise UsageError(f"--cursor: {found.message}.")
    _print(found, root, loaded.configuration.web.url, as_json=as_json)
    context.exit(0 if found.total else 1)


def _query(text: str, kinds: tuple[str, ...]) -> TextQuery:
    from service.ledger.library.values import KINDS  # noqa: PLC0415 - keeps --help fast
    from service.search.language import QueryError, parse  # noqa: PLC0415 - as above

    query = parse(text)
    if isinstance(query, QueryError):
        raise UsageError(f"{query}.")
    return dataclasses.replace(query, kinds=tuple(KINDS[kind] for kind in kinds)) if kinds else query


@contextmanager
def _reading(configuration: Configuration, root: Path) -> Iterator[Ledger]:
    from service.ledger.ledger import read_ledger  # noqa: PLC0415 - keeps --help fast
    from service.state import ledger_place  # noqa: PLC0415 - as above

    ledger = read_ledger(ledger_place(configuration), output_root=os.fsencode(root.absolute()))
    try:
        yield ledger
    finally:
        ledger.close()


def _print(found: Hits, root: Path, face: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_plain(found, root, face), ensure_ascii=False, indent=2))
        return
    for hit in found.hits:
        click.echo(_line(hit, root))
        click.echo(f"{'':>{_TIME}}  {_link(hit, face)}")
    if not found.total:
        common.warn("nothing was found. (`reelwatch index` reads all documents anew.)")
    elif found.next_cursor is not None:
        of = f"more than {found.total}" if found.bounded else str(found.total)
        common.warn(f"{len(found.hits)} of {of} results; --limit shows more")


def _line(hit: Hit, root: Path) -> str:
    from service.search.times import spelled  # noqa: PLC0415 - keeps --help fast

    at = "-" if hit.at_s is None else spelled(hit.at_s)
    text = " ".join(common.printable(_around(hit)).split())
    return f"{at:>{_TIME}}  {hit.kind.word:8} {text}  {common.printable(root / f'{hit.row.document}.json')}"


def _link(hit: Hit, face: str) -> str:
    from service.search.links import video_address  # noqa: PLC0415 - keeps --help fast

    return face + video_address(hit.row.video_id, hit.at_s)


def _around(hit: Hit) -> str:
    """Return as much of a text as a line takes, around what matched."""
    first = hit.matches[0][0] if hit.matches else 0
    begin = max(0, min(first - _SHOWN // 3, len(hit.text) - _SHOWN))
    cut = hit.text[begin : begin + _SHOWN]
    return f"{'…' if begin else ''}{cut}{'…' if begin + _SHOWN < len(hit.text) else ''}"


def _plain(found: Hits, root: Path, face: str) -> dict[str, Any]:
    return {
        "total": found.total,
        "bounded": found.bounded,
        "next_cursor": found.next_cursor,
        "results": [
            {
                "video_id": hit.row.video_id,
                "filename": hit.row.filename,
                "document": common.printable(root / f"{hit.row.document}.json"),
                "kind": hit.kind.word,
                "at_s": hit.at_s,
                "start_s": hit.start_s,
                "end_s": hit.end_s,
                "link": _link(hit, face),
                "text": hit.text,
                "matches": hit.matches,
                "rank": hit.rank,
            }
            for hit in found.hits
        ],
    }
