"""CLIP through its real library, with a small checkpoint of chance."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="the extra `models` is not installed")

from items import audio_only, video
from vision import pictures

from actors.backend import StageItem, StageStatus
from actors.frames.clip import PROMPTS, ClipFrames, ClipOptions

Checkpoint = Callable[[str], Path]


def loaded(folder: Path, **options: Any) -> ClipFrames:
    backend = ClipFrames(ClipOptions(model=str(folder), **options))
    backend.load()
    return backend


def vector(encoded: str | None) -> np.ndarray:
    return np.frombuffer(base64.b64decode(encoded or ""), dtype="<f2").astype(np.float32)


def test_vectors_have_unit_length_and_are_the_models(vision_checkpoint: Checkpoint) -> None:
    from actors.models.keyframe_model import Keyframe

    backend = loaded(vision_checkpoint("clip"), duplicate=1.0)
    item = video(*pictures())
    outcomes = backend.run([item, audio_only()])
    assert [outcome.status for outcome in outcomes] == [StageStatus.DONE, StageStatus.NO_VIDEO]
    vectors = [vector(verdict.embedding) for verdict in outcomes[0].data.keyframes]
    assert [len(found) for found in vectors] == [16] * 4
    assert [float(np.linalg.norm(found)) for found in vectors] == pytest.approx([1.0] * 4, abs=2e-3)
    model, processor = backend._pretrained.model, backend._pretrained.processor
    inputs = processor(images=[Keyframe(item.keyframes[1], 1).picture()], return_tensors="pt")
    expected = model.get_image_features(**inputs)[0].detach().numpy()
    assert vectors[1] == pytest.approx(expected / np.linalg.norm(expected), abs=2e-3)


def test_representatives_are_undropped_in_time_with_their_cosine(vision_checkpoint: Checkpoint) -> None:
    backend = loaded(vision_checkpoint("clip"), duplicate=0.99999, diversity=1.0, representatives=3)
    black = np.zeros((160, 90, 3), np.uint8)
    (outcome,) = backend.run([video(black, *pictures())])
    found = outcome.data
    assert found.keyframes[0].dropped == "black"
    shots = [frame.shot for frame in found.representative]
    assert len(shots) == 3
    assert shots == sorted(shots)
    assert 0 not in shots
    for frame in found.representative:
        assert frame.prompt in PROMPTS
        cosine = backend._prompts[PROMPTS.index(frame.prompt)] @ vector(found.keyframes[frame.shot].embedding)
        assert frame.similarity == pytest.approx(float(cosine), abs=2e-3)


def test_a_keyframe_that_comes_again_is_a_duplicate(vision_checkpoint: Checkpoint) -> None:
    first, *_ = pictures()
    (outcome,) = loaded(vision_checkpoint("clip"), duplicate=0.9999).run([video(first, pictures()[2], first)])
    assert [(v.dropped, v.duplicate_of) for v in outcome.data.keyframes][2] == ("duplicate", 0)


def test_a_video_without_shots(vision_checkpoint: Checkpoint) -> None:
    (outcome,) = loaded(vision_checkpoint("clip")).run([video()])
    assert (outcome.data.keyframes, outcome.data.representative) == ((), ())


def test_more_shots_than_keyframes_are_a_bug(vision_checkpoint: Checkpoint) -> None:
    item = video(*pictures())
    with pytest.raises(ValueError, match="1 keyframes for 4 shots"):
        loaded(vision_checkpoint("clip")).run(
            [StageItem(item.video_id, media=item.media, keyframes=item.keyframes[:1])]
        )
