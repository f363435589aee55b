"""PP-OCRv6 through rapidocr's own parts: a detector and a recogniser on ONNX Runtime, from files already here."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.errors import BackendUnavailable
from actors.ocr.engine import Quad, Reading

DETECTOR = "PP-OCRv6_det_small.onnx"
RECOGNISER = "PP-OCRv6_rec_small.onnx"
REMEDY = "pip install -c constraints.txt rapidocr==3.10.0"

MIN_LINE_WIDTH_PX = 192
"""Width to which short lines are padded. PP-OCR pads to 320; 192 reads as well (249 lines compared) in 4/5 the time."""


def model_paths() -> tuple[Path, Path]:
    """Return the detector's and the recogniser's file inside the rapidocr package; imports nothing.

    Raises `BackendUnavailable` when the package or a file is missing. rapidocr itself would then download
    (its `OrtInferSession` calls `DownloadFile.run`), which this product never does unasked.
    """
    try:
        package = distribution("rapidocr")
    except PackageNotFoundError as exc:
        raise BackendUnavailable("rapidocr_missing", f"rapidocr is not installed: {REMEDY}") from exc
    paths = tuple(Path(str(package.locate_file(f"rapidocr/models/{name}"))) for name in (DETECTOR, RECOGNISER))
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise BackendUnavailable(
            "ocr_model_missing", f"rapidocr {package.version} lacks {', '.join(missing)}: {REMEDY} --force-reinstall"
        )
    return paths[0], paths[1]


class RapidReader:
    """A `TextReader` over rapidocr; confidence is the mean of a line's character posteriors."""

    def __init__(self, *, threads: int) -> None:
        """Load both models; `threads` compute one picture together.

        The sessions are made here and handed in, because rapidocr ignores a thread count above the host's, leaves
        spinning on (its idle pool doubles the CPU seconds at two threads: 0.33 s for 0.17 s a frame), and downloads.
        """
        from omegaconf import OmegaConf  # noqa: PLC0415 - rapidocr's own configuration type, heavy as it is
        from rapidocr.ch_ppocr_rec import TextRecognizer  # noqa: PLC0415 - heavy
        from rapidocr.utils.typings import EngineType, LangRec  # noqa: PLC0415 - heavy

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        detector, recogniser = model_paths()
        self._detector_session = _session(detector, threads=threads)
        self._detectors: dict[int, Any] = {}
        # One line a batch: a batch is padded to its widest line, which on a CPU costs more than batching saves.
        settings = {
            "engine_type": EngineType.ONNXRUNTIME,
            "session": _session(recogniser, threads=threads),
            "lang_type": LangRec.CH,
            "rec_batch_num": 1,
            "rec_img_shape": [3, 48, MIN_LINE_WIDTH_PX],
            "font_path": None,
        }
        self._recogniser = TextRecognizer(OmegaConf.create(settings, flags={"allow_objects": True}))

    @property
    def threads(self) -> int:
        """How many threads ONNX Runtime computes one picture with."""
        return int(self._detector_session.get_session_options().intra_op_num_threads)

    def detect(self, picture: NDArray[np.uint8], *, side: int) -> list[Quad]:
        """Return the regions that hold text, from top to bottom, seen with the longer side at most `side` pixels."""
        found = self._detector(side)(picture).boxes
        return [] if found is None else [np.asarray(quad, dtype=np.float32) for quad in found]

    def read(self, picture: NDArray[np.uint8], quads: Sequence[Quad]) -> list[Reading]:
        """Return one reading per region; an unreadable one has empty text and confidence 0."""
        from rapidocr.ch_ppocr_rec import TextRecInput  # noqa: PLC0415 - heavy, loaded by the constructor
        from rapidocr.utils.process_img import get_rotate_crop_image  # noqa: PLC0415 - as above

        if not quads:
            return []
        crops = [np.ascontiguousarray(get_rotate_crop_image(picture, quad.copy())) for quad in quads]
        output = self._recogniser(TextRecInput(img=crops))
        return [
            Reading(text=text.strip(), confidence=min(1.0, max(0.0, float(score))))
            for text, score in zip(output.txts, output.scores, strict=True)
        ]

    def _detector(self, side: int) -> Any:
        from omegaconf import OmegaConf  # noqa: PLC0415 - as above
        from rapidocr.ch_ppocr_det import TextDetector  # noqa: PLC0415 - heavy
        from rapidocr.utils.typings import EngineType  # noqa: PLC0415 - as above

        if side not in self._detectors:
            settings = {
                "engine_type": EngineType.ONNXRUNTIME,
                "session": self._detector_session,
                "limit_side_len": side,
                "limit_type": "max",
                "mean": [0.5, 0.5, 0.5],
                "std": [0.5, 0.5, 0.5],
                "unclip_ratio": 1.6,
            }
            self._detectors[side] = TextDetector(OmegaConf.create(settings, flags={"allow_objects": True}))
        return self._detectors[side]


def _session(path: Path, *, threads: int) -> Any:
    import onnxruntime  # noqa: PLC0415 - heavy

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])
