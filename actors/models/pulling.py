"""Gathers a model's files, from the hub or from a folder, and puts them into the store when all of them are there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from actors.errors import PullFailed
from actors.models import conversion, hub
from actors.models.asset import ModelAsset
from actors.models.punkt import write_punkt
from actors.models.store import Manifest, ModelStore, digest_of_folder

_SPARE = 1.1
"""Free space wanted over what is downloaded: conversions and file systems take a little more."""


def pull(asset: ModelAsset, store: ModelStore, *, token: str | None = None) -> Manifest:
    """Download a model, convert it where its asset says so, and return its manifest; one that is here is left alone.

    A download that was cut short goes on where it ended, at the same commit. Raises `PullFailed`.
    """
    present = store.manifest(asset.name)
    if present is not None:
        return present
    with _explained(asset, store):
        part = _made(store.part(asset.name))
        if asset.source == "nltk":
            return _written(asset, store)
        snapshot = hub.look_up(asset, part, token=token)
        _check(asset, snapshot.files, place="its repository on the hub")
        _room_for(asset, store, snapshot.size_bytes)
        if asset.source == "ctranslate2" and not snapshot.is_ctranslate2:
            original = _made(store.original(asset.name))
            hub.download(asset, snapshot, original, token=token)
            conversion.to_ctranslate2(original, part)
            shutil.rmtree(original)
        else:
            hub.download(asset, snapshot, part, token=token)
        return store.seal(asset, revision=snapshot.revision)


def copy(asset: ModelAsset, store: ModelStore, *, source: Path, alone: bool = False) -> Manifest:
    """Take a model from a folder instead of the hub; its revision is a digest of the files.

    alone: whether it is the only one asked for, so that `source` may be the model's own folder. One that is here is
    left alone. Raises `PullFailed`, also when the folder lacks files that the model needs.
    """
    present = store.manifest(asset.name)
    if present is not None:
        return present
    with _explained(asset, store):
        if asset.source == "nltk":
            return _written(asset, store)
        found = _find(source, asset.name) or (source if alone else None)
        if found is None:
            raise PullFailed(
                "not_in_folder",
                f"{asset.name} is not in {source}: expected it there as {asset.name}, as "
                f"{asset.name.replace('/', '--')} or in a hub cache",
            )
        _check(asset, [str(path.relative_to(found)) for path in found.rglob("*") if path.is_file()], place=str(found))
        part = store.part(asset.name)
        shutil.rmtree(part, ignore_errors=True)
        if asset.source == "ctranslate2" and not (found / "model.bin").is_file():
            conversion.to_ctranslate2(found, _made(part))
        else:
            shutil.copytree(found, part)
        shutil.rmtree(store.folder(asset.name), ignore_errors=True)
        return store.seal(asset, revision=f"local-{digest_of_folder(part)}")


def _written(asset: ModelAsset, store: ModelStore) -> Manifest:
    write_punkt(_made(store.part(asset.name)))
    return store.seal(asset, revision="written")


def _find(source: Path, name: str) -> Path | None:
    """Return the folder of a model in a folder of models or in a hub cache."""
    snapshots = source / f"models--{name.replace('/', '--')}" / "snapshots"
    cached = sorted(snapshots.iterdir()) if snapshots.is_dir() else []
    places = (source / name, source / name.replace("/", "--"), source / name.rpartition("/")[2], *cached[-1:])
    return next((place for place in places if place.is_dir()), None)


def _check(asset: ModelAsset, files: Sequence[str], *, place: str) -> None:
    """Refuse what could not be loaded, before it is fetched."""
    lacking = hub.lacking(files, asset)
    if lacking:
        raise PullFailed("incomplete", f"{asset.name} is not whole: {place} lacks {', '.join(lacking)}")


def _room_for(asset: ModelAsset, store: ModelStore, size_bytes: int) -> None:
    free = shutil.disk_usage(store.root).free
    if size_bytes * _SPARE > free:
        raise PullFailed(
            "no_room",
            f"{asset.name} takes {size_bytes / 2**20:.0f} MiB, and {store.root} has {free / 2**20:.0f} MiB free. "
            "Free some, or set models.dir to a folder on a larger disk.",
        )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _explained(asset: ModelAsset, store: ModelStore) -> Iterator[None]:
    """Translate what the disk may raise into a sentence; the hub and the conversion speak for themselves."""
    try:
        yield
    except OSError as exc:
        place = f" ({os.fspath(exc.filename)})" if exc.filename else ""
        raise PullFailed("disk", f"{asset.name} could not be written to {store.root}{place}: {exc}") from exc
