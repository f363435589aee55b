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
def check(settings: common.Settings) -> None:
    """Say whether the service could start with these settings; exits 78 when it could not."""
    loaded = settings.load()
    plan = common.plan(loaded.configuration)
    click.echo(f"The configuration is good (profile {loaded.configuration.profile}, {loaded.origins['profile']}).")
    click.echo(f"Settings file: {loaded.file or 'none; the defaults are in force'}")
    for stage in plan.stages:
        click.echo(f"  {stage.name:12} {stage.backend or f'{stage.status.value}: {stage.reason}'}")


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
