"""What every section of the settings is made of: its base, and the kinds of values with their bounds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainValidator


def _directory(value: object) -> Path:
    # Plain validation instead of pydantic's: it refuses lone surrogates, which is how Python spells the bytes of a
    # folder whose name is not UTF-8.
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise ValueError("expected a folder's path")
    return Path(value)


Directory = Annotated[Path, PlainValidator(_directory, json_schema_input_type=str)]
Whole = Annotated[int, Field(strict=True, ge=0)]
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
SecondsOrNone = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
QuietSeconds = Annotated[float, Field(strict=True, gt=0, le=3600, allow_inf_nan=False)]


class Section(BaseModel):
    """Base of all sections: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
