"""`reelwatch config`: what is in force, and whether it can be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from service.cli import common

if TYPE_CHECKING:
    from service.configuration import Loaded


@click.group()
def config() -> None:
    """Show or check the settings.

    Settings come from, later wins: the defaults, the profile, a settings file, REELWATCH_SECTION__KEY in the
    environment, the command line.
    """


@config.command()
@common.takes_settings(output=True, profile=True)
def show(settings: common.Settings) -> None:
    """Print every setting as TOML, each with where it comes from.

    \b
    Example: start a settings file from what is in force
      reelwatch config show > ~/.config/reelwatch/reelwatch.toml
    """  # noqa: D301 - click's mark is a real backspace
    loaded = settings.load()
    for line in listing(loaded):
        click.echo(line)


@config.command()
@common.takes_settings(output=True, profile=True)
@click.pass_context
def check(context: click.Context, *, settings: common.Settings) -> None:
    """Say whether the service could start with these settings; exits 78 when it could not.

    Exits 1 when it could, but a stage that is asked for has no backend of any of its names; `reelwatch doctor` tells
    what else is missing.
    """
    loaded = settings.load()
    from service.housekeeping.assembly import require_usable  # noqa: PLC0415 - keeps --help fast
    from service.ledger.ledger import require_usable as require_ledger  # noqa: PLC0415 - as above
    from service.state import ledger_place, require_folder  # noqa: PLC0415 - as above

    require_folder(loaded.configuration.state.dir, setting="state.dir", flag="--state")
    require_folder(loaded.configuration.output.dir, setting="output.dir", flag="--output")
    require_usable(loaded.configuration)
    require_ledger(ledger_place(loaded.configuration))
    plan = common.plan(loaded.configuration)
    unknown = list(_unknown(loaded))
    verdict = "The configuration can be used, but names what is not there" if unknown else "The configuration is good"
    click.echo(f"{verdict} (profile {loaded.configuration.profile}, {loaded.origins['profile']}).")
    click.echo(f"Settings file: {loaded.file or 'none; the defaults are in force'}")
    for stage in plan.stages:
        click.echo(f"  {stage.name:12} {stage.backend or f'{stage.status.value}: {stage.reason}'}")
    for line in unknown:
        common.warn(line)
    context.exit(1 if unknown else 0)


def _unknown(loaded: Loaded) -> Iterator[str]:
    """Yield a line for each stage that is asked for, and none of whose backends is registered."""
    from actors.registry import installed  # noqa: PLC0415 - keeps --help fast

    known = installed()
    for stage, names in loaded.configuration.stage_preferences().items():
        if names and not known.keys() & set(names):
            key = f"stages.{stage}.backends"
            own = ", ".join(sorted(name for name in known if name.startswith(f"{stage}."))) or "none"
            yield f"{loaded.origins[key]}: {key}: no backend {', '.join(names)} is installed. Those that are: {own}."


def listing(loaded: Loaded) -> Iterator[str]:
    """Yield the settings as TOML, section by section, with the origin of each as a comment."""
    from service.configuration.refusals import KNOWN, toml  # noqa: PLC0415 - keeps --help fast

    section: tuple[str, ...] = ()
    values = loaded.configuration.model_dump()
    for key in sorted(KNOWN, key=lambda key: len(key) > 1):
        if key[:-1] != section:
            section = key[:-1]
            yield f"\n[{'.'.join(section)}]"
        value: object = values
        for name in key:
            value = value[name]  # type: ignore[index]
        if key == ("output", "file_mode"):
            value = f"0{loaded.configuration.output.file_mode:o}"
        yield f"{key[-1]} = {toml(value)}  # {_origin(loaded, key)}"


def _origin(loaded: Loaded, key: tuple[str, ...]) -> str:
    name = ".".join(key)
    inner = sorted({origin for known, origin in loaded.origins.items() if known.startswith(f"{name}.")})
    return loaded.origins.get(name) or ", ".join(inner) or "default"
