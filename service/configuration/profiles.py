"""Which profile `auto` stands for on this host; cheap, imports no model library."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from actors.models.store import MANIFEST

MODELS_EXTRA = ("torch", "transformers")
"""Packages that tell whether the `models` extra is installed."""

_NVIDIA_DRIVER = Path("/proc/driver/nvidia/gpus")


def installed(package: str) -> bool:
    """Say whether a top-level package could be imported, without importing it."""
    return importlib.util.find_spec(package) is not None


def has_cuda_device() -> bool:
    """Say whether the NVIDIA driver lists a card."""
    try:
        return any(_NVIDIA_DRIVER.iterdir())
    except OSError:
        return False


def choose(
    models_dir: Path,
    *,
    has_device: Callable[[], bool] = has_cuda_device,
    is_installed: Callable[[str], bool] = installed,
) -> tuple[str, str]:
    """Return the profile `auto` stands for here, and why; speech of the `cpu` profile needs a model, but no extra."""
    missing = [package for package in MODELS_EXTRA if not is_installed(package)]
    if missing and any(models_dir.glob(f"*/{MANIFEST}")):
        return "cpu", "auto: models have been pulled; without the models extra they run on the processor"
    if missing:
        return "embedded", f"auto: the models extra is not installed ({', '.join(missing)} missing)"
    if has_device():
        return "gpu", "auto: a CUDA device and the models extra are here"
    return "cpu", "auto: the models extra is here, a CUDA device is not"
