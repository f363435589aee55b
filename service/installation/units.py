"""Which files make Reelwatch a service of the host, and where each belongs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from service.assets import asset
from service.installation.files import HostFile
from service.installation.host import SERVICE_USER, Host, service_drop_in, sync_drop_in, web_drop_in
from service.installation.words import word

UNITS = Path("/etc/systemd/system")
SETTINGS = Path("/etc/reelwatch/reelwatch.toml")
STATE = Path("/var/lib/reelwatch")
SERVICE, SYNC, WEB = "reelwatch.service", "reelwatch-sync@.service", "reelwatch-web.service"
_SYSUSERS = Path("/etc/sysusers.d/reelwatch.conf")
_TMPFILES = Path("/etc/tmpfiles.d/reelwatch.conf")
_SYSCTL = Path("/etc/sysctl.d/60-reelwatch-inotify.conf")
_SHIPPED = {
    UNITS / SERVICE: SERVICE,
    UNITS / WEB: WEB,
    UNITS / SYNC: SYNC,
    UNITS / "reelwatch-sync@.timer": "reelwatch-sync@.timer",
    _SYSUSERS: "sysusers.d/reelwatch.conf",
    _SYSCTL: "sysctl.d/60-reelwatch-inotify.conf",
}


class DropIn(StrEnum):
    """Parts of the service that are installed when asked for."""

    GPU = "gpu"
    LEASE = "lease"
    NETWORK = "network"

    @property
    def path(self) -> Path:
        """Where it belongs."""
        return self.paths[0]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where it belongs, of every unit that it opens."""
        opened = (SERVICE, WEB) if self is DropIn.NETWORK else (SERVICE,)
        return tuple(_drop_in(unit, f"50-{self.value}.conf") for unit in opened)


def files_of(host: Host, *, drop_ins: Sequence[DropIn] = (), settings: str | None = None) -> list[HostFile]:
    """Return every file of an installation; settings: the text of a first settings file, None where there is one.

    Raises `ConfigError` for folders that a unit file cannot name.
    """
    files = [HostFile(path, _shipped(name)) for path, name in _SHIPPED.items()]
    files.append(HostFile(_TMPFILES, _shipped("tmpfiles.d/reelwatch.conf") + "".join(_made(host))))
    files.append(HostFile(_drop_in(SERVICE, "10-host.conf"), service_drop_in(host)))
    files.append(HostFile(_drop_in(WEB, "10-host.conf"), web_drop_in(host)))
    files.append(HostFile(_drop_in(SYNC, "10-host.conf"), sync_drop_in(host)))
    for chosen in drop_ins:
        files.extend(HostFile(path, _shipped(f"drop-ins/{chosen.value}.conf")) for path in chosen.paths)
    if settings is not None:
        files.append(HostFile(SETTINGS, settings))
    return files


def every_path() -> list[Path]:
    """Return every place at which `install` may have put a file, the unit last: it is what makes a service of it."""
    chosen = [path for drop_in in DropIn for path in drop_in.paths]
    made = [*(_drop_in(unit, "10-host.conf") for unit in (SERVICE, WEB, SYNC)), _TMPFILES, SETTINGS]
    return [*chosen, *made, *reversed(_SHIPPED)]


def commands_after_install(*, web: bool = False) -> list[tuple[str, ...]]:
    """Return what makes the host take notice of new files, in order; web: the web face is started with the service."""
    face = [("systemctl", "enable", WEB), ("systemctl", "restart", WEB)] if web else [("systemctl", "try-restart", WEB)]
    return [
        ("systemd-sysusers", str(_SYSUSERS)),
        ("systemd-tmpfiles", "--create", str(_TMPFILES)),
        ("sysctl", "--quiet", "--load", str(_SYSCTL)),
        ("systemctl", "daemon-reload"),
        ("systemctl", "enable", SERVICE),
        ("systemctl", "restart", SERVICE),
        *face,
    ]


def _made(host: Host) -> Iterator[str]:
    """Yield the lines of tmpfiles.d that make the folders written to; `:` leaves one that is there as it is."""
    group = f":{SERVICE_USER}" if host.user == SERVICE_USER else "-"
    for folder in host.own:
        yield f"d {word(folder)} :2750 :{host.user} {group} -\n"


def _shipped(name: str) -> str:
    return asset(f"systemd/{name}").read_text(encoding="utf-8")


def _drop_in(unit: str, name: str) -> Path:
    return UNITS / f"{unit}.d" / name
