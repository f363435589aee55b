"""What the commands share: their options, loading the configuration, and saying things on the right stream."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from actors.plan import Plan
    from service.configuration import Configuration, Loaded
    from service.host import Share
    from service.logs import Emitter

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

FOLDER = click.Path(file_okay=False, readable=False, path_type=Path)
PATH = click.Path(readable=False, path_type=Path)
"""A file or folder. Whether it may be read is for the command to say, not for click: that ends with a usage error."""

_CONFIG = click.option(
    "--config",
    "config_path",
    metavar="FILE",
    type=click.Path(dir_okay=False, readable=False, path_type=Path),
    help="Settings file. Default: $REELWATCH_CONFIG, else ~/.config/reelwatch/reelwatch.toml.",
)
_STATE = click.option(
    "--state",
    metavar="DIR",
    type=FOLDER,
    help="Where the ledger lies. Default: $STATE_DIRECTORY, else ~/.local/state/reelwatch.",
)
_OUTPUT = click.option("--output", metavar="DIR", type=FOLDER, help="Where documents go. Default: ./outputs.")
_PROFILE = click.option(
    "--profile",
    type=click.Choice(["auto", "embedded", "cpu", "gpu"]),
    help="Which models are used. Default: auto.",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says about the configuration; None where it says nothing."""

    config_path: Path | None = None
    state: Path | None = None
    output: Path | None = None
    profile: str | None = None

    def load(self, *, inboxes: Sequence[Path] = ()) -> Loaded:
        """Load the configuration with these flags; raises `ConfigError`."""
        from service.configuration import load  # noqa: PLC0415 - keeps --help fast

        flags = {
            "state.dir": self.state,
            "output.dir": self.output,
            "profile": self.profile,
            "intake.inboxes": list(inboxes) or None,
        }
        return load(flags, config_path=self.config_path)

    def arguments(self) -> list[str]:
        """Return the flags that say the same to another command."""
        named = {
            "--config": self.config_path,
            "--state": self.state,
            "--output": self.output,
            "--profile": self.profile,
        }
        return [text for flag, value in named.items() if value is not None for text in (flag, os.fspath(value))]


def takes_settings(*, output: bool = False, profile: bool = False) -> Callable[[CommandT], CommandT]:
    """Add `--config` and `--state`, and where asked `--output` and `--profile`, to a command.

    The command gets them as one `Settings`, in its parameter `settings`.
    """
    chosen = {"config_path": _CONFIG, "state": _STATE}
    chosen |= ({"output": _OUTPUT} if output else {}) | ({"profile": _PROFILE} if profile else {})

    def add(command: CommandT) -> CommandT:
        @functools.wraps(command)
        def with_settings(*arguments: Any, **values: Any) -> Any:
            given = {name: values.pop(name) for name in chosen}
            return command(*arguments, settings=Settings(**given), **values)

        wrapped: Any = with_settings
        for option in chosen.values():
            wrapped = option(wrapped)
        return cast("CommandT", wrapped)

    return add


def with_profile(settings: Settings, profile: str | None) -> Settings:
    """Return the settings with another profile, where one is named."""
    return replace(settings, profile=profile) if profile is not None else settings


def make_folder(folder: Path, *, setting: str, flag: str, mode: int = 0o777) -> None:
    """Make a folder that is written to, where it is not there; raises `ConfigError` when it cannot be used."""
    from service import state  # noqa: PLC0415 - keeps --help fast

    state.make_folder(folder, setting=setting, flag=flag, mode=mode)


def start_log(configuration: Configuration, *, level: str | None = None) -> Emitter:
    """Start the log as configured, or with another least level."""
    from service.logs import start  # noqa: PLC0415 - keeps --help fast

    return start(level=level or configuration.log.level, format=configuration.log.format)  # type: ignore[arg-type]


def take_share(configuration: Configuration) -> Share:
    """Put `[host]` in force for this process and what it starts from now on."""
    from service import host  # noqa: PLC0415 - keeps --help fast

    return host.take_share(configuration.host)


def tell_share(share: Share, emit: Emitter) -> None:
    """Log what the service takes of the host, and what could not be set."""
    quota = {} if share.cpu_quota_percent is None else {"cpu_quota_percent": share.cpu_quota_percent}
    emit("host.share", niceness=share.niceness, io_class=share.io_class, cores=share.cores, **quota)
    for setting, detail in share.refused:
        emit("host.refused", setting=setting, detail=detail)


def warn(message: str) -> None:
    """Say something on stderr, as this program."""
    click.echo(f"reelwatch: {message}", err=True)


def print_path(path: os.PathLike[str] | os.PathLike[bytes]) -> None:
    """Print a path on stdout in the file system's own bytes, so that a script can use it whatever the name."""
    click.echo(os.fsencode(path))


def printable(path: os.PathLike[str] | os.PathLike[bytes] | bytes | str) -> str:
    """Spell a path for people, on one line and without anything a terminal would act on."""
    from service.logs.names import readable  # noqa: PLC0415 - keeps --help fast

    return readable(path)


def plan(configuration: Configuration) -> Plan:
    """Choose the backends as the service would; raises `ConfigError` when it could not start."""
    from service.assembly import make_plan  # noqa: PLC0415 - keeps --help fast

    return make_plan(configuration)
