"""On-screen text by PP-OCRv6 through rapidocr, without torch or Paddle."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar

from actors.backend import BackendOptions, Resources
from actors.errors import BackendUnavailable
from actors.ocr.engine import TextReader
from actors.ocr.rapid_reader import RapidReader, model_paths
from actors.ocr.screen_text import ScreenText, ScreenTextOptions


class RapidOcrOptions(ScreenTextOptions):
    """Settings of `ocr.rapidocr`; the defaults of the sides were measured with it."""


class RapidOcr(ScreenText[RapidOcrOptions]):
    """Reads Latin letters (æ, ø, å included), digits, Chinese and Japanese, printed or overlaid; one set of models."""

    name: ClassVar[str] = "ocr.rapidocr"
    revision: ClassVar[int] = 1
    resources: ClassVar[Resources] = Resources(num_cpus=0.25, ram_mib=450)
    licence: ClassVar[str | None] = "Apache-2.0"
    options_type: ClassVar[type[BackendOptions]] = RapidOcrOptions

    @classmethod
    def available(cls) -> str | None:
        """Return None when rapidocr and its model files are here, else what is missing and the remedy."""
        try:
            model_paths()
        except BackendUnavailable as exc:
            return exc.message
        return None

    @classmethod
    def model_revision(cls, options: RapidOcrOptions) -> str:  # noqa: ARG003 - one set of models whatever the options
        """Name the models with the package that carries them."""
        try:
            return f"PP-OCRv6 small (rapidocr {version('rapidocr')})"
        except PackageNotFoundError:
            return "PP-OCRv6 small (rapidocr not installed)"

    def open_reader(self) -> TextReader:
        """Load detector and recogniser from the installed package."""
        return RapidReader(threads=self.options.threads)
