"""The settings that an installation goes by: the host's file as the service will read it, or a first one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.configuration import Configuration, load
from service.errors import ConfigError, UsageError
from service.installation.files import at
from service.installation.units import SETTINGS, STATE


@dataclass(frozen=True, slots=True)
class HostSettings:
    """The settings, and the text of the file that still has to be written; None where the host has one."""

    configuration: Configuration
    text: str | None = None


def host_settings(*, root: Path, inboxes: Sequence[Path] = (), output: Path | None = None) -> HostSettings:
    """Load what the service will find on the host below `root`; without a file there, make one of the folders named.

    Raises `ConfigError`, and `UsageError` where folders are named both here and there, or nowhere.
    """
    file = at(root, SETTINGS)
    if file.exists():
        if inboxes or output:
            raise UsageError(
                f"{file} is there and names the folders: change them in it, and leave --inbox and --output out."
            )
        return HostSettings(_loaded(file, origin=file))
    if not inboxes or output is None:
        raise UsageError(f"there is no {file} yet: name the folders with --inbox DIR and --output DIR, or write it.")
    text = _first([inbox.absolute() for inbox in inboxes], output.absolute())
    with tempfile.TemporaryDirectory() as draft:
        file = Path(draft, SETTINGS.name)
        file.write_text(text, encoding="utf-8")
        return HostSettings(_loaded(file, origin=SETTINGS), text)


def _loaded(file: Path, *, origin: Path) -> Configuration:
    """Load a file as the unit's environment has the service load it; the caller's own environment says nothing."""
    loaded = load({}, config_path=file, environ={"STATE_DIRECTORY": str(STATE), "HOME": str(STATE)})
    if not loaded.configuration.intake.inboxes:
        raise ConfigError(f"{origin}: intake.inboxes = []: there is no folder to watch. Name one.")
    if loaded.origins["output.dir"] == "default":
        raise ConfigError(f"{origin}: output.dir is not set, and a service has no folder it is started in. Set it.")
    return loaded.configuration


def _first(inboxes: Sequence[Path], output: Path) -> str:
    from service.configuration.refusals import toml  # noqa: PLC0415 - keeps --help fast

    watched = ", ".join(toml(str(inbox)) for inbox in inboxes)
    return (
        "# Reelwatch's settings. Every other one with its default: reelwatch config show\n"
        "# After a change: systemctl reload reelwatch; the log says what needs a restart instead.\n"
        f"[intake]\ninboxes = [{watched}]\n\n[output]\ndir = {toml(str(output))}\n"
    )
