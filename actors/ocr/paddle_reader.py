"""PP-OCR through PaddleOCR's own parts on ONNX Runtime, from folders already here; Paddle itself is never imported."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.errors import BackendUnavailable
from actors.ocr.engine import Quad, Reading
from actors.ocr.rapid_reader import MIN_LINE_WIDTH_PX, model_paths

WEIGHTS, SETTINGS = "inference.onnx", "inference.yml"
IN_WHEEL = "PP-OCRv6_small"
"""The weights that the rapidocr package carries."""
_MODEL_NAME = re.compile(r"^\s+model_name:\s*[\"']?([\w.-]+)", re.MULTILINE)
_HEAD_CHARACTERS = 4096
"""Part of a settings file that is searched for the model's name; a recogniser's holds 18,708 characters behind it."""


@dataclass(frozen=True, slots=True)
class ModelFolders:
    """Where the detector and the recogniser lie: each folder holds `inference.onnx` and `inference.yml`."""

    detector: Path
    recogniser: Path

    @property
    def missing(self) -> list[str]:
        """The files that are not there."""
        wanted = (folder / name for folder in (self.detector, self.recogniser) for name in (WEIGHTS, SETTINGS))
        return [str(path) for path in wanted if not path.is_file()]


class PaddleReader:
    """A `TextReader` over `paddleocr.TextDetection` and `TextRecognition`, the parts that `PaddleOCR` is made of.

    The whole pipeline reads every line it finds, and a follower asks for a few of them only. Confidence is the mean
    of a line's character posteriors.
    """

    def __init__(self, folders: ModelFolders, *, threads: int, on_card: bool = False) -> None:
        """Load both models; everything is in memory afterwards. Raises `BackendUnavailable`."""
        from paddleocr import TextDetection, TextRecognition  # noqa: PLC0415 - heavy
        from paddlex.inference.pipelines.components import CropByPolys, SortQuadBoxes  # noqa: PLC0415 - heavy

        logging.getLogger("paddlex").setLevel(logging.ERROR)
        common = {"engine": "onnxruntime", "device": "gpu:0" if on_card else "cpu", "engine_config": _engine(threads)}
        unusable: tuple[type[Exception], ...] = (RuntimeError, ValueError, OSError, *_runtime_errors())
        try:
            self._detector = TextDetection(**_named(folders.detector), **common)
            self._recogniser = TextRecognition(**_named(folders.recogniser), **common)
        except unusable as exc:
            raise BackendUnavailable("ocr_model_not_loaded", f"PaddleOCR cannot load its models: {exc}") from exc
        self._sorted = SortQuadBoxes()
        self._cropped = CropByPolys(det_box_type="quad")

    def detect(self, picture: NDArray[np.uint8], *, side: int) -> list[Quad]:
        """See `TextReader.detect`."""
        (found,) = self._detector.predict(picture, batch_size=1, limit_side_len=side, limit_type="max")
        if len(found["dt_polys"]) == 0:
            return []
        return [np.asarray(quad, dtype=np.float32) for quad in self._sorted(found["dt_polys"])]

    def read(self, picture: NDArray[np.uint8], quads: Sequence[Quad]) -> list[Reading]:
        """See `TextReader.read`; one line at a time, for a batch is padded to its widest line."""
        if not quads:
            return []
        crops = [np.ascontiguousarray(crop) for crop in self._cropped(picture, list(quads))]
        return [
            Reading(text=line["rec_text"].strip(), confidence=min(1.0, max(0.0, float(line["rec_score"]))))
            for line in self._recogniser.predict(crops, batch_size=1)
        ]


@contextmanager
def folders_from_wheel() -> Iterator[ModelFolders]:
    """Yield folders as PaddleOCR wants them around the weights in the rapidocr package, for as long as loading takes.

    The weights are linked, and the settings written: those of PP-OCRv6's published configuration
    (PaddleOCR `configs/det/PP-OCRv6/PP-OCRv6_small_det.yml`), with lines padded to `MIN_LINE_WIDTH_PX`.
    Raises `BackendUnavailable` when the package or its files are missing.
    """
    detector, recogniser = model_paths()
    with tempfile.TemporaryDirectory(prefix="reelwatch-ocr-") as folder:
        folders = ModelFolders(Path(folder) / "det", Path(folder) / "rec")
        _fill(folders.detector, detector, _detector_settings())
        _fill(folders.recogniser, recogniser, _recogniser_settings(characters_of(recogniser)))
        yield folders


def characters_of(recogniser: Path) -> list[str]:
    """Return the characters a rapidocr recogniser knows, from the file's own metadata."""
    import onnxruntime  # noqa: PLC0415 - heavy

    session = onnxruntime.InferenceSession(str(recogniser), providers=["CPUExecutionProvider"])
    return list(session.get_modelmeta().custom_metadata_map["character"].splitlines())


def model_name(folder: Path) -> str:
    """Return the name in a model folder's settings, which PaddleOCR compares with the one it is given.

    Raises `BackendUnavailable` when there is none.
    """
    found = _MODEL_NAME.search((folder / SETTINGS).read_text(encoding="utf-8")[:_HEAD_CHARACTERS])
    if found is None:
        raise BackendUnavailable("ocr_model_unnamed", f"{folder / SETTINGS} has no Global.model_name")
    return found[1]


def _runtime_errors() -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises for files it cannot use; its exceptions have no common base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # noqa: PLC0415 - heavy

    return state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NoSuchFile


def _named(folder: Path) -> dict[str, str]:
    return {"model_name": model_name(folder), "model_dir": str(folder)}


def _engine(threads: int) -> dict[str, Any]:
    return {
        "intra_op_num_threads": threads,
        "inter_op_num_threads": 1,
        "enable_cpu_mem_arena": False,
        "log_severity_level": 4,
    }


def _fill(folder: Path, weights: Path, settings: Mapping[str, Any]) -> None:
    import yaml  # noqa: PLC0415 - only needed here

    folder.mkdir()
    (folder / WEIGHTS).symlink_to(weights)
    with (folder / SETTINGS).open("w", encoding="utf-8") as file:
        yaml.safe_dump(settings, file, allow_unicode=True, sort_keys=False)


def _detector_settings() -> dict[str, Any]:
    normalise = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "scale": "1./255.", "order": "hwc"}
    steps = [
        {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
        {"DetResizeForTest": None},
        {"NormalizeImage": normalise},
        {"ToCHWImage": None},
    ]
    found = {"name": "DBPostProcess", "thresh": 0.3, "box_thresh": 0.6, "max_candidates": 1000, "unclip_ratio": 1.5}
    return {
        "Global": {"model_name": f"{IN_WHEEL}_det"},
        "PreProcess": {"transform_ops": steps},
        "PostProcess": found,
    }


def _recogniser_settings(characters: Sequence[str]) -> dict[str, Any]:
    steps = [
        {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
        {"RecResizeImg": {"image_shape": [3, 48, MIN_LINE_WIDTH_PX]}},
    ]
    return {
        "Global": {"model_name": f"{IN_WHEEL}_rec"},
        "PreProcess": {"transform_ops": steps},
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": list(characters)},
    }
