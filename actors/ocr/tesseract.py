"""On-screen text by Tesseract, in this process: for those who want its languages, or no neural detector."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from actors.backend import BackendOptions, Resources
from actors.errors import BackendUnavailable
from actors.ocr.engine import TextReader
from actors.ocr.screen_text import ScreenText, ScreenTextOptions
from actors.ocr.tesseract_reader import TesseractReader

DEBIAN = Path("/usr/share/tesseract-ocr/5/tessdata")
"""Where Debian 12 and later, and Ubuntu 22.10 and later, put the languages."""
_REMEDY = "pip install -c constraints.txt 'reelwatch[models]'"


class TesseractOptions(ScreenTextOptions):
    """Settings of `ocr.tesseract`; it computes on one thread whatever `threads` says."""

    keyframe_side: int = Field(default=1280, ge=320, le=1920)
    """Tesseract reads at this size too: letters should be 20 pixels high."""
    frame_side: int = Field(default=640, ge=320, le=1280)
    languages: str = Field(default="eng+nor", pattern=r"^\w+(\+\w+)*$")
    """Tesseract's names of the languages, joined by `+`."""
    tessdata: str = ""
    """The folder of the `.traineddata` files; empty: $TESSDATA_PREFIX, else Debian's."""


class Tesseract(ScreenText[TesseractOptions]):
    """Reads plain cards and captions well and text over busy footage poorly, by what it was made for: pages."""

    name: ClassVar[str] = "ocr.tesseract"
    revision: ClassVar[int] = 1
    resources: ClassVar[Resources] = Resources(num_cpus=0.25, ram_mib=300)
    options_type: ClassVar[type[BackendOptions]] = TesseractOptions

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        return f"tesserocr is not installed ({_REMEDY})" if find_spec("tesserocr") is None else None

    @classmethod
    def lacking(cls, options: TesseractOptions) -> str | None:
        """See `Backend.lacking`."""
        folder = _tessdata(options)
        missing = [name for name in options.languages.split("+") if not (folder / f"{name}.traineddata").is_file()]
        if not missing:
            return None
        packages = " ".join(f"tesseract-ocr-{name.replace('_', '-')}" for name in missing)
        return f"no tesseract data for {', '.join(missing)} in {folder}: `apt install {packages}`, or set tessdata"

    @classmethod
    def model_revision(cls, options: TesseractOptions) -> str:
        """See `Backend.model_revision`; the size of each language's file tells Debian's small models from others."""
        folder = _tessdata(options)
        files = {name: folder / f"{name}.traineddata" for name in options.languages.split("+")}
        sizes = " ".join(f"{name}:{path.stat().st_size if path.is_file() else 0}" for name, path in files.items())
        return f"tesseract (tesserocr {_version()}) {sizes}"

    def open_reader(self) -> TextReader:
        """Load the languages."""
        reason = self.available() or self.lacking(self.options)
        if reason is not None:
            raise BackendUnavailable("tesseract_missing", reason)
        return TesseractReader(_tessdata(self.options), self.options.languages)


def _tessdata(options: TesseractOptions) -> Path:
    return Path(options.tessdata or os.environ.get("TESSDATA_PREFIX") or DEBIAN).expanduser()


def _version() -> str:
    try:
        return version("tesserocr")
    except PackageNotFoundError:
        return "missing"
