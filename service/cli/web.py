"""`reelwatch web`: the web face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli import common
from service.errors import UsageError

if TYPE_CHECKING:
    from service.configuration import Configuration

_EXTRA = {"fastapi", "fastapi_offline", "jinja2", "multipart", "PIL", "starlette", "uvicorn"}


@click.command(short_help="Serve the dashboard and the API.")
@click.option(
    "--port", metavar="N", type=click.IntRange(0, 65_535), help="The port; 0 takes a free one. Default: 8003."
)
@common.takes_settings(output=True, profile=True)
def web(*, port: int | None, settings: common.Settings) -> None:
    """Serve the dashboard and the REST API over what the service has done, until stopped.

    It runs beside the service (or without it) and reaches it through the ledger alone. It listens on this host only
    unless web.listen says otherwise; then a token is needed. `reelwatch run --web` starts both.

    \b
    Examples:
      reelwatch web
      reelwatch web --port 8080 --state ~/.local/state/reelwatch
    """  # noqa: D301 - click's mark is a real backspace
    configuration = _on_port(settings.load().configuration, port)
    require_extra()
    from service.web.server import serve  # noqa: PLC0415 - keeps --help fast, and the extra may be missing

    emit = common.start_log(configuration)
    try:
        serve(configuration, emit, listening=lambda url: click.echo(f"Reelwatch is at {url}", err=True))
    finally:
        emit.close()


def require_extra() -> None:
    """Raise `UsageError` where the packages of the extra `web` are not installed."""
    from importlib.util import find_spec  # noqa: PLC0415 - keeps --help fast

    missing = sorted(name for name in _EXTRA if find_spec(name) is None)
    if missing:
        raise UsageError(
            f"the web face needs packages that are not installed ({missing[0]}): pip install 'reelwatch[web]'"
        )


def _on_port(configuration: Configuration, port: int | None) -> Configuration:
    if port is None:
        return configuration
    from service.metrics.server import spelt  # noqa: PLC0415 - keeps --help fast

    listen = spelt(configuration.web.address[0], port)
    return configuration.model_copy(update={"web": configuration.web.model_copy(update={"listen": listen})})
