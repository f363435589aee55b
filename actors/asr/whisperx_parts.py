"""WhisperX's parts as an actor needs them: offline, quiet, with voice activity handed in and doubts handed out."""

from __future__ import annotations

import contextlib
import gc
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.asr.chunks import LONGEST_S
from actors.asr.pooled import pooled
from actors.asr.whisper import WhisperOptions
from actors.errors import BackendUnavailable, OutOfMemory
from actors.models.memory import is_out_of_memory, release_cuda
from actors.models.offline import go_offline

_UNUSED_ONSET = 0.5


@dataclass(frozen=True, slots=True)
class Told:
    """What a model says about one piece of sound; see `actors.asr.passages.Passage`."""

    text: str
    log_prob: float
    no_speech: float


@dataclass(frozen=True, slots=True)
class LoadedAligner:
    """What `whisperx.load_align_model` returns."""

    model: Any
    metadata: Mapping[str, Any]

    def knows(self, word: str) -> bool:
        """Whether its alphabet has a letter of the word. For others WhisperX takes whatever sounds at their place."""
        return any(letter.lower() in self.metadata["dictionary"] for letter in word)


class NoSpeechRecorder:
    """Stands before a `ctranslate2.models.Whisper` and keeps what WhisperX does not ask it for.

    whisperx 3.8.6 returns the log-probability of a chunk but not the probability of `<|nospeech|>`, which the same pass
    of the model gives for nothing.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.no_speech: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, *args: Any, **settings: Any) -> Any:
        """See `ctranslate2.models.Whisper.generate`."""
        results = self._model.generate(*args, return_no_speech_prob=True, **settings)
        self.no_speech.extend(result.no_speech_prob for result in results)
        return results


class LoadedWhisper:
    """A WhisperX pipeline with the two parts that stand in for its own."""

    def __init__(self, folder: Path, options: WhisperOptions) -> None:
        import whisperx  # noqa: PLC0415 - heavy

        self._places = _handed_in_vad()
        try:
            with quiet():
                self._pipeline: Any = whisperx.load_model(
                    str(folder),
                    options.device,
                    compute_type=options.computes_in,
                    # Its thresholds for doubts are ignored where it batches: `actors.asr.gates` has them instead.
                    asr_options={"beam_size": options.beam_size},
                    vad_model=self._places,
                    threads=options.threads,
                    local_files_only=True,
                )
        except (RuntimeError, ValueError, OSError, MemoryError) as exc:
            _refuse_out_of_memory(exc, folder)
            raise BackendUnavailable("model_not_loaded", f"{folder} cannot be loaded by WhisperX: {exc}") from exc
        self._recorder = NoSpeechRecorder(self._pipeline.model.model)
        self._pipeline.model.model = self._recorder

    def tell(self, pieces: Sequence[NDArray[np.float32]], *, language: str) -> list[Told]:
        """Transcribe pieces of at most 30 s, of one or several recordings in one language, in one pass."""
        pool = pooled(pieces)
        self._places.places = pool.places
        self._recorder.no_speech.clear()
        found = self._pipeline.transcribe(
            pool.audio, batch_size=len(pieces), language=language, task="transcribe", chunk_size=LONGEST_S
        )
        return [
            Told(segment["text"], float(segment["avg_logprob"]), no_speech)
            for segment, no_speech in zip(found["segments"], self._recorder.no_speech, strict=True)
        ]


def load_libraries(*, threads: int) -> Any:
    """Import what WhisperX needs, without a line on stdout and without the network; return torch."""
    go_offline()
    # A handler of ours in its place: WhisperX otherwise writes its log to stdout and cuts it off from the root logger.
    logging.getLogger("whisperx").addHandler(logging.NullHandler())
    try:
        import torch  # noqa: PLC0415 - heavy
        import whisperx.alignment  # noqa: PLC0415 - heavy
        import whisperx.asr  # noqa: F401, PLC0415 - heavy
    except ImportError as exc:
        raise BackendUnavailable("missing_library", f"WhisperX cannot be imported: {exc}") from exc
    torch.set_num_threads(threads)
    return torch


def load_aligner(language: str, folder: Path, *, device: str) -> LoadedAligner:
    """Load the aligner of a language from its folder; raises `BackendUnavailable` where that cannot be done."""
    import whisperx  # noqa: PLC0415 - heavy

    try:
        with quiet():
            model, metadata = whisperx.load_align_model(language, device, model_name=str(folder), model_cache_only=True)
    except (RuntimeError, ValueError, OSError, MemoryError) as exc:
        _refuse_out_of_memory(exc, folder)
        raise BackendUnavailable("aligner_not_loaded", f"{folder} cannot be loaded as an aligner: {exc}") from exc
    return LoadedAligner(model.eval(), metadata)


def _refuse_out_of_memory(exc: BaseException, folder: Path) -> None:
    """Raise `OutOfMemory` where memory ran out: nothing is wrong with the model, and another try may find room."""
    if is_out_of_memory(exc):
        raise OutOfMemory("gpu_out_of_memory", f"there is no room to load {folder}: {exc}") from exc


def use_sentence_tables(folder: Path) -> None:
    """Let nltk find `tokenizers/punkt_tab` in a folder, before anywhere else."""
    import nltk  # noqa: PLC0415 - heavy

    if str(folder) not in nltk.data.path:
        nltk.data.path.insert(0, str(folder))


def release(torch: Any) -> None:
    """Give the memory of models that were let go back to the card."""
    gc.collect()
    release_cuda(torch)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep WhisperX's prints off stdout, which belongs to the documents and the log."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _handed_in_vad() -> Any:
    """Return a voice-activity detector for WhisperX that answers with the places it was given.

    Its own would load a model of pyannote's, or ask torch.hub; the `vad` stage has listened already.
    """
    from whisperx.vads import Vad  # noqa: PLC0415 - heavy

    class HandedIn(Vad):  # type: ignore[misc] # it has no types
        def __init__(self) -> None:
            super().__init__(_UNUSED_ONSET)
            self.places: list[dict[str, float]] = []

        def __call__(self, _audio: Mapping[str, Any]) -> list[dict[str, float]]:
            return self.places

        @staticmethod
        def preprocess_audio(audio: NDArray[np.float32]) -> NDArray[np.float32]:
            return audio

        @staticmethod
        def merge_chunks(segments: list[dict[str, float]], *_: float, **__: float) -> list[dict[str, float]]:
            return segments

    return HandedIn()
