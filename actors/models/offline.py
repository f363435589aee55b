"""Keeps model libraries from asking the network: what they read when they are imported."""

from __future__ import annotations

import os

OFFLINE = {
    "HF_HUB_OFFLINE": "1",  # an unreachable hub id otherwise takes 138 s to fail
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYANNOTE_METRICS_ENABLED": "0",  # on by default, also through whisperx
    "TOKENIZERS_PARALLELISM": "false",
}


def go_offline() -> None:
    """Set the environment of this process; called before the libraries are imported, for they read it only then."""
    os.environ.update(OFFLINE)
