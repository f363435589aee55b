"""`reelwatch service`: makes Reelwatch a service of this host, and unmakes it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import common
from service.errors import ReelwatchError, UsageError

if TYPE_CHECKING:
    from service.installation.files import HostFile

_ROOT = click.option(
    "--root",
    metavar="DIR",
    type=common.FOLDER,
    default=Path("/"),
    help="Work on the system below DIR, an image, instead of this one.",
)
_YES = click.option("--yes", is_flag=True, help="Replace files that differ without asking.")
_PROPERTIES = ("LoadState", "ActiveState", "SubState", "StatusText", "MainPID", "NRestarts", "UnitFileState")


@click.group()
def service() -> None:
    """Run Reelwatch under systemd: install, uninstall, status.

    \b
    Example:
      sudo reelwatch service install --inbox /srv/videos/inbox --output /srv/videos/described --now
    """  # noqa: D301 - click's mark is a real backspace


@service.command()
@click.option("--inbox", "inboxes", metavar="DIR", multiple=True, type=common.FOLDER, help="For a first settings file.")
@click.option("--output", metavar="DIR", type=common.FOLDER, help="For a first settings file.")
@click.option("--user", default="reelwatch", metavar="NAME", help="Whom it runs as. Default: reelwatch, which is made.")
@click.option("--program", metavar="FILE", type=common.PATH, help="The program to start. Default: this one.")
@click.option("--gpu", is_flag=True, help="Let it use NVIDIA cards.")
@click.option("--lease", is_flag=True, help="Let it see whether files of other users are still being written.")
@click.option("--network", is_flag=True, help="Let it reach other hosts, and them the dashboard: webhook, downloads.")
@click.option("--web", is_flag=True, help="Also serve the dashboard and the API: reelwatch-web.service.")
@click.option("--dry-run", is_flag=True, help="Show the files, and what would change; change nothing.")
@click.option("--now", is_flag=True, help="Also make the users and folders, and start the service.")
@_YES
@_ROOT
def install(
    *,
    inboxes: tuple[Path, ...],
    output: Path | None,
    user: str,
    program: Path | None,
    dry_run: bool,
    now: bool,
    yes: bool,
    root: Path,
    **parts: bool,
) -> None:
    """Write the unit files, with this host's paths, and say what to do next.

    Folders are taken from /etc/reelwatch/reelwatch.toml; where there is none yet, one is made of --inbox and --output.
    A file that is there and differs is shown and replaced only when you say so; --gpu, --lease and --network, once
    chosen, stay. Your own drop-ins are left alone.

    \b
    Examples:
      reelwatch service install --inbox /srv/in --output /srv/out --dry-run
      sudo reelwatch service install --gpu --web --now
    """  # noqa: D301 - click's mark is a real backspace
    from service.installation import files, host, settings, units  # noqa: PLC0415 - keeps --help fast

    found = settings.host_settings(root=root, inboxes=inboxes, output=output)
    command = (str(program.absolute()),) if program else host.this_program()
    here = host.Host.of(found.configuration, program=command, user=user, state=units.STATE)
    chosen = [drop_in for drop_in in units.DropIn if parts[drop_in.value] or files.at(root, drop_in.path).exists()]
    wanted = units.files_of(here, drop_ins=chosen, settings=found.text)
    if dry_run:
        for line in _shown(wanted, root=root):
            click.echo(line)
        return
    _write(wanted, root=root, yes=yes)
    for folder in host.not_writable(here) if root == Path("/") else ():
        common.warn(
            f"{folder} belongs to somebody else. Give it to the service: chown {user}: {shlex.quote(str(folder))}"
        )
    _next(units.commands_after_install(web=parts["web"]), now=now and root == Path("/"))


@service.command()
@click.option("--now", is_flag=True, help="Also stop the service first.")
@_ROOT
def uninstall(*, now: bool, root: Path) -> None:
    """Remove what `install` wrote; files changed by hand, your drop-ins, the ledger and all documents stay."""
    from service.installation import files, units  # noqa: PLC0415 - keeps --help fast

    there = [unit for unit in (units.WEB, units.SERVICE) if files.at(root, units.UNITS / unit).exists()]
    disabling = ("systemctl", "disable", "--now", *(there or [units.SERVICE]))
    if now and root == Path("/"):
        _run(disabling)
    for path in units.every_path():
        was = files.remove(path, root=root)
        if was is files.Condition.SAME:
            click.echo(f"removed  {path}")
        elif was is files.Condition.CHANGED:
            click.echo(f"kept     {path}: {was.value}")
    commands = [] if now else [disabling]
    _next([*commands, ("systemctl", "daemon-reload")], now=now and root == Path("/"))


@service.command()
@_ROOT
def status(*, root: Path) -> None:
    """Say which files are installed, whether they are this version's, and how the service is doing."""
    from service.installation import files, host, settings, units  # noqa: PLC0415 - keeps --help fast

    try:
        configuration = settings.host_settings(root=root).configuration
        program = host.this_program()
        here = host.Host.of(configuration, program=program, user=host.SERVICE_USER, state=units.STATE)
        known = {file.path: file for file in units.files_of(here, drop_ins=list(units.DropIn))}
    except ReelwatchError as exc:
        common.warn(str(exc))
        known = {}
    for path in units.every_path():
        there = files.at(root, path).exists()
        said = files.condition(known[path], root=root).value if path in known else "there" if there else "not installed"
        click.echo(f"{path}: {said}")
    if root == Path("/"):
        for line in _manager_says(units.SERVICE):
            click.echo(line)
        click.echo(_lock_says(units.STATE))


def _shown(files: Sequence[HostFile], *, root: Path) -> Iterator[str]:
    from service.installation.files import Condition, condition, difference  # noqa: PLC0415 - keeps --help fast

    for file in files:
        was = condition(file, root=root)
        yield f"==> {file.path}: {was.value}"
        if was is Condition.ABSENT:
            yield file.marked.rstrip("\n")
        else:
            yield from difference(file, root=root)


def _write(files: Sequence[HostFile], *, root: Path, yes: bool) -> None:
    from service.installation.files import Condition, condition, difference, write  # noqa: PLC0415 - keeps --help fast

    found = [(file, condition(file, root=root)) for file in files]
    for file, was in found:
        if was in {Condition.OLDER, Condition.CHANGED} and not yes:
            click.echo("\n".join(difference(file, root=root)))
            if not click.confirm(f"{file.path} is there and differs ({was.value}). Replace it?", err=True):
                click.echo(f"kept     {file.path}")
                continue
        if was is not Condition.SAME:
            write(file, root=root)
            click.echo(f"written  {file.path}")


def _next(commands: Sequence[tuple[str, ...]], *, now: bool) -> None:
    """Run the commands, or print them for the user to run."""
    if now:
        for command in commands:
            _run(command)
        return
    click.echo("Next, as root:")
    for command in commands:
        click.echo(f"  {shlex.join(command)}")


def _run(command: tuple[str, ...]) -> None:
    click.echo(f"+ {shlex.join(command)}", err=True)
    if shutil.which(command[0]) is None:
        raise UsageError(f"there is no {command[0]} here: without systemd, run `reelwatch run` in your own way.")
    ended = subprocess.run(command, check=False)  # noqa: S603 - our own commands, no shell
    if ended.returncode and command[0] == "sysctl":  # in a container the kernel's limits are the host's
        common.warn("the kernel's limits stay as they are; Reelwatch scans where it cannot watch.")
    elif ended.returncode:
        raise ReelwatchError(f"{shlex.join(command)}: ended with {ended.returncode}. It says above why.")


def _manager_says(unit: str) -> Iterator[str]:
    command = ("systemctl", "show", unit, f"--property={','.join(_PROPERTIES)}")
    if shutil.which(command[0]) is None:
        yield "systemd: there is none here"
        return
    ended = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - as above
    yield from (f"systemd: {line}" for line in (ended.stdout or ended.stderr).splitlines())


def _lock_says(state: Path) -> str:
    from service.ledger.lock import lock_holder  # noqa: PLC0415 - keeps --help fast

    try:
        holder = lock_holder(state)
    except ReelwatchError as exc:
        return f"ledger: {exc}"
    return f"ledger: {state} is not in use" if holder is None else f"ledger: {state} is in use by process {holder}"
