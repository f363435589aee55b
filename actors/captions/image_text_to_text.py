"""Captions by any model of transformers' image-text-to-text task, which configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.backend import BackendOptions
from actors.captions.captioner import Captioner, CaptionOptions
from actors.models.asset import ModelAsset
from actors.models.keyframe_model import KnownModel
from actors.models.pretrained import Pretrained

QWEN2_VL = "Qwen/Qwen2-VL-2B-Instruct"


class ImageTextToTextOptions(CaptionOptions):
    """Settings of `captions.image_text_to_text`."""

    model: str = QWEN2_VL
    prompt: str = "Describe this picture in one sentence."
    max_new_tokens: int = Field(default=64, ge=4, le=512)
    side: int = Field(default=768, ge=64, le=4096)
    """Longer side in pixels a keyframe is shrunk to: such models spend tokens by the pixel, 2,600 on a full one."""


class ImageTextToText(Captioner):
    """Captions in the prompt's language; models with a chat template are asked as in a chat."""

    name: ClassVar[str] = "captions.image_text_to_text"
    revision: ClassVar[int] = 1
    options_type: ClassVar[type[BackendOptions]] = ImageTextToTextOptions
    known: ClassVar[dict[str, KnownModel]] = {
        # Published in bfloat16. What it takes beside the weights is not measured.
        QWEN2_VL: KnownModel(
            ModelAsset(QWEN2_VL, "Apache-2.0", 4250, files=("*.json", "*.txt", "*.safetensors")),
            weights=2_209_000_000,
            host_mib=9500,
            vram_mib=6500,
        ),
    }
    # Recent models are all trained in it.
    card_dtype: ClassVar[str] = "bfloat16"

    def _inputs(self, loaded: Pretrained, pictures: Sequence[NDArray[np.uint8]]) -> Any:
        assert isinstance(self.options, ImageTextToTextOptions)  # noqa: S101 - for the type checker
        processor = loaded.processor
        if not loaded.model.config.is_encoder_decoder:
            # Pictures of several sizes make prompts of several lengths, and what is generated follows the last token.
            processor.tokenizer.padding_side = "left"
        shrunk = [[_shrunk(picture, side=self.options.side)] for picture in pictures]
        text = self._text(processor)
        return processor(images=shrunk, text=[text] * len(pictures), padding=True, return_tensors="pt")

    def _text(self, processor: Any) -> str:
        """Return the prompt as the model wants it: within its chat template where it has one."""
        if getattr(processor, "chat_template", None) is None:
            return self.options.prompt
        content = [{"type": "image"}, {"type": "text", "text": self.options.prompt}]
        chat = [{"role": "user", "content": content}]
        return str(processor.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))


def _shrunk(picture: NDArray[np.uint8], *, side: int) -> NDArray[np.uint8]:
    import cv2  # noqa: PLC0415 - heavy

    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
