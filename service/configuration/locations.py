"""Which file holds the settings and where the state lies, following systemd and the XDG base directories."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from service.errors import ConfigError

FILE_NAME = "reelwatch.toml"


def configuration_file(explicit: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the one settings file to read, or None; raises `ConfigError` when a named one is not there.

    First of: `--config`, `$REELWATCH_CONFIG`, `$CONFIGURATION_DIRECTORY/reelwatch.toml` (systemd.exec(5)),
    `$XDG_CONFIG_HOME/reelwatch/reelwatch.toml`.
    """
    for origin, named in (("--config", explicit), ("$REELWATCH_CONFIG", environ.get("REELWATCH_CONFIG"))):
        if named:
            path = Path(named).expanduser()
            if not path.is_file():
                raise ConfigError(f"{origin}: {path}: there is no such file. Correct the path or create the file.")
            return path
    folders = [Path(name) for name in environ.get("CONFIGURATION_DIRECTORY", "").split(":") if name]
    folders.append(_xdg(environ, variable="XDG_CONFIG_HOME", fallback=".config") / "reelwatch")
    return next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)


def state_directory(environ: Mapping[str, str]) -> tuple[Path, str]:
    """Return where state lies unless a setting says otherwise, and which variable or standard decided."""
    # systemd separates several state directories by colons; ours is the first.
    named = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if named:
        return Path(named), "$STATE_DIRECTORY"
    return _xdg(environ, variable="XDG_STATE_HOME", fallback=".local/state") / "reelwatch", "XDG state home"


def models_directory(environ: Mapping[str, str]) -> tuple[Path, str]:
    """Return where pulled models lie unless a setting says otherwise, and which variable or standard decided."""
    named = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if named:
        return Path(named) / "models", "$STATE_DIRECTORY"
    return _xdg(environ, variable="XDG_DATA_HOME", fallback=".local/share") / "reelwatch" / "models", "XDG data home"


def _xdg(environ: Mapping[str, str], *, variable: str, fallback: str) -> Path:
    # The standard says that relative values are to be ignored.
    named = environ.get(variable, "")
    return Path(named) if named.startswith("/") else Path(environ.get("HOME") or Path.home()) / fallback
