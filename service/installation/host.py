"""What differs from host to host: the drop-ins `10-host.conf`, made from the settings and the program's place."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from service.configuration import Configuration
from service.errors import UsageError
from service.installation.words import argument, bound, word, words

SERVICE_USER = "reelwatch"
CLOSE_MARGIN_S = 30
"""From the end of draining to the manager's SIGKILL: the actors close within 10 s, Ray and intake in about as much."""
LEAST_STOP_S = 120
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
"""What `ProtectHome=` hides."""
_PRIVATE = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - named because the service has others of these
_HIDDEN = (*HOMES, *_PRIVATE)


@dataclass(frozen=True, slots=True)
class Host:
    """Where the program and its folders are.

    writable: folders outside /var/lib that the service writes; the one that holds the inboxes and the archive is among
    them where done videos move away. archive: where they move to, None where they stay. state: the ledger's folder,
    None where it is below /var/lib.
    """

    program: tuple[str, ...]
    inboxes: tuple[Path, ...]
    writable: tuple[Path, ...]
    drain_s: float
    cpu_quota_percent: int = 0
    user: str = SERVICE_USER
    archive: Path | None = None
    state: Path | None = None

    @property
    def own(self) -> tuple[Path, ...]:
        """The folders that are to be the service's: what it writes, but what holds an inbox is whoever's that is."""
        beside = (folder for folder in self.writable if not any(inbox.is_relative_to(folder) for inbox in self.inboxes))
        return (*beside, *((self.archive,) if self.archive is not None else ()))

    @classmethod
    def of(cls, configuration: Configuration, *, program: Sequence[str], user: str, state: Path) -> Host:
        """Take what matters from the settings; state: what systemd makes writable by itself.

        Raises `UsageError` for folders that the service would not see, or not be able to move videos between.
        """
        folders = [configuration.output.dir, configuration.state.dir, configuration.models.dir]
        inboxes, done = configuration.intake.inboxes, configuration.done
        archive = done.move_to if done.after_done == "move" else None
        if archive is not None:
            folders.append(_shared_folder(archive, inboxes))
        _require_visible((*inboxes, *folders))
        return cls(
            tuple(program),
            inboxes,
            tuple(dict.fromkeys(folder for folder in folders if not folder.is_relative_to(state))),
            configuration.pool.drain_s,
            configuration.host.cpu_quota_percent,
            user,
            archive,
            None if configuration.state.dir.is_relative_to(state) else configuration.state.dir,
        )


def service_drop_in(host: Host) -> str:
    """Return the drop-in for `reelwatch.service`; raises `ConfigError` for a folder that a unit file cannot name."""
    lines = [
        "# This host's part of reelwatch.service, from its settings; `reelwatch service install` makes it anew.",
        "[Unit]",
        "# What the folders lie on is mounted before; the service does not start without it.",
        f"RequiresMountsFor={words((*host.inboxes, *host.writable))}",
        "",
        "[Service]",
        "ExecStart=",
        f"ExecStart={' '.join(argument(part) for part in host.program)} run",
        f"ReadWritePaths={words(host.writable, optional=True)}",
        f"TimeoutStopSec={max(LEAST_STOP_S, ceil(host.drain_s) + CLOSE_MARGIN_S)}",
        *([f"CPUQuota={host.cpu_quota_percent}%"] if host.cpu_quota_percent else []),
        *([] if host.user == SERVICE_USER else [f"User={word(host.user)}", "Group="]),
        *_homes(host),
    ]
    return "\n".join(lines) + "\n"


def web_drop_in(host: Host) -> str:
    """Return the drop-in for `reelwatch-web.service`, which writes below the state folder alone."""
    writable = () if host.state is None else (host.state,)
    lines = [
        "# This host's part of reelwatch-web.service.",
        "[Unit]",
        f"RequiresMountsFor={words((*host.inboxes, *host.writable))}",
        "",
        "[Service]",
        "ExecStart=",
        f"ExecStart={' '.join(argument(part) for part in host.program)} web",
        f"ReadWritePaths={words(writable, optional=True)}",
        *([] if host.user == SERVICE_USER else [f"User={word(host.user)}", "Group="]),
        *_let_in(reading=(*host.inboxes, *host.writable), writing=writable),
    ]
    return "\n".join(lines) + "\n"


def sync_drop_in(host: Host) -> str:
    """Return the drop-in for `reelwatch-sync@.service`, which alone may write the inboxes."""
    lines = [
        "# This host's part of reelwatch-sync@.service.",
        "[Unit]",
        f"RequiresMountsFor={words(host.inboxes)}",
        "",
        "[Service]",
        f"ReadWritePaths={words(host.inboxes, optional=True)}",
        *_let_in(reading=(), writing=host.inboxes),
    ]
    return "\n".join(lines) + "\n"


def this_program() -> tuple[str, ...]:
    """Return the command that starts this program; raises `UsageError` where the service could not reach it."""
    command = Path(sys.prefix, "bin", "reelwatch")
    program = (os.fspath(command),) if command.exists() else (sys.executable, "-m", "service.cli.main")
    for needed in (Path(program[0]), Path(sys.prefix), Path(sys.base_prefix)):
        hidden = next((place for place in _HIDDEN if needed.is_relative_to(place)), None)
        if hidden is not None:
            raise UsageError(
                f"{needed} lies in {hidden}, which the service does not see. Install Reelwatch where it can be read by "
                "all, with the system's Python (python3 -m venv /opt/reelwatch && /opt/reelwatch/bin/pip install …), "
                "and run that one's `reelwatch service install`; or name another with --program."
            )
    return program


def not_writable(host: Host) -> Iterator[Path]:
    """Yield the folders that are there and belong to somebody else: they stay so, and the service fails there."""
    try:
        owner = pwd.getpwnam(host.user).pw_uid
    except KeyError:  # made by the installation
        owner = -1
    for folder in host.own:
        if folder.is_dir() and folder.stat().st_uid != owner and not folder.stat().st_mode & 0o002:
            yield folder


def _homes(host: Host) -> Iterator[str]:
    return _let_in(reading=host.inboxes, writing=host.writable)


def _let_in(*, reading: Sequence[Path], writing: Sequence[Path]) -> Iterator[str]:
    """Let folders in homes in, and nothing else of the homes."""
    if not any(_is_home(path) for path in (*reading, *writing)):
        return
    yield "ProtectHome=tmpfs"
    only_read = [path for path in reading if not any(path.is_relative_to(written) for written in writing)]
    for name, paths in (("BindReadOnlyPaths", only_read), ("BindPaths", writing)):
        yield from (f"{name}={bound(path)}" for path in paths if _is_home(path))


def _shared_folder(archive: Path, inboxes: Sequence[Path]) -> Path:
    """Return the folder that holds the archive and every inbox.

    systemd makes each folder that it is told to be writable a mount, and no file can be renamed from one mount to
    another (rename(2), EXDEV), whatever disk they are on.
    """
    shared = Path(os.path.commonpath([archive, *inboxes]))
    if shared == Path("/"):
        raise UsageError(
            f"done.move_to = {archive} and the inboxes share no folder but /, which must not be writable for the "
            "service: a video could not be moved there. Choose a folder beside the inboxes, like "
            f"{inboxes[0].parent / 'archive'}."
        )
    return shared


def _require_visible(folders: Iterable[Path]) -> None:
    for folder in folders:
        place = next((place for place in _PRIVATE if folder.is_relative_to(place)), None)
        if place is not None:
            raise UsageError(
                f"{folder} lies in {place}, of which the service has one of its own (PrivateTmp=), where it would find "
                "nothing. Choose a folder elsewhere, like /srv/videos."
            )


def _is_home(path: Path) -> bool:
    return any(path.is_relative_to(home) for home in HOMES)
