"""`reelwatch schema`: the contract of the documents."""

from __future__ import annotations

import json

import click


@click.command(short_help="Print the JSON Schema of the documents.")
def schema() -> None:
    """Print the JSON Schema of the documents (draft 2020-12).

    \b
    Example: validate a document with another tool
      reelwatch schema > document.schema.json
    """  # noqa: D301 - click's mark is a real backspace
    from actors.document import schema as document_schema  # noqa: PLC0415 - keeps --help fast

    click.echo(json.dumps(document_schema(), ensure_ascii=False, indent=2))
