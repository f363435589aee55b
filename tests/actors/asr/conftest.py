"""Fixtures of the recognisers' tests: voices, and a Whisper that has learnt their sentences, made once a session."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201 - its type is not importable before the path is set
    """Four sentences with their sound: two English, two Norwegian."""
    from whisper import spoken_sentences

    return spoken_sentences(tmp_path_factory.mktemp("voices"))


@pytest.fixture(scope="session")
def tiny_whisper(spoken, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ANN001 - as above
    """The folder of a Whisper in CTranslate2's form that knows these sentences; half a minute to make."""
    for package in ("torch", "transformers"):
        pytest.importorskip(package, reason="the models extra is not installed")
    from whisper import make_whisper

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # transformers and torch warn of their own parts while the model is made
        return make_whisper(tmp_path_factory.mktemp("whisper"), spoken)
