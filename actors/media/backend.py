"""The decode stage: from a claimed file to its identity, its facts, and the values the models look at."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, files, version
from typing import TYPE_CHECKING, ClassVar

from actors.backend import Backend, Outcome, Resources, SourceRef, StageItem, StageStatus
from actors.errors import BackendUnavailable, BadInput
from actors.media.options import DecodeOptions
from actors.media.source import PinnedFiles, open_source, reading, sha256_of, verify
from actors.results import Identity

if TYPE_CHECKING:
    from actors.media.decoder import Decoded

    Decode = Callable[..., Decoded]

_LIBRARIES = ("libavformat", "libavcodec", "libswscale")


class PyAvDecode(Backend[DecodeOptions]):
    """Decodes with PyAV (FFmpeg's libraries), once per video.

    `identify` hashes and leaves the descriptor open; the `run` that follows decodes that very descriptor, so what is
    described is what was hashed. Failures are raised as errors of `actors.errors`; their reasons are listed at
    `open_source`, `open_container` and `decode`.
    """

    name: ClassVar[str] = "decode.pyav"
    revision: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ()
    actor: ClassVar[str] = "media"
    resources: ClassVar[Resources] = Resources(num_cpus=0.3, ram_mib=600)
    options_type: ClassVar[type[DecodeOptions]] = DecodeOptions

    def __init__(self, options: DecodeOptions) -> None:
        super().__init__(options)
        self._pinned = PinnedFiles()
        self._decode: Decode | None = None

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        for distribution in ("av", "scenedetect-headless", "opencv-python-headless"):
            try:
                version(distribution)
            except PackageNotFoundError:
                return f"{distribution} is not installed; install reelwatch with its constraints.txt"
        return None

    @classmethod
    def model_revision(cls, options: DecodeOptions) -> str:  # noqa: ARG003 - the signature is the contract's
        """Name PyAV, the FFmpeg libraries it carries, and PySceneDetect."""
        return _libraries()

    @classmethod
    def resources_for(cls, options: DecodeOptions) -> Resources:
        """See `Backend.resources_for`; the process gets the limit that the options set."""
        return replace(cls.resources, most_mib=options.memory_mib)

    def load(self) -> None:
        """See `Backend.load`."""
        try:
            import cv2  # noqa: PLC0415 - heavy libraries are loaded in the actor's process only

            from actors.media.decoder import decode  # noqa: PLC0415 - as above
        except ImportError as exc:
            raise BackendUnavailable("library_missing", f"decoding cannot be loaded: {exc}") from exc
        # OpenCV's own threads cost more than they save on thumbnails.
        cv2.setNumThreads(1)
        self._decode = decode

    def identify(self, items: Sequence[StageItem]) -> list[Outcome]:
        """Return an `Identity` per item and keep its descriptor for `run`; raises as `open_source` does."""
        return [self._identify(_source(item)) for item in items]

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """Return `Media` and `Payloads` per item; only what `item.wants` names is kept in the payloads."""
        return [self._run(_source(item), item) for item in items]

    def close(self) -> None:
        """Close the descriptors that no `run` has asked for."""
        self._pinned.close()

    def _identify(self, ref: SourceRef) -> Outcome:
        # Before it is hashed: a sparse file of petabytes takes its maker no time, and days to read.
        if ref.size > self.options.max_file_mib << 20:
            size, most = f"{ref.size >> 20} MiB", f"media.max_file_mib = {self.options.max_file_mib}"
            raise BadInput("file_too_large", f"the file has {size}, more than {most} allows")
        fd = open_source(ref)
        try:
            digest = sha256_of(fd, ref)
            verify(fd, ref, sha256=digest)
        except BaseException:
            os.close(fd)
            raise
        self._pinned.pin(ref, fd)
        return Outcome(StageStatus.DONE, data=Identity(sha256=digest))

    def _run(self, ref: SourceRef, item: StageItem) -> Outcome:
        if self._decode is None:
            raise BackendUnavailable("not_loaded", "decode.pyav was asked to run before it was loaded")
        pinned = self._pinned.take(ref)
        fd = open_source(ref) if pinned is None else pinned
        try:
            verify(fd, ref, sha256=item.video_id)
            with reading(ref):
                decoded = self._decode(fd, ref, options=self.options, wants=item.wants)
            verify(fd, ref, sha256=item.video_id)
        finally:
            os.close(fd)
        return Outcome(StageStatus.DONE, data=decoded.media, payloads=decoded.payloads)


def _source(item: StageItem) -> SourceRef:
    if item.source is None:
        raise ValueError(f"decoding {item.video_id} needs a source")
    return item.source


@cache
def _libraries() -> str:
    """Read the versions from the installed wheel: its libraries carry them in their file names."""
    found = [f"pyav {version('av')}", f"scenedetect {version('scenedetect-headless')}"]
    for path in sorted(str(p.name) for p in files("av") or ()):
        library, _, rest = path.partition("-")
        if library in _LIBRARIES and ".so." in rest:
            found.append(f"{library} {rest.split('.so.', maxsplit=1)[1]}")
    return " ".join(found)
