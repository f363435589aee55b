"""`reelwatch models`: the models a profile wants, fetched, listed, checked and removed; nothing else downloads."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import common
from service.errors import UsageError

if TYPE_CHECKING:
    from actors.models.asset import ModelAsset
    from actors.models.store import ModelStore
    from service.configuration import Configuration

_NAMES = click.argument("names", metavar="[MODEL]…", nargs=-1)
_COMMERCIAL: Mapping[object, list[str]] = {True: [], False: ["not commercial"], None: ["commercial use not known"]}
_PROFILES = ("embedded", "cpu", "gpu")
_PROFILE = click.option(
    "--profile", type=click.Choice(["auto", *_PROFILES]), help="Whose models. Default: the one in use."
)


@click.group(short_help="Fetch, list, check and remove models.")
def models() -> None:
    """Fetch, list, check and remove the models that the profiles `cpu` and `gpu` use.

    Nothing else in Reelwatch downloads models, and what is here is used without a network.
    """


@models.command(short_help="Fetch models.")
@_NAMES
@_PROFILE
@click.option("--all", "every", is_flag=True, help="The models of the fall-backs too.")
@click.option(
    "--from",
    "source",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take them from this folder (models by name, or a hub cache) instead of the hub.",
)
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with a hub token, for models whose terms have to be accepted.",
)
@click.option(
    "--accept-licences", is_flag=True, help="Do not ask about licences that forbid commercial use or are not known."
)
@common.takes_settings()
@click.pass_context
def pull(
    context: click.Context,
    *,
    names: tuple[str, ...],
    profile: str | None,
    every: bool,
    source: Path | None,
    token_file: Path | None,
    accept_licences: bool,
    settings: common.Settings,
) -> None:
    """Fetch the models of a profile, or some by name; what is here already is left alone.

    By name any model can be fetched, whichever profile is in use: those that a stage's backend knows, also by the
    names people use for them, and any other `organisation/name` of the hub. --from DIR may be the model's own folder
    when one name is given.

    A download that was cut short goes on where it ended when the command is run again. Exits 1 when a model could not
    be fetched; the others are fetched all the same.

    \b
    Examples:
      reelwatch models pull --profile gpu
      reelwatch models pull openai/whisper-large-v2 --from /mnt/models
    """  # noqa: D301 - click's mark is a real backspace
    from actors.models.hub import go_online  # noqa: PLC0415 - keeps --help fast

    go_online()
    chosen = common.with_profile(settings, profile)
    configuration = chosen.load().configuration
    assets = _named(names, chosen) if names else _wanted(configuration, every=every)
    store = _store(configuration)
    common.make_folder(store.root, setting="models.dir", flag="--config")
    token = _token(token_file, os.environ.get("CREDENTIALS_DIRECTORY"))
    alone = len(names) == 1
    done = [_pull(asset, store, token, source=source, alone=alone, accepted=accept_licences) for asset in assets]
    if not assets:
        click.echo(f"The profile {configuration.profile} needs no models that are not installed with it.")
    context.exit(0 if all(done) else 1)


@models.command("list", short_help="Show which models are wanted and which are here.")
@_PROFILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@common.takes_settings()
def list_(*, profile: str | None, as_json: bool, settings: common.Settings) -> None:
    """Show the models of a profile: stage, licence, size, and whether they are here. Fall-backs come in too."""
    from service.models import state_of, wanted  # noqa: PLC0415 - keeps --help fast

    configuration = common.with_profile(settings, profile).load().configuration
    store = _store(configuration)
    rows = []
    for choice, asset in wanted(configuration, every=True):
        manifest = store.manifest(asset.name)
        rows.append(
            {
                "model": asset.name,
                "stage": choice.stage,
                "backend": choice.backend,
                "state": state_of(asset, store),
                "revision": manifest.revision if manifest else asset.revision,
                "size_mib": asset.size_mib,
                "licence": asset.licence,
                "commercial": asset.commercial,
                "gated": asset.gated,
                "fall_back": not choice.first,
            }
        )
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2) if as_json else _table(rows, store, configuration))


@models.command(short_help="Check that models are as they were fetched.")
@_NAMES
@common.takes_settings()
@click.pass_context
def verify(context: click.Context, *, names: tuple[str, ...], settings: common.Settings) -> None:
    """Read every file of the models that are here (or of some, by name) and compare it with its digest.

    Exits 1 when a file is missing or has changed.
    """
    store = _store(settings.load().configuration)
    failed = 0
    for name in names or store.names():
        wrong = store.damaged(name)
        failed += bool(wrong)
        click.echo(f"{name}: {'as it was fetched' if not wrong else '; '.join(wrong)}")
        if wrong:
            click.echo(f"  reelwatch models remove {name} && reelwatch models pull {name}", err=True)
    if not names and not store.names():
        click.echo(f"There are no models in {store.root}.")
    context.exit(1 if failed else 0)


@models.command(short_help="Remove models.")
@click.argument("names", metavar="MODEL…", nargs=-1, required=True)
@common.takes_settings()
def remove(*, names: tuple[str, ...], settings: common.Settings) -> None:
    """Remove models by name, also those whose fetching was cut short. Documents stay as they are."""
    store = _store(settings.load().configuration)
    unknown = [name for name in names if not store.folders(name)]
    if unknown:
        raise UsageError(f"{', '.join(unknown)}: not in {store.root}. See `reelwatch models list`.")
    for name in names:
        for folder in store.folders(name):
            shutil.rmtree(folder)
        click.echo(f"removed: {name}")


def _wanted(configuration: Configuration, *, every: bool) -> list[ModelAsset]:
    from service.models import wanted  # noqa: PLC0415 - keeps --help fast

    return [asset for _, asset in wanted(configuration, every=every)]


def _named(names: tuple[str, ...], settings: common.Settings) -> list[ModelAsset]:
    """Return the assets of these names; the profile in use is read last, so that its options win."""
    from service.models import named  # noqa: PLC0415 - keeps --help fast

    all_settings = [*(common.with_profile(settings, profile) for profile in _PROFILES), settings]
    found, unknown = named(names, [each.load().configuration for each in all_settings])
    if unknown:
        raise UsageError(
            f"{', '.join(unknown)}: no backend knows this model, and it is no name on the hub (organisation/name). "
            "See `reelwatch models list`."
        )
    return found


def _pull(
    asset: ModelAsset, store: ModelStore, token: str | None, *, source: Path | None, alone: bool, accepted: bool
) -> bool:
    from actors.errors import PullFailed  # noqa: PLC0415 - keeps --help fast
    from actors.models.pulling import copy, pull  # noqa: PLC0415 - as above

    if store.manifest(asset.name) is None and not (asset.commercial or accepted or _agreed(asset)):
        common.warn(f"{asset.name}: left out, because its licence was not accepted.")
        return False
    if not sys.stderr.isatty():
        os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    size = f", about {asset.size_mib} MiB" if asset.size_mib else ""
    click.echo(f"{asset.name} ({asset.licence}{size})", err=True)
    try:
        manifest = copy(asset, store, source=source, alone=alone) if source else pull(asset, store, token=token)
    except PullFailed as exc:
        common.warn(str(exc))
        return False
    click.echo(f"{asset.name}@{manifest.revision[:12]}")
    return True


def _agreed(asset: ModelAsset) -> bool:
    from service.models import terms_of  # noqa: PLC0415 - keeps --help fast

    terms = terms_of(asset)
    if not sys.stdin.isatty():
        common.warn(f"{terms} To fetch it all the same say --accept-licences.")
        return False
    return click.confirm(f"{terms} Fetch it?", default=False, err=True)


def _token(file: Path | None, credentials: str | None) -> str | None:
    """Return the hub token: from the named file, systemd's credential `hub-token`, or the hub's own settings."""
    credential = Path(credentials, "hub-token") if credentials else None
    chosen = file or (credential if credential is not None and credential.is_file() else None)
    if chosen is not None:
        return chosen.read_text(encoding="utf-8").strip()
    from huggingface_hub import get_token  # noqa: PLC0415 - half a second to import

    return get_token()


def _store(configuration: Configuration) -> ModelStore:
    from actors.models.store import ModelStore  # noqa: PLC0415 - keeps --help fast

    return ModelStore(configuration.models.dir)


def _table(rows: Sequence[Mapping[str, object]], store: ModelStore, configuration: Configuration) -> str:
    if not rows:
        return f"The profile {configuration.profile} needs no models that are not installed with it."
    lines = []
    for row in rows:
        notes = [str(row["licence"]), *_COMMERCIAL[row["commercial"]]]
        notes += ["terms to accept"] if row["gated"] else []
        notes += [f"{row['size_mib']} MiB"] if row["size_mib"] else []
        notes += ["fall-back"] if row["fall_back"] else []
        lines.append(f"{row['state']!s:8}{row['stage']!s:13}{row['model']!s:48}{', '.join(notes)}")
    return "\n".join([*lines, f"\nThey lie in {store.root}."])
