"""The frame around every model of transformers that looks at keyframes: one of several videos' keyframes in a batch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.errors import BackendUnavailable, BadInput
from actors.models.asset import UNKNOWN_LICENCE, ModelAsset
from actors.models.cards import CARD_HOST_MIB
from actors.models.memory import in_batches, release_cuda
from actors.models.pretrained import Pretrained, folder_of, load_pretrained, missing_packages
from actors.models.store import is_folder, located, revision_of
from actors.models.weights import BYTES, count_of, shortcoming

RUNTIME_MIB = 700
"""Host memory of a process with torch and transformers before any weight: 540 measured, and room for pictures."""
_MIB = 2**20

FoundT = TypeVar("FoundT")


class KeyframeModelOptions(BackendOptions):
    """Settings of every model that looks at keyframes."""

    neutral: ClassVar[frozenset[str]] = BackendOptions.neutral | {"batch_size"}

    model: str = Field(min_length=1)
    """A name on the hub, or a folder that holds the same files."""
    batch_size: int = Field(default=8, ge=1, le=256)
    """Keyframes in one forward pass, of one video or several."""


OptionsT = TypeVar("OptionsT", bound=KeyframeModelOptions)


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model of known size: its files, its number of weights, and what it takes on the host (float32) or on a card.

    host_mib, vram_mib: the weights and the work of a batch of the default size, with the default options.
    """

    asset: ModelAsset
    weights: int
    host_mib: int
    vram_mib: int

    def takes_mib(self, *, on_card: bool, weight_bytes: int, weights: int, work: float) -> int:
        """Return what a model of this architecture with so many weights of so many bytes takes, in MiB.

        work: the share of the default options' work. It grows with a model that is larger than this one, and does not
        shrink with a smaller one, whose pictures are as large.
        """
        known_mib = self.vram_mib if on_card else self.host_mib
        work_mib = (known_mib - self.weights * weight_bytes / _MIB) * max(1.0, weights / self.weights)
        return round(weights * weight_bytes / _MIB + work_mib * work)


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A keyframe on its way into a batch: JPEG bytes and its number in its video."""

    jpeg: bytes
    index: int

    def picture(self) -> NDArray[np.uint8]:
        """Return it as RGB uint8 (height, width, 3); raises `BadInput` when it is no picture."""
        import cv2  # noqa: PLC0415 - heavy

        decoded = cv2.imdecode(np.frombuffer(self.jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            message = f"keyframe {self.index + 1} ({len(self.jpeg)} bytes) is no picture"
            raise BadInput("keyframe_unreadable", message)
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)


class KeyframeModel(Backend[OptionsT], Generic[OptionsT, FoundT]):
    """A backend whose model sees keyframes one by one, several in a batch; subclasses say what it finds in them."""

    needs: ClassVar[tuple[str, ...]] = ("keyframes",)
    batch_size: ClassVar[int] = 4
    kind: ClassVar[str]
    """The class of transformers that loads it."""
    types: ClassVar[frozenset[str]] = frozenset()
    """The `model_type`s that the subclass can read; empty: any."""
    known: ClassVar[Mapping[str, KnownModel]]
    """By name on the hub; any other model is taken for the one of these that is nearest to it in size."""
    card_dtype: ClassVar[str] = "float32"
    """The dtype of the weights on a card; on the host they are float32."""
    num_cpus: ClassVar[float] = 0.25

    _pretrained: Pretrained | None = None

    @property
    def device(self) -> str:
        """Where it runs."""
        return self.options.device

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        return missing_packages()

    @classmethod
    def lacking(cls, options: OptionsT) -> str | None:
        """See `Backend.lacking`; what is on the hub and not here yet is said by `assets`."""
        folder = located(options.model, options.models_dir)
        return shortcoming(folder, types=cls.types) if folder is not None else None

    @classmethod
    def assets(cls, options: OptionsT) -> tuple[ModelAsset, ...]:
        """See `Backend.assets`; a model that is not in the list has a licence that its page tells."""
        if is_folder(options.model):
            return ()
        known = cls.known.get(options.model)
        return (known.asset if known else ModelAsset(options.model, UNKNOWN_LICENCE, commercial=None),)

    @classmethod
    def pullable(cls) -> Mapping[str, ModelAsset]:
        """See `Backend.pullable`."""
        return {name: known.asset for name, known in cls.known.items()}

    @classmethod
    def resources_for(cls, options: OptionsT) -> Resources:
        """See `Backend.resources_for`; a model that is not in the list takes what one of its architecture does."""
        known = cls.known.get(options.model)
        weights = known.weights if known else cls._weights(options)
        nearest = known or min(cls.known.values(), key=lambda model: abs(model.weights - weights))
        on_card = options.device == "cuda"
        takes_mib = nearest.takes_mib(
            on_card=on_card,
            weight_bytes=BYTES[cls.card_dtype if on_card else "float32"],
            weights=weights,
            work=cls._work(options),
        )
        if on_card:
            return Resources(num_cpus=cls.num_cpus, ram_mib=CARD_HOST_MIB, vram_mib=takes_mib)
        return Resources(num_cpus=cls.num_cpus, ram_mib=RUNTIME_MIB + takes_mib)

    @classmethod
    def model_revision(cls, options: OptionsT) -> str:
        """See `Backend.model_revision`."""
        return revision_of(options.model, options.models_dir)

    def load(self) -> None:
        """Load the model from its folder; raises `BackendUnavailable` where that cannot be."""
        options = self.options
        self._pretrained = load_pretrained(
            self.kind,
            folder_of(options.model, options.models_dir),
            types=self.types,
            precision=self._precision,
            device=options.device,
            threads=options.threads,
        )

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """Return the stage's result per item, or `no_video`."""
        seen = [[Keyframe(jpeg, n) for n, jpeg in enumerate(item.keyframes or ())] for item in items]
        found = in_batches(
            [keyframe for keyframes in seen for keyframe in keyframes],
            lambda batch: self._look([keyframe.picture() for keyframe in batch]),
            size=self.options.batch_size,
            release=self._release,
        )
        outcomes, at = [], 0
        for item, keyframes in zip(items, seen, strict=True):
            outcomes.append(self._outcome(item, found[at : at + len(keyframes)]))
            at += len(keyframes)
        return outcomes

    def close(self) -> None:
        """Let go of the model and of the memory it held on the card."""
        if self._pretrained is not None:
            self._release()
        self._pretrained = None

    @abstractmethod
    def _look(self, pictures: Sequence[NDArray[np.uint8]]) -> Sequence[FoundT]:
        """Run one batch of pictures, RGB uint8 (height, width, 3) of any sizes; one finding each."""

    @abstractmethod
    def _result(self, item: StageItem, found: Sequence[FoundT]) -> Any:
        """Return the stage's result for one video with picture from the findings on its keyframes."""

    @classmethod
    def _work(cls, options: OptionsT) -> float:  # noqa: ARG003 - for those whose options matter
        """Return how much more memory than by default a batch takes beside the weights."""
        return 1.0

    @classmethod
    def _weights(cls, options: OptionsT) -> int:
        """Return how many weights a model outside the list has; one that is not here counts as the largest of them."""
        folder = located(options.model, options.models_dir)
        return count_of(folder) if folder is not None else max(model.weights for model in cls.known.values())

    def _precision(self, config: Any) -> str:  # noqa: ARG002 - for those to whom it matters
        """Name the dtype the weights are loaded in, by the model's configuration."""
        return self.card_dtype if self.options.device == "cuda" else "float32"

    def _outcome(self, item: StageItem, found: Sequence[FoundT]) -> Outcome:
        if item.media is None or not item.media.has_video:
            return Outcome(StageStatus.NO_VIDEO, reason="the file has no picture")
        return Outcome(StageStatus.DONE, data=self._result(item, found))

    def _loaded(self) -> Pretrained:
        if self._pretrained is None:
            raise BackendUnavailable("not_loaded", f"{self.name} was run before it was loaded")
        return self._pretrained

    def _release(self) -> None:
        loaded = self._loaded()
        if loaded.device == "cuda":
            release_cuda(loaded.torch)
