"""A video through real model libraries on a real pool: small checkpoints, the product's own commands and settings."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from beginnings import beginning
from processes import Home

from service.assets import demo_clip

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "checkpoints"))

STAGES = {
    "captions": ("captions.blip2", "blip2"),
    "objects": ("objects.grounding_dino", "grounding_dino"),
    "frames": ("frames.clip", "clip"),
}
WITH_A_CUT_S = 4.2
"""Of the sample: two shots. GroundingDINO takes ten seconds of one core for each."""


def settings(folders: Mapping[str, Path]) -> dict[str, str]:
    """Profile and models as a user sets them in the environment; what is not under test here is switched off."""
    given = {"REELWATCH_PROFILE": '"cpu"', "REELWATCH_POOL__DEVICE": '"cpu"'}
    given |= {f"REELWATCH_STAGES__{stage}__BACKENDS": "[]" for stage in ("VAD", "ASR", "OCR", "AUDIO")}
    for stage, (backend, _) in STAGES.items():
        given[f"REELWATCH_STAGES__{stage.upper()}__BACKENDS"] = json.dumps([backend])
        options = f"{{model = {json.dumps(str(folders[stage]))}}}"
        given[f"REELWATCH_STAGES__{stage.upper()}__OPTIONS"] = options
    return given


@pytest.mark.real_ray
@pytest.mark.timeout(600)
def test_a_video_goes_through_torch_models_in_actors_of_their_own(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra `models` is not installed")
    import vision

    folders = {stage: getattr(vision, name)(tmp_path / name) for stage, (_, name) in STAGES.items()}
    home = Home(tmp_path / "home", settings(folders))
    clip = beginning(demo_clip(), tmp_path / "clip.mp4", seconds=WITH_A_CUT_S)
    done = home.run("process", clip, within_s=500)
    assert done.returncode == 0, done.stderr
    document = json.loads(Path(os.fsdecode(done.stdout.strip())).read_text())
    stages = document["processing"]["stages"]
    assert document["status"] == "complete", stages
    for stage, (backend, name) in STAGES.items():
        assert (stages[stage]["backend"], stages[stage]["status"]) == (backend, "done")
        assert stages[stage]["model"].startswith(f"{name}@")
    assert len(document["shots"]) > 1
    assert 2 <= len(document["representative_frames"]) <= 5


def test_a_pulled_model_is_used_and_one_that_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    home = Home(tmp_path, {"REELWATCH_PROFILE": '"cpu"', "REELWATCH_STAGES__CAPTIONS__BACKENDS": '["captions.blip"]'})
    doctor = home.run("doctor")
    assert doctor.returncode == 1
    assert "reelwatch models pull Salesforce/blip-image-captioning-base" in doctor.stdout.decode()
