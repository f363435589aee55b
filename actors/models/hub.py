"""The Hugging Face hub, as far as pulling goes: which commit, which files, and why not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from actors.errors import PullFailed
from actors.models.asset import ModelAsset

_CACHE = ".cache"
"""Where the hub's library keeps what it needs to go on with a download, inside the folder it downloads to."""
_PIN = "reelwatch-revision"
_TIMEOUT_S = 15.0
_OTHER_FRAMEWORKS = ("*.msgpack", "*.h5", "*.ot", "*.onnx", "*.gguf", "*.tflite", "*.mlmodel", "onnx/*", "openvino/*")
_CTRANSLATE2 = "model.bin"
_CONFIGURATIONS = ("config.json", "*.yaml", "*.yml")
_WEIGHTS = ("*.safetensors", "*.bin", "*.pt", "*.pth", "*.ckpt", "*.onnx")
_DOCUMENTS = (".gitattributes", "*.png", "*.jpg", "*.gif")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One commit of a repository: its files that are needed here, and what they weigh."""

    revision: str
    files: tuple[str, ...]
    size_bytes: int

    @property
    def is_ctranslate2(self) -> bool:
        """Whether the repository already holds a CTranslate2 model."""
        return _CTRANSLATE2 in self.files


def go_online() -> None:
    """Let this process ask the hub; called before its library is imported, for it reads the environment only then."""
    os.environ["HF_HUB_OFFLINE"] = "0"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def look_up(asset: ModelAsset, part: Path, *, token: str | None) -> Snapshot:
    """Ask the hub what there is to download; a pull that was cut short asks for the commit it began with.

    Raises `PullFailed`.
    """
    pin = part / _CACHE / _PIN
    revision = asset.revision or (pin.read_text(encoding="utf-8").strip() if pin.is_file() else None)
    with _reachable(asset):
        from huggingface_hub import HfApi  # noqa: PLC0415 - half a second to import

        info = HfApi().model_info(
            asset.name, revision=revision, timeout=_TIMEOUT_S, files_metadata=True, token=token or False
        )
    commit = str(info.sha)
    pin.parent.mkdir(parents=True, exist_ok=True)
    pin.write_text(commit + "\n", encoding="utf-8")
    sizes = {sibling.rfilename: sibling.size or 0 for sibling in info.siblings or ()}
    files = needed(tuple(sizes), asset)
    return Snapshot(commit, files, sum(sizes[name] for name in files))


def download(asset: ModelAsset, snapshot: Snapshot, folder: Path, *, token: str | None) -> None:
    """Download a snapshot's files into a folder, going on with what is there. Raises `PullFailed`."""
    with _reachable(asset):
        from huggingface_hub import snapshot_download  # noqa: PLC0415 - half a second to import

        snapshot_download(
            asset.name,
            revision=snapshot.revision,
            local_dir=folder,
            allow_patterns=[_literally(name) for name in snapshot.files],
            token=token or False,
            etag_timeout=_TIMEOUT_S,
            max_workers=4,
        )
    shutil.rmtree(folder / _CACHE, ignore_errors=True)


def needed(names: Sequence[str], asset: ModelAsset) -> tuple[str, ...]:
    """Return which of a repository's files are needed: of those the asset names, or of all, one form of the weights.

    safetensors before pickles, PyTorch's before other frameworks'.
    """
    if asset.source == "ctranslate2" and _CTRANSLATE2 in names:
        return tuple(name for name in names if "/" not in name and not _is(name, (*_DOCUMENTS, *_OTHER_FRAMEWORKS)))
    chosen = [name for name in names if _is(name, asset.files)] if asset.files else list(names)
    left_out = [] if asset.files else [*_DOCUMENTS, *_OTHER_FRAMEWORKS]
    if any(name.endswith(".safetensors") for name in chosen):
        left_out += ["pytorch_model*.bin*", "*.pt", "*.pth"]
    return tuple(name for name in chosen if not _is(name, left_out))


def lacking(names: Sequence[str], asset: ModelAsset) -> list[str]:
    """Return what these files lack of a model that can be loaded: its configuration, weights, or a part of it."""
    every = not asset.files or (asset.source == "ctranslate2" and _CTRANSLATE2 in names)
    chosen = [name for name in names if every or _is(name, asset.files)]
    wrong = [] if any(_is(name, _CONFIGURATIONS) for name in chosen) else ["a configuration (config.json, *.yaml)"]
    if not any(_is(name, _WEIGHTS) for name in chosen):
        wrong.append("weights (*.safetensors, *.bin, *.pt, *.onnx)")
    if _CTRANSLATE2 in chosen and "tokenizer.json" not in chosen:
        wrong.append("tokenizer.json")
    parts = [pattern for pattern in asset.files if "/" in pattern]
    return wrong + [part for part in parts if not any(_is(name, (part,)) for name in chosen)]


def _is(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _literally(name: str) -> str:
    """Spell a file's name as a pattern that matches nothing else."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


@contextmanager
def _reachable(asset: ModelAsset) -> Iterator[None]:
    """Let this process ask the network, and translate every way in which the hub says no."""
    go_online()
    from huggingface_hub import errors  # noqa: PLC0415 - half a second to import
    from requests import RequestException  # noqa: PLC0415 - as above

    try:
        yield
    except errors.GatedRepoError as exc:
        raise PullFailed(
            "terms",
            f"{asset.name} is gated: sign in on its page on the hub, accept its terms, make a token that may read it, "
            "and name the file that holds it with --token-file",
        ) from exc
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as exc:
        raise PullFailed(
            "not_found",
            f"the hub knows no model {asset.name}{f' at {asset.revision}' if asset.revision else ''}, or keeps it "
            "private: correct the name, or give a token that may read it with --token-file",
        ) from exc
    except errors.OfflineModeIsEnabled as exc:
        raise PullFailed(
            "offline",
            f"{asset.name} cannot be downloaded: HF_HUB_OFFLINE was set when the hub's library was loaded. Run the "
            "command without it, or take the model from a folder with --from",
        ) from exc
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, RequestException) as exc:
        raise PullFailed(
            "unreachable",
            f"{asset.name} could not be downloaded: {_first_line(exc)}. What has arrived is kept: run the same "
            "command again, or take the model from a folder with --from",
        ) from exc


def _first_line(exc: Exception) -> str:
    lines = str(exc).strip().splitlines()
    return lines[0][:200] if lines else type(exc).__name__
