"""Where pulled models lie: one folder each, whole or not there, with a manifest of its revision and digests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from actors.models.asset import ModelAsset

MANIFEST = "reelwatch-manifest.json"
_PART = ".part"
_ORIGINAL = "--original"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pull has written: the commit, and each file's size and SHA-256 in hex."""

    name: str
    revision: str
    licence: str
    files: dict[str, tuple[int, str]] = field(default_factory=dict)


class ModelStore:
    """A folder of models; a model is there when its manifest is, which is written last."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, name: str) -> Path:
        """Return where a model lies or would lie: `<root>/<organisation>--<name>`."""
        return self.root / name.replace("/", "--")

    def part(self, name: str) -> Path:
        """Return where a model is gathered until it is whole; a pull that was cut short goes on from here."""
        folder = self.folder(name)
        return folder.with_name(folder.name + _PART)

    def original(self, name: str) -> Path:
        """Return where a model is downloaded to that has to be converted: what is sealed does not hold it."""
        return self.part(name + _ORIGINAL)

    def folders(self, name: str) -> list[Path]:
        """Return every folder that there is of a model, whole or begun."""
        return [path for path in (self.folder(name), self.part(name), self.original(name)) if path.is_dir()]

    def manifest(self, name: str) -> Manifest | None:
        """Return a model's manifest, or None when the model is not (wholly) here."""
        try:
            found = json.loads((self.folder(name) / MANIFEST).read_text(encoding="utf-8"))
            return Manifest(found["name"], found["revision"], found["licence"], found["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def names(self) -> list[str]:
        """Return the names of all models that are here, in order."""
        found = (json.loads(path.read_text(encoding="utf-8"))["name"] for path in self.root.glob(f"*/{MANIFEST}"))
        return sorted(found)

    def missing(self, assets: tuple[ModelAsset, ...]) -> list[ModelAsset]:
        """Return those that are neither here nor a folder of the user's."""
        return [asset for asset in assets if self.manifest(asset.name) is None]

    def seal(self, asset: ModelAsset, *, revision: str) -> Manifest:
        """Write the manifest over what was gathered, and move it into its place in one step."""
        part = self.part(asset.name)
        files = {
            str(path.relative_to(part)): (path.stat().st_size, digest(path))
            for path in sorted(part.rglob("*"))
            if path.is_file() and path.name != MANIFEST and ".cache" not in path.relative_to(part).parts
        }
        made = Manifest(asset.name, revision, asset.licence, files)
        (part / MANIFEST).write_text(json.dumps(asdict(made), indent=1) + "\n", encoding="utf-8")
        part.replace(self.folder(asset.name))
        return made

    def damaged(self, name: str) -> list[str]:
        """Return the files of a model that are not as they were pulled, each with what is wrong."""
        manifest, folder = self.manifest(name), self.folder(name)
        if manifest is None:
            return ["it is not here, or its pull was cut short"]
        wrong = []
        for file, (size, expected) in manifest.files.items():
            path = folder / file
            if not path.is_file():
                wrong.append(f"{file} is missing")
            elif path.stat().st_size != size or digest(path) != expected:
                wrong.append(f"{file} has changed")
        return wrong


def located(model: str, models_dir: str) -> Path | None:
    """Return the folder a model is loaded from: the user's own where `model` is one, else the pulled one, else None."""
    if is_folder(model):
        return Path(model).expanduser()
    store = ModelStore(Path(models_dir)) if models_dir else None
    return store.folder(model) if store is not None and store.manifest(model) is not None else None


def is_folder(model: str) -> bool:
    """Whether a setting names a folder of the user's, and not a model on the hub."""
    return model.startswith(("/", "~", "./", "../"))


def revision_of(model: str, models_dir: str) -> str:
    """Name a model with its revision, for provenance and result keys: `<name>@<first 12 of the commit>`.

    A folder of the user's has no commit; its small files stand for it, and the size of the large ones.
    """
    if is_folder(model):
        return f"{Path(model).name}@{digest_of_folder(Path(model).expanduser())}"
    store = ModelStore(Path(models_dir)) if models_dir else None
    manifest = store.manifest(model) if store is not None else None
    return f"{model}@{manifest.revision[:12]}" if manifest is not None else model


def digest(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_folder(folder: Path) -> str:
    """Return 12 hex digits over the names, sizes and times of change of a folder's files; the bytes are not read."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        status = path.stat()
        found.update(f"{path.relative_to(folder)}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return found.hexdigest()[:12]
