"""Finds the files that ship beside the code: `config/`, `systemd/` and the demo clip."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def asset(relative: str) -> Path:
    """Return the absolute path of a shipped file or folder, like `config/default.toml`.

    Installed from a wheel they lie in `service/_share`, in a source tree at its root. Raises `FileNotFoundError`
    when neither has it, which means the installation is broken.
    """
    for root in (_PACKAGE / "_share", _PACKAGE.parent):
        candidate = root / relative
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{relative} is missing from this installation of reelwatch: install it again")


def demo_clip() -> Path:
    """Return the path of the sample clip."""
    return _PACKAGE / "demo" / "sample.mp4"


def demo_truth() -> Path:
    """Return the path of the sample clip's ground truth (JSON)."""
    return _PACKAGE / "demo" / "sample.truth.json"
