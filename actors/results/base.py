"""The base of all stage results, and the values they share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Box = tuple[float, float, float, float]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class Result(BaseModel):
    """Base of all stage results: frozen, closed, without NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
