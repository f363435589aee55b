"""The files that ship: complete, explained, and in step with the schema and the backends."""

from __future__ import annotations

import re

import pytest
import tomli

from actors.registry import installed, resolve
from service.assets import asset
from service.configuration import STAGES, load
from service.configuration.layers import flatten
from service.configuration.refusals import KNOWN

DEFAULTS = asset("config/default.toml").read_text(encoding="utf-8")
COMPUTED = {("state", "dir"), ("models", "dir")}


def test_every_setting_has_its_default_in_the_file() -> None:
    written = {key for key, _ in flatten(tomli.loads(DEFAULTS))}
    options = {("stages", stage, "options") for stage in STAGES}
    assert written == set(KNOWN) - COMPUTED - options


def test_every_key_is_explained() -> None:
    """Each run of keys stands under a comment, or in a section whose head explains them all (the stages)."""
    for block in re.split(r"\n\n", DEFAULTS.split("# One section per stage.")[0]):
        keys = [line for line in block.splitlines() if re.match(r"#? ?\w+ = ", line)]
        comments = [line for line in block.splitlines() if line.startswith("# ")]
        assert not keys or comments, block


@pytest.mark.parametrize("profile", ["embedded", "cpu", "gpu"])
def test_every_profile_can_be_planned_with_what_is_installed(profile: str) -> None:
    configuration = load({"profile": profile}, environ={}).configuration
    plan = resolve(configuration.stage_preferences(), configuration.stage_options())
    ran = {stage.name for stage in plan.stages if stage.runs}
    assert {"decode", "vad", "asr", "captions", "objects", "ocr", "audio", "fusion"} <= ran


def test_the_embedded_profile_names_only_backends_that_ship() -> None:
    configuration = load({"profile": "embedded"}, environ={}).configuration
    named = {name for names in configuration.stage_preferences().values() for name in names}
    assert named <= set(installed())


def test_media_is_what_the_decoder_takes() -> None:
    configuration = load({}, environ={}).configuration
    options = installed()["decode.pyav"]().options_type
    assert set(configuration.media.model_dump()) <= set(options.model_fields)
    options(**configuration.stage_options()["decode"])
