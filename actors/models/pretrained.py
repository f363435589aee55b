"""Models of the transformers library, loaded from a local folder and from nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from actors.errors import BackendUnavailable
from actors.models.memory import is_out_of_memory
from actors.models.offline import go_offline
from actors.models.store import located
from actors.models.weights import files_of

EXTRA = "pip install -c constraints.txt 'reelwatch[models]'"
_PACKAGES = ("torch", "torchvision", "transformers", "accelerate")


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A model ready to run, its processor, and the torch module it runs on (kept here, for imports stay in `load`)."""

    model: Any
    processor: Any
    torch: Any
    device: str


def missing_packages() -> str | None:
    """Say which package is missing, with the command that mends it; imports nothing."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    return f"{', '.join(missing)} not installed: {EXTRA}" if missing else None


def folder_of(model: str, models_dir: str) -> Path:
    """Return the folder a model lies in; raises `BackendUnavailable` where there is none."""
    folder = located(model, models_dir)
    if folder is None:
        raise BackendUnavailable("not_pulled", f"{model} is not pulled: run `reelwatch models pull {model}`")
    if not folder.is_dir():
        raise BackendUnavailable("no_such_folder", f"{folder}, named by the option `model`, is no folder")
    return folder


def weights_mib(folder: Path) -> int:
    """Return what the weights of a folder weigh on disk, in MiB."""
    return sum(path.stat().st_size for path in files_of(folder)) >> 20


def load_pretrained(
    kind: str, folder: Path, *, types: frozenset[str], precision: Callable[[Any], str], device: str, threads: int
) -> Pretrained:
    """Load a model and its processor.

    kind: the class of transformers, as `AutoModelForImageTextToText`. types: the `model_type`s the caller can work
    with; empty: any. precision: the name of the dtype, by the model's configuration. Raises `BackendUnavailable` with
    a remedy where the libraries are missing, the folder does not hold a whole model of these types, or the device is
    missing or full.
    """
    go_offline()
    try:
        torch, transformers = import_module("torch"), import_module("transformers")
    except ImportError as exc:
        raise BackendUnavailable("models_import", f"{exc}: {EXTRA}") from exc
    torch.set_num_threads(threads)
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        _check_type(config.model_type, types, folder)
        # Slow image processors are the default of 4.57 and give slightly other pixels than the fast ones: pinned.
        processor = transformers.AutoProcessor.from_pretrained(folder, local_files_only=True, use_fast=True)
        model, told = getattr(transformers, kind).from_pretrained(
            folder,
            local_files_only=True,
            dtype=getattr(torch, precision(config)),
            # Straight to the card: by way of the host, BLIP-2 would take its whole weight in memory first.
            device_map={"": device},
            output_loading_info=True,
        )
    # AssertionError is how a torch without CUDA refuses a card.
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, MemoryError, AssertionError) as exc:
        raise _unavailable(folder, exc, device=device) from exc
    _check_whole(model, told["missing_keys"], folder)
    return Pretrained(model.eval(), processor, torch, device)


def _check_type(found: str, types: frozenset[str], folder: Path) -> None:
    # `from_pretrained` of another architecture warns and goes on with random weights.
    if types and found not in types:
        wanted = " or ".join(sorted(types))
        raise BackendUnavailable("wrong_model", f"{folder} holds a model of type {found}; {wanted} is needed here")


def _check_whole(model: Any, missing: list[str], folder: Path) -> None:
    """Refuse weights with holes, which transformers fills with random numbers; buffers and tied names are no holes."""
    holes = sorted(set(missing) & {name for name, _ in model.named_parameters()})
    if holes:
        message = (
            f"{folder} lacks {len(holes)} weights, as {holes[0]}: run `reelwatch models verify`, then pull it again"
        )
        raise BackendUnavailable("weights_missing", message)


def _unavailable(folder: Path, exc: Exception, *, device: str) -> BackendUnavailable:
    """Tell what stood in the way of loading: room, the card, or the files; each has another remedy."""
    said = f"{type(exc).__name__}: {' '.join(str(exc).split())[:300]}"
    to_cpu = 'set the stage\'s option `device` to "cpu"'
    if is_out_of_memory(exc):
        where, remedy = ("on the card", f", or {to_cpu}") if device == "cuda" else ("in memory", "")
        message = f"there is no room {where} for the model in {folder} ({said}): name a smaller one in `model`{remedy}"
        return BackendUnavailable("no_room", message)
    if isinstance(exc, AssertionError) or "NVIDIA driver" in said:
        message = f"torch cannot use a card here ({said}): install torch with CUDA and the driver, or {to_cpu}"
        return BackendUnavailable("no_card", message)
    message = f"the model in {folder} cannot be loaded ({said}): run `reelwatch models verify`"
    return BackendUnavailable("unreadable_model", message)
