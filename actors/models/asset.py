"""What a model's files are: where they come from, what they weigh, and what may be done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["hub", "ctranslate2", "nltk"]
UNKNOWN_LICENCE = "unknown"


@dataclass(frozen=True, slots=True)
class ModelAsset:
    """One thing to pull, by the name that configuration uses for it.

    name: the hub's `organisation/name`, also the folder it lies in.
    licence: an SPDX identifier where there is one, else the licence's own name.
    size_mib: what is downloaded, about; None where nobody has said.
    revision: the commit that is pulled; None: the newest at the first pull, which is pinned from then on.
    source: `hub` as it is; `ctranslate2`: converted after the download where the repository has no such form; `nltk`:
    a sentence splitter's tables, which are written and not downloaded.
    files: patterns of the files that are needed; empty: all.
    commercial: whether the weights may be used commercially, None where nobody has looked; unless True, a pull asks.
    gated: whether terms have to be accepted on the hub, which then wants a token.
    instead: the model to take for commercial use, where this one may not be.
    """

    name: str
    licence: str
    size_mib: int | None = None
    revision: str | None = None
    source: Source = "hub"
    files: tuple[str, ...] = ()
    commercial: bool | None = True
    gated: bool = False
    instead: str | None = None

    def __post_init__(self) -> None:
        if not self.name or self.name.startswith("/") or ".." in self.name.split("/"):
            raise ValueError(f"{self.name!r} is no name of a model")
