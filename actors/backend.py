"""What a model backend is: the one contract between the pool and everything that looks inside a video."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from actors.fusion.request import FusionRequest
    from actors.models.asset import ModelAsset
    from actors.results import Media


class StageStatus(StrEnum):
    """How a stage ended for one video (DESIGN 3). Only `DONE` and the `no_*` results are kept in the ledger."""

    DONE = "done"
    NO_AUDIO = "no_audio"
    NO_SPEECH = "no_speech"
    NO_VIDEO = "no_video"
    DISABLED = "disabled"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    TIMED_OUT = "timed_out"

    @property
    def durable(self) -> bool:
        """Whether the result may be stored and used again."""
        return self in {StageStatus.DONE, StageStatus.NO_AUDIO, StageStatus.NO_SPEECH, StageStatus.NO_VIDEO}

    @property
    def makes_partial(self) -> bool:
        """Whether a stage that ends so leaves the document `partial`."""
        return self in {StageStatus.UNAVAILABLE, StageStatus.FAILED, StageStatus.TIMED_OUT}


class Failure(StrEnum):
    """Why a stage failed, which decides what happens to the video (DESIGN 6)."""

    BAD_INPUT = "bad_input"
    SOURCE_CHANGED = "source_changed"
    TRANSIENT = "transient"
    OUT_OF_MEMORY = "out_of_memory"
    ENVIRONMENT = "environment"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Resources:
    """What one actor holding the backend takes: logical CPU shares and memory, in MiB.

    most_mib: how much its process may have beyond what loading took, where what it reads is a stranger's; 0: no limit.
    """

    num_cpus: float
    ram_mib: int
    vram_mib: int = 0
    most_mib: int = 0


@dataclass(frozen=True, slots=True)
class SourceRef:
    """The file of one generation: an absolute path in the file system's own bytes and the fstat it must show.

    head_tail: the content's fingerprint (`actors.fingerprint`), by which a touched file is known again; empty where
    it is not known.
    """

    path: bytes
    device: int
    inode: int
    size: int
    mtime_ns: int
    head_tail: str = ""


@dataclass(frozen=True, slots=True)
class StageItem:
    """Everything a backend may look at for one video.

    audio: float32 mono at 16 kHz, shape (samples,), sample 0 at presentation time 0 s; None without a sound track.
    frames: RGB uint8, shape (frame, height, width, 3), contiguous, display-oriented; times in `media.frame_times_s`.
    keyframes: JPEG bytes, one per shot, in the order of `media.shots`, at the full displayed size.
    results: the outcomes of the stages named in `needs`. Arrays arrive read-only.
    wants: for decoding, which of audio, frames, keyframes some stage of this run needs.
    """

    video_id: str
    media: Media | None = None
    audio: NDArray[np.float32] | None = None
    frames: NDArray[np.uint8] | None = None
    keyframes: tuple[bytes, ...] | None = None
    results: Mapping[str, Outcome] = field(default_factory=dict)
    source: SourceRef | None = None
    wants: frozenset[str] = frozenset()
    fusion: FusionRequest | None = None


@dataclass(frozen=True, slots=True)
class Payloads:
    """The large values one decode returns beside its durable result; None where not wanted or not there."""

    audio: NDArray[np.float32] | None = None
    frames: NDArray[np.uint8] | None = None
    keyframes: tuple[bytes, ...] | None = None

    @property
    def size_bytes(self) -> int:
        """How much of the object store these hold."""
        return sum(a.nbytes for a in (self.audio, self.frames) if a is not None) + self.keyframes_bytes

    @property
    def keyframes_bytes(self) -> int:
        """How much of it the keyframes hold."""
        return sum(len(jpeg) for jpeg in self.keyframes or ())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one stage has to say about one video: a result, or the reason why there is none.

    data is the stage's model of `actors.results` when status is `done`, else None. `backend`, `model`, `device`
    and `seconds` are filled in by the host; `detail` carries a bug's traceback to the log.
    """

    status: StageStatus
    data: BaseModel | None = None
    reason: str | None = None
    failure: Failure | None = None
    detail: str | None = None
    backend: str = ""
    model: str = ""
    device: str = "cpu"
    seconds: float = 0.0
    payloads: Payloads | None = None


class BackendOptions(BaseModel):
    """A backend's settings, from `[stages.<stage>.options]`; unknown names are refused.

    `neutral` names the options that do not alter the output and so stay out of the result's key; a backend's own
    options add theirs to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
    # `redact` and `phone_regions` alter the results of some stages only, whose keys name them (`actors.registry`).
    neutral: ClassVar[frozenset[str]] = frozenset({"threads", "device", "models_dir", "redact", "phone_regions"})

    elsewhere: ClassVar[frozenset[str]] = frozenset({"redact", "phone_regions"})
    """Options that have a section of the settings of their own."""

    threads: int = 1
    device: Literal["cpu", "cuda"] = "cpu"
    """Where a model that can run on a card runs: `cpu` or `cuda`."""
    models_dir: str = ""
    """The folder of the pulled models, see `actors.models.store`."""
    redact: tuple[str, ...] = ()
    phone_regions: tuple[str, ...] = ()
    """What is taken out of texts, see `actors.redaction.redactor`; the host of the backend does that."""


OptionsT = TypeVar("OptionsT", bound=BackendOptions)


class Backend(ABC, Generic[OptionsT]):
    """One model (or one measure) for one stage.

    Constructed cheaply, loaded once in the actor's process, then run for as long as the actor lives; never called
    by two threads at a time. Heavy libraries are imported in `load`, never at module top. Models know no service.
    """

    name: ClassVar[str]
    """`<stage>.<backend>`, as in the entry point."""
    revision: ClassVar[int]
    """Raised by hand whenever the same input may give another output; part of the result's key."""
    needs: ClassVar[tuple[str, ...]]
    """Of `audio`, `frames`, `keyframes`, or stage names whose outcomes it reads."""
    requires: ClassVar[frozenset[str]] = frozenset()
    """The stages of `needs` without which it has nothing to say; where one is switched off, so is every use of it."""
    actor: ClassVar[str]
    """The actor that holds it; backends without a model say `shared`."""
    resources: ClassVar[Resources]
    licence: ClassVar[str | None] = None
    """SPDX identifier of a model that comes with a package; what is pulled carries its own (`assets`)."""
    options_type: ClassVar[type[BackendOptions]] = BackendOptions
    batch_size: ClassVar[int] = 1
    """How many videos one `run` may be given at most."""

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @property
    def device(self) -> str:
        """Where it runs, for provenance: `cpu`, unless the backend says otherwise."""
        return "cpu"

    @classmethod
    def available(cls) -> str | None:
        """Return None when the backend can run here, else what is missing and the command that would mend it."""
        return None

    @classmethod
    def lacking(cls, options: OptionsT) -> str | None:  # noqa: ARG003 - for those whose options name files
        """Return what these options ask for that is not here, with what would mend it, or None; cheap."""
        return None

    @classmethod
    def assets(cls, options: OptionsT) -> tuple[ModelAsset, ...]:  # noqa: ARG003 - for those that have some
        """Return what has to be pulled before the backend can load with these options; cheap."""
        return ()

    @classmethod
    def pullable(cls) -> Mapping[str, ModelAsset]:
        """Return the models it knows, under every name that people use for them, whatever the options say; cheap."""
        return {asset.name: asset for asset in cls.assets(cls.options_type())}  # type: ignore[arg-type]

    @classmethod
    def resources_for(cls, options: OptionsT) -> Resources:  # noqa: ARG003 - for those whose models differ in size
        """Return what an actor with these options takes."""
        return cls.resources

    @classmethod
    @abstractmethod
    def model_revision(cls, options: OptionsT) -> str:
        """Name the model with its version, for provenance and the result's key; cheap, imports nothing heavy."""

    @abstractmethod
    def load(self) -> None:
        """Make the model ready; raises `BackendUnavailable` when it cannot be."""

    @abstractmethod
    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """Return one outcome per item, in order; raises only the errors of `actors.errors`, or bugs."""

    def close(self) -> None:
        """Let go of the model; called once, when the actor stops in order."""
        return
